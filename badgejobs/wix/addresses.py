"""Looking up a host's addresses within a time: the system's own look-up knows no end."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable

Resolve = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, in the order in which they should be tried."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def addresses_of(host: str, port: int, seconds: float, *, using: Resolve = resolve) -> list[str]:
    """The addresses of a host, or :class:`TimeoutError` after so many seconds.

    What the system says of a host that it does not know comes as the ``OSError`` that it is. A
    look-up that is given up goes on in a thread of its own until the system gives up too.
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    told: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            told.put(using(host, port))
        except OSError as error:
            told.put(error)
        except UnicodeError:  # a part of the name is empty, or too long for one
            told.put(OSError("the host's name is none that can be looked up"))

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    try:
        found = told.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("the host's address could not be looked up in time") from None
    if isinstance(found, OSError):
        raise found
    return found
