"""Who rang a bell: the schedule, or a person by command, by Celery's own or through Flower.

Each message says so in a header, which whoever writes to the broker could forge: it decides who
is named in the row of a run, and whether what rests is done all the same, never what is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import current_task
from celery.signals import before_task_publish

HEADER = "badgejobs_by"
WORKER = "worker"
CLI, CONSOLE, CELERY, FLOWER = "cli", "console", "celery", "flower"
#: The ways in which a person asks.
PEOPLE = frozenset({CLI, CONSOLE, CELERY, FLOWER})
#: Those of them that are ours: they write into the record what they ask for before they ring.
_OURS = frozenset({CLI, CONSOLE})

_ASKED = f"{WORKER}, asked by "
_sender = WORKER


def sends_as(name: str) -> None:
    """Say by which way the messages of this process are sent: one of these, or ``worker``."""
    global _sender  # noqa: PLW0603 - one per process, said when it begins
    _sender = name


def person() -> str | None:
    """By which way a person asked for the task at work; ``None`` for the schedule.

    What a task rings for in its turn is asked for by the same: :func:`is_of_the_same`.
    """
    request = getattr(current_task, "request", None)
    told = (request.headers or {}).get(HEADER) if request else None
    return told if told in PEOPLE else None


def started_by() -> str:
    """Who starts the run of the task at work, as its row says it."""
    asked = person()
    return f"{_ASKED}{asked}" if asked else WORKER


def by_console(name: str) -> str:
    """How the record names somebody who asks by the console.

    >>> by_console("Olga")
    'console (Olga)'
    """
    return f"{CONSOLE} ({name})"


def is_asked(by: str) -> bool:
    """Whether a person asked for what ``by`` starts.

    >>> is_asked("cli"), is_asked("worker, asked by flower"), is_asked("worker")
    (True, True, False)
    >>> is_asked("console (Olga)")
    True
    """
    return _way(by.removeprefix(_ASKED)) in PEOPLE


def is_ours(asked_by: str | None) -> bool:
    """Whether somebody asked by a command of ours, or by the console.

    >>> is_ours("cli"), is_ours("console (Olga)"), is_ours("flower"), is_ours(None)
    (True, True, False, False)
    """
    return asked_by is not None and _way(asked_by) in _OURS


def _way(asked_by: str) -> str:
    return asked_by.partition(" (")[0]


def is_of_the_same(arguments: Mapping[str, Any]) -> bool:
    """Whether a message with these arguments follows from what the task at work was asked for.

    It does where it is about the same site, or nothing is at work here. A task that ends also
    rings for other sites, whose turn it is, and a tick for all: nobody asked it for those.
    """
    request = getattr(current_task, "request", None)
    if not request:
        return True
    mine = request.kwargs or {}
    return "request" in mine or ("site" in mine and mine["site"] == arguments.get("site"))


@before_task_publish.connect
def _sign(headers: dict[str, Any], body: Any, **_: Any) -> None:
    _, arguments, _ = body
    # in the place of what a caller of Flower's API may have put there
    headers[HEADER] = (is_of_the_same(arguments) and person()) or _sender
