"""In whose name awards change their state: kept with each line of their history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from badgejobs.core.notification import Telling

#: Nobody in particular: the rules, carried out by a worker.
RULES = "rules"
#: Somebody in Wix's dashboard, or another app, as far as anyone can tell.
PERSON_AT_WIX = "a person at Wix"
#: What a worker does of what somebody asked for by command, under whose name that was written.
PERSON_BY_COMMAND = "a person by command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Who acts, in which run, what they wrote beside it, and who is told of it."""

    actor: str = RULES
    note: str = ""
    run: int | None = None
    #: ``None`` where nobody is.
    telling: Telling | None = None


_NOBODY = Acting()
_ACTING: ContextVar[Acting] = ContextVar("acting", default=_NOBODY)


def who_acts() -> Acting:
    """In whose name this thread changes awards just now."""
    return _ACTING.get()


@contextmanager
def acting(
    *,
    actor: str | None = None,
    note: str | None = None,
    run: int | None = None,
    telling: Telling | None = None,
) -> Iterator[None]:
    """Let all changes of awards from here on be kept under this name, note and run, and told so.

    What is not given stays as it is around it.
    """
    around = _ACTING.get()
    before = _ACTING.set(
        Acting(
            actor=around.actor if actor is None else actor,
            note=around.note if note is None else note,
            run=around.run if run is None else run,
            telling=around.telling if telling is None else telling,
        )
    )
    try:
        yield
    finally:
        _ACTING.reset(before)
