"""Bells: messages that say where there is work, lost or doubled without harm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from celery.result import denied_join_result
from kombu.exceptions import OperationalError

from badgejobs.bootstrap import House
from badgejobs.core.lane import Lane
from badgejobs.core.source import Track
from badgejobs.jobs.app import app
from badgejobs.jobs.asking import is_of_the_same
from badgejobs.jobs.duties import ALL_DUTIES
from badgejobs.jobs.queues import lane_of_task
from badgejobs.store.dispatch import Due

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bell:
    """One message: a task, its arguments, and the lane whose queue it goes to."""

    task: str
    arguments: dict[str, str | int]
    lane: Lane | None


def bell_of(due: Due) -> Bell:
    """The message for a row."""
    if due.source in ALL_DUTIES:
        return Bell(f"badgejobs.{due.source}", {"site": due.site}, due.lane)
    named: dict[str, str | int] = {
        "site": due.site, "source": due.source, "track": due.track.value
    }  # fmt: skip
    return Bell("badgejobs.scan", named, due.lane)


def send(bells: Sequence[Bell]) -> int:
    """Send them, and say how many went out before the broker could not be reached."""
    return len(_sent(bells))


def _sent(bells: Sequence[Bell]) -> list[str]:
    """The ids of the tasks that went out."""
    sent = list[str]()
    try:
        # Nobody waits for an answer. Celery would subscribe to it all the same wherever no
        # worker runs, and hang for 20 s, then raise a RuntimeError, where the broker is away.
        with denied_join_result(), app.producer_or_acquire() as producer:
            for bell in bells:
                queue: dict[str, Any] = {"queue": bell.lane.value} if bell.lane else {}
                task = app.send_task(
                    bell.task,
                    kwargs=bell.arguments,
                    producer=producer,
                    # whoever waits for a task waits for what follows from it too
                    add_to_parent=is_of_the_same(bell.arguments),
                    **queue,
                )
                sent.append(str(task.id))
    except OperationalError as error:
        log.warning(
            "bell not rung; the next tick rings again",
            task=bells[len(sent)].task,
            bells=len(bells) - len(sent),
            error=str(error),
        )
    return sent


def ring(name: str, **arguments: str | int) -> str | None:
    """Send one bell; the id of its task, or ``None`` where it is lost, which costs only time."""
    sent = _sent([Bell(name, arguments, lane_of_task(name, arguments))])
    return sent[0] if sent else None


def ring_due(house: House, due: Sequence[Due]) -> bool:
    """Send the bells of rows that are noted as rung; those that do not go out are noted so."""
    sent = send([bell_of(one) for one in due])
    if sent < len(due):
        with house.store.begin() as tx:
            tx.dispatch.withdraw(due[sent:])
    return sent == len(due)


def ring_now(house: House, site: str, source: str, track: Track = Track.LIVE) -> None:
    """Ring for one row at once, unless somebody is at it or was rung for already."""
    with house.store.begin() as tx:
        due = tx.dispatch.hasten(site, source, track)
    if due:
        ring_due(house, [due])


def waiting(lane: Lane) -> int | None:
    """How many messages wait in the queue of a lane; ``None`` where the broker cannot tell."""
    with app.connection_or_acquire() as connection:
        # kombu asks Redis for a queue without the prefix of our keys, and finds none; to declare
        # one there writes nothing.
        passive = connection.transport.driver_type != "redis"
        try:
            # one that a bell found broken is closed, and does not open itself for a channel
            connection.connect()
            with connection.channel() as channel:
                queue = channel.queue_declare(queue=lane.value, passive=passive)
                return int(queue.message_count)
        except connection.channel_errors:
            return 0  # there is no such queue yet, or not any more
        except (*connection.connection_errors, OperationalError):
            return None
