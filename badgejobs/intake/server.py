"""The receiver as a server in the foreground, until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final

from aiohttp import web

from badgejobs.errors import StateError
from badgejobs.intake.receiver import PATH, Limits, Receiver

#: How long a stop waits for answers that are still being made, in seconds.
_PATIENCE: Final = 5.0
_BACKLOG: Final = 128


def serving(limits: Limits) -> dict[str, Any]:
    """How the web framework is to serve the application."""
    return {
        "access_log": None,
        "shutdown_timeout": _PATIENCE,
        # Also how long the first line and the headers of a request may take.
        "keepalive_timeout": limits.read_within,
        # A body that unpacks itself could be of any size.
        "auto_decompress": False,
        # What is refused before it was read is not read on for long.
        "lingering_time": 1.0,
    }


def serve(receiver: Receiver, host: str, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; requests at work are answered first.

    ``ready`` is told the URL once connections are taken; port 0 takes a free one. Raises
    ``StateError`` where the address cannot be listened on.
    """
    with _listening(host, port, what="webhooks cannot be taken", setting="webhooks") as sock:
        ready(f"{_url(host, sock)}{PATH}")
        app = receiver.application()
        web.run_app(app, sock=sock, print=None, **serving(receiver.limits))


def serve_page(app: web.Application, host: str, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve a page about health in the same way, until SIGINT or SIGTERM."""
    with _listening(host, port, what="health cannot be told", setting="health") as sock:
        ready(_url(host, sock))
        web.run_app(app, sock=sock, print=None, **serving(Limits()))


def _url(host: str, sock: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{sock.getsockname()[1]}"


def _listening(host: str, port: int, *, what: str, setting: str) -> socket.socket:
    is_v6 = ip_address(host).version == 6  # noqa: PLR2004 - the version
    family = socket.AF_INET6 if is_v6 else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise StateError(
            f"{what} on {host} port {port} ({error.strerror}); end the program "
            f"that has it, or set {setting}.host and {setting}.port otherwise"
        ) from error
