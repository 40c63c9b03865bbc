"""All that stands in a broker, and all that it is told, with what is packed within it."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from celery import Celery
from redis import Redis

from badgejobs.service.presence import celery_url, standing_broker

#: Known words, and harmless: where they are not found, nothing would be.
WORD_OF_TASK, WORD_OF_RESULT = "hummingbird", "nightingale"


def plant(state: Path) -> None:
    """A task in a queue that no worker takes, and a result, written as Celery writes them."""
    with standing_broker(state) as broker:  # type: ignore[union-attr]
        assert broker
        url = celery_url(broker.redis_url)
        with Celery(broker=url, backend=url, set_as_current=False) as app:
            app.conf.result_expires = None
            # without its arguments for people, which stand beside the message as they are
            told = {"site": 9 * WORD_OF_TASK}
            app.send_task("nobodys", kwargs=told, queue="nobodys", argsrepr="", kwargsrepr="")
            results: Any = app.backend
            results.store_result("of-nobody", {"said": 9 * WORD_OF_RESULT}, "SUCCESS")
            results.client.close()


def standing_in(state: Path) -> str:
    """All that stands in the broker: keys, messages, results, the pace of sites."""
    with standing_broker(state) as broker:  # type: ignore[union-attr]
        assert broker
        with Redis.from_url(broker.redis_url, decode_responses=True) as redis:
            keys = list(redis.scan_iter(count=1000))
            values = chain.from_iterable(stands_at(redis, key) for key in keys)
            return "\n".join([*keys, *chain.from_iterable(map(unpacked, values))])


def stands_at(redis: Any, key: str) -> list[str]:
    """Every text at a key; nothing where it has just expired."""
    match redis.type(key):
        case "none":
            return []
        case "string":
            return [redis.get(key) or ""]
        case "list":
            return list(redis.lrange(key, 0, -1))
        case "set":
            return list(redis.smembers(key))
        case "zset":
            return list(redis.zrange(key, 0, -1))
        case "hash":
            return list(chain.from_iterable(redis.hgetall(key).items()))
        case strange:
            raise AssertionError(f"nobody looks into {key}, which is a {strange}")


def unpacked(text: str) -> Iterator[str]:
    """A text, and what is packed in it: JSON within JSON, and bodies of messages."""
    yield text
    try:
        found = json.loads(text)
    except ValueError:
        return
    yield from within(found)


def within(found: Any) -> Iterator[str]:
    match found:
        case str():
            yield from unpacked(found)
        case list():
            yield from chain.from_iterable(map(within, found))
        case dict():
            yield from chain.from_iterable(map(within, chain(found, found.values())))
            match found:
                case {"body": str(body), "properties": {"body_encoding": "base64"}}:
                    yield from unpacked(base64.b64decode(body).decode())


@contextmanager
def overheard(state: Path) -> Iterator[list[str]]:
    """All that the broker is told meanwhile: what a worker took at once stands there no more."""
    heard, last = list[str](), "nothing more is listened to"

    def listen(monitor: Any) -> None:
        for one in monitor.listen():
            command = str(one["command"])
            if last in command:
                return
            bodies = re.findall(r'"body": "([A-Za-z0-9+/=]+)"', command)
            heard.extend([command, *(base64.b64decode(body).decode() for body in bodies)])

    with standing_broker(state) as broker:  # type: ignore[union-attr]
        assert broker
        with Redis.from_url(broker.redis_url) as redis, redis.monitor() as monitor:
            thread = threading.Thread(target=listen, args=(monitor,), daemon=True)
            thread.start()
            try:
                yield heard
            finally:
                redis.echo(last)
                thread.join()
