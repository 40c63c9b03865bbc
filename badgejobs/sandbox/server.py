"""The sandbox as a server on this machine: in the foreground, or in a thread of a program."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from badgejobs.errors import SettingsError, StateError
from badgejobs.sandbox.app import application
from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.settings import parse_installations, parse_options
from badgejobs.sandbox.world import World

DEFAULT_PORT: Final = 8099
#: How long a stop waits for answers that are still being made, in seconds.
_PATIENCE = 1.0
_BACKLOG = 128
#: Bytes of the first line and of one header; a cursor of 16,000 characters stands in a URL.
_LIMITS: Final[Mapping[str, Any]] = {"max_line_size": 65_536, "max_field_size": 65_536}


def serve(
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    port_file: Path | None = None,
    sites: Sequence[Mapping[str, Any]] = (),
    options: Mapping[str, Any] | None = None,
    fill: Callable[[World], None] | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; prints nothing.

    ``host`` must be a loopback address. Port 0 takes a free one; the port is written to
    ``port_file`` as soon as connections are taken. ``sites`` and ``options`` have the form of
    ``POST /_sandbox/reset``; a wrong one is a SettingsError, a port in use a StateError.
    ``fill`` is given the world before the first request, ``ready`` the base URL once
    connections are taken.
    """
    try:
        world = World(parse_installations(list(sites)), parse_options(dict(options or {})))
    except Refusal as refusal:
        raise SettingsError(f"the sandbox cannot be set up so: {refusal.body['message']}") from None
    if fill is not None:
        fill(world)
    with listening(host, port) as sock:
        if port_file is not None:
            _write_whole(port_file, f"{sock.getsockname()[1]}\n")
        if ready is not None:
            address = sock.getsockname()
            shown = f"[{address[0]}]" if ":" in address[0] else address[0]
            ready(f"http://{shown}:{address[1]}")
        web.run_app(
            application(world),
            sock=sock,
            print=None,
            access_log=None,
            shutdown_timeout=_PATIENCE,
            **_LIMITS,
        )


@contextmanager
def running(world: World) -> Iterator[str]:
    """Serve a world from a thread on a free port, and give its base URL."""
    with listening("127.0.0.1", 0) as sock:
        ready, loops = threading.Event(), list[asyncio.AbstractEventLoop]()
        stopped = asyncio.Event()

        async def main() -> None:
            runner = web.AppRunner(
                application(world), access_log=None, shutdown_timeout=_PATIENCE, **_LIMITS
            )
            await runner.setup()
            try:
                await web.SockSite(runner, sock).start()
                loops.append(asyncio.get_running_loop())
                ready.set()
                await stopped.wait()
            finally:
                ready.set()
                await runner.cleanup()

        thread = threading.Thread(target=lambda: asyncio.run(main()), name="sandbox", daemon=True)
        thread.start()
        ready.wait()
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            loops[0].call_soon_threadsafe(stopped.set)
            thread.join()


def listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections on a loopback address, or a StateError with the cure."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise StateError(f"the sandbox is for this machine only, not for {host}: use 127.0.0.1")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # noqa: PLR2004 - IPv6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((str(address), port))
        sock.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        sock.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            cure = "is in use: stop the program there or choose another port (0 takes a free one)"
        else:
            cure = f"cannot be opened ({error}): choose another port (0 takes a free one)"
        raise StateError(f"port {port} on {host} {cure}") from error
    return sock


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees all of it or nothing; a StateError if it cannot be."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="ascii")
        beside.replace(path)
    except OSError as error:
        raise StateError(f"{path} cannot be written ({error}): choose another port file") from error
