"""``window``: in which stretch of time activities count."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from badgejobs.rules.language.scalars import Maybe, refusal
from badgejobs.rules.language.strict import Strict
from badgejobs.rules.language.times import Length, Moment, PeriodName

#: The kinds of windows.
KINDS = ("rolling", "calendar", "between", "first")
_ONE_KIND = {"minProperties": 1, "maxProperties": 1}


class BetweenRule(Strict):
    """From one moment to before another; one of them may be left open."""

    since: Maybe[Moment] = Field(None, alias="from", description="The first moment that counts.")
    until: Maybe[Moment] = Field(None, alias="to", description="The first one that does not.")


def _is_bounded(value: Any) -> Any:
    if isinstance(value, dict) and not value:
        raise refusal("has no bound; write 'from', 'to' or both")
    return value


Bounds = Annotated[BetweenRule, BeforeValidator(_is_bounded)]


class FixedWindow(Strict, json_schema_extra=_ONE_KIND):
    """A stretch that does not move with time."""

    between: Maybe[Bounds] = Field(None, description="Between two dates or moments.")
    first: Maybe[Length] = Field(
        None, description="Within so long of the first activity that counts."
    )


class AnyWindow(FixedWindow, json_schema_extra=_ONE_KIND):
    """A stretch of time, of exactly one kind."""

    rolling: Maybe[Length] = Field(None, description="The last so long before now.")
    calendar: Maybe[PeriodName] = Field(None, description="The calendar's present period.")


def _one_kind(value: Any) -> Any:
    """See to it that a window is of one kind, before it is read."""
    if not isinstance(value, dict):
        return value
    kinds = [kind for kind in KINDS if kind in value]
    if len(kinds) > 1:
        raise refusal(f"a window is of one kind; keep '{kinds[0]}' or '{kinds[1]}'", key=kinds[1])
    if not kinds and not value:
        raise refusal(f"says nothing; write one of: {', '.join(sorted(KINDS))}")
    return value


FixedWindowRule = Annotated[FixedWindow, BeforeValidator(_one_kind)]
WindowRule = Annotated[AnyWindow, BeforeValidator(_one_kind)]
