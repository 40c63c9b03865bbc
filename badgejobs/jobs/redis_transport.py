"""Celery's connection to Redis, which a worker outlives whatever it was doing when it broke."""

from __future__ import annotations

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis


class Channel(redis.Channel):
    """A channel that, once its connection is given up, says so as a lost connection does.

    kombu 5.7 closes a broken connection twice. Where the first try fails, the second finds jobs
    that were at work and would hand them back over a connection that is no more: that raises an
    AttributeError, which nobody takes for a lost connection, and the worker ends. As an error of
    the connection it is passed over. The jobs are lost with it, and rung again by the next ticks.
    """

    # Its types leave out what is private, and that a transport that was closed has no client.
    connection: Any

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - kombu's own signature
        if self.connection is None or self.connection.client is None:
            raise ConnectionError("this connection to the broker was given up")
        told: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]
        return told


class Transport(redis.Transport):
    """What ``redis://`` and ``rediss://`` mean."""

    Channel = Channel


def install() -> None:
    """Let Celery use it; to be called before the first connection."""
    name = f"{__name__}:{Transport.__name__}"
    TRANSPORT_ALIASES.update(redis=name, rediss=name)
