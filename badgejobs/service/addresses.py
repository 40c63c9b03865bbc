"""Whether a port is free, asked before a program is started that would die of it."""

from __future__ import annotations

import socket

from badgejobs.errors import StateError

#: Nothing of ours listens anywhere else unless an operator says so.
LOOPBACK = "127.0.0.1"


def require_free(port: int, *, purpose: str, setting: str) -> None:
    """Make sure that a TCP port of the loopback address can be listened on.

    ``purpose`` is who wants it and ``setting`` what names it, for the text of the error.

    Raises:
        StateError: another program has it, or it is not ours to take.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise StateError(
                f"{purpose} cannot listen on port {port} of {LOOPBACK} ({reason}); "
                f"end the program that has it, or choose another port with {setting}"
            ) from error


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
