"""The console as a server in the foreground, until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from aiohttp import web

from badgejobs.errors import StateError

#: How long a stop waits for answers that are still being made, in seconds.
_PATIENCE: Final = 5.0
_BACKLOG: Final = 64


def serve(app: web.Application, host: str, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; no log of requests is kept.

    ``ready`` is told the URL once connections are taken; port 0 takes a free one. Raises
    ``StateError`` where the address cannot be listened on.
    """
    is_v6 = ip_address(host).version == 6  # noqa: PLR2004 - the version
    family = socket.AF_INET6 if is_v6 else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise StateError(
            f"the console cannot be shown on {host} port {port} ({error.strerror}); end the "
            "program that has it, or set console.host and console.port otherwise"
        ) from error
    with listening:
        shown = f"[{host}]" if is_v6 else host
        ready(f"http://{shown}:{listening.getsockname()[1]}/")
        web.run_app(
            app,
            sock=listening,
            print=None,
            access_log=None,
            shutdown_timeout=_PATIENCE,
            keepalive_timeout=30,
        )
