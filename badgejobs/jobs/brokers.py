"""What Celery is told about its broker: Redis and RabbitMQ need different words."""

from __future__ import annotations

import ssl
from typing import Any, Final
from urllib.parse import urlsplit

from amqp.exceptions import AccessRefused, NotAllowed
from kombu import Connection
from kombu.exceptions import OperationalError

from badgejobs.errors import BrokerUnavailable, SettingsError

#: After so long an unacknowledged job is given to another worker; only Redis needs it.
VISIBILITY_TIMEOUT: Final = 300
_CONNECT_SECONDS: Final = 5
#: A broker that says nothing for so long is gone.
_SILENCE_SECONDS: Final = 30

#: What holds of a Redis.
REDIS: Final[dict[str, Any]] = {
    "visibility_timeout": VISIBILITY_TIMEOUT,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": _SILENCE_SECONDS,
    "socket_connect_timeout": _CONNECT_SECONDS,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
#: RabbitMQ gives a job to another worker as soon as the connection of its worker ends, so there
#: is no visibility timeout; its own limit on unacknowledged messages (30 min) is far beyond ours.
_RABBITMQ: Final[dict[str, Any]] = {
    # A bell that the server does not take is an error here, and not lost without a word.
    "confirm_publish": True,
    # That answer is not waited for without end where the line is cut.
    "read_timeout": _SILENCE_SECONDS,
    "write_timeout": _SILENCE_SECONDS,
}


def is_rabbitmq(broker_url: str) -> bool:
    """Whether this is the address of a RabbitMQ.

    >>> is_rabbitmq("amqps://host/jobs"), is_rabbitmq("redis://host/0")
    (True, False)
    """
    return urlsplit(broker_url).scheme in {"amqp", "amqps"}


def settings_for(
    broker_url: str, *, results_url: str, queue_prefix: str, quorum: bool
) -> dict[str, Any]:
    """Celery's settings for this broker, all of them, so that one set replaces another.

    ``queue_prefix`` is for what lies in Redis; a RabbitMQ has virtual hosts for that.
    """
    on_rabbitmq = is_rabbitmq(broker_url)
    in_redis = {"global_keyprefix": queue_prefix}
    kind = "quorum" if quorum and on_rabbitmq else "classic"
    return {
        "broker_url": broker_url,
        # Not RabbitMQ's own rpc:// results: only who sent a task could read what came of it.
        "result_backend": results_url,
        "broker_transport_options": dict(_RABBITMQ) if on_rabbitmq else REDIS | in_redis,
        "result_backend_transport_options": {"visibility_timeout": VISIBILITY_TIMEOUT} | in_redis,
        "broker_connection_timeout": _CONNECT_SECONDS,
        # A connection that was cut without a word is noticed within twice this.
        "broker_heartbeat": _SILENCE_SECONDS,
        # Kombu checks neither a certificate's name nor its issuer unless it is told to.
        "broker_use_ssl": _tls(broker_url),
        "task_default_queue_type": kind,
        "task_create_missing_queue_type": kind,
        # Quorum queues hold a job that waits for its hour in a queue of its own, by topics.
        "task_default_exchange_type": "topic" if kind == "quorum" else "direct",
        "task_create_missing_queue_exchange_type": "topic" if kind == "quorum" else None,
    }


def _tls(broker_url: str) -> dict[str, Any] | bool:
    if urlsplit(broker_url).scheme != "amqps":
        return False
    # None: the name is the one in the address.
    return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None}


def ping(broker_url: str) -> None:
    """Raise ``BrokerUnavailable`` unless a RabbitMQ answers there; it is asked for some seconds.

    ``SettingsError`` where it does not let us in, or this is no address at all. No text repeats
    the address.
    """
    try:
        connection = Connection(
            broker_url,
            connect_timeout=_CONNECT_SECONDS,
            ssl=_tls(broker_url),
            transport_options=dict(_RABBITMQ),
        )
        with connection:
            connection.ensure_connection(max_retries=1, timeout=_CONNECT_SECONDS)
    except (AccessRefused, NotAllowed) as error:
        raise SettingsError(
            f"RabbitMQ does not let us in ({error.reply_text}); correct user, password or virtual "
            "host in BADGEJOBS_BROKER_URL"
        ) from None
    except OperationalError as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BrokerUnavailable(f"RabbitMQ does not answer: {said}") from None
    except ValueError:
        raise SettingsError(
            "the address of the broker is not one: write amqp://user:password@host:5672/vhost"
        ) from None
