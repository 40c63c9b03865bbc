"""Whether a broker is there, asked once and shortly, and the forms of its address."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from redis.exceptions import RedisError

from badgejobs.coordination.throttle import connected
from badgejobs.errors import BrokerUnavailable
from badgejobs.service import locks
from badgejobs.service.broker import EmbeddedBroker, ensure_broker
from badgejobs.service.brokerfiles import broker_files

#: Who is asked whether it is there must answer within this; a command has better things to do.
PING_SECONDS = 0.5


def ping(redis_url: str) -> None:
    """Raise ``BrokerUnavailable`` unless a server answers there; it is asked once.

    ``SettingsError`` for what is no address at all. No text repeats the address.
    """
    client = connected(redis_url, timeout=PING_SECONDS)
    try:
        client.ping()
    except RedisError as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BrokerUnavailable(f"the broker does not answer: {said}") from None
    finally:
        client.close()


def standing_broker(state_dir: Path) -> EmbeddedBroker | None:
    """The embedded broker of a state folder if it runs; it is not started."""
    if not state_dir.is_dir() or not locks.is_held(broker_files(state_dir).server):
        return None
    return ensure_broker(state_dir)


def celery_url(redis_url: str) -> str:
    """The same address as Celery writes it.

    >>> celery_url("redis://host:6379/1"), celery_url("unix:///run/redis.sock?db=2")
    ('redis://host:6379/1', 'redis+socket:///run/redis.sock?virtual_host=2')
    >>> celery_url("rediss://host/0")
    'rediss://host/0?ssl_cert_reqs=required'
    """
    parts = urlsplit(redis_url)
    options = dict(parse_qsl(parts.query))
    if parts.scheme == "rediss":
        # Celery demands a word on certificates where redis-py checks them by itself.
        query = urlencode({"ssl_cert_reqs": "required"} | options)
        return urlunsplit(parts._replace(query=query))
    if parts.scheme == "unix":
        options["virtual_host"] = options.pop("db", "0")
        # By hand: urlunsplit drops the empty host of a scheme that it does not know.
        return f"redis+socket://{parts.netloc}{parts.path}?{urlencode(options)}"
    return redis_url
