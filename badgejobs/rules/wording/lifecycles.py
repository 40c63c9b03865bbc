"""How long a badge stays and who may earn it, in words."""

from __future__ import annotations

from collections.abc import Iterator

from badgejobs.core.calendar import Calendar
from badgejobs.core.milestone import Lifecycle, OnChange, Renew
from badgejobs.rules.wording.amounts import between, length, moment

_RENEWED = {
    Renew.NEVER: "and is not renewed",
    Renew.AGAIN: "and is earned anew when the condition comes to be met again",
}


def phrases(life: Lifecycle, calendar: Calendar) -> Iterator[str]:
    """What is to be said of a lifecycle, each to stand behind a semicolon."""
    if life.first is not None:
        yield f"only the first {life.first} members to get there"
    if life.earnable_from or life.earnable_until:
        when = between(life.earnable_from, life.earnable_until, calendar)
        yield f"awarded only {when}"
    yield _taken(life)
    yield from _ends(life, calendar)
    if life.on_change is OnChange.REEVALUATE:
        yield "a change of this rule holds for those who have the badge too"
    else:
        yield "a change of this rule takes it from nobody"
    if life.retired:
        yield "out of use: nobody earns it any more, and who has it keeps it"


def _taken(life: Lifecycle) -> str:
    if not life.revokes:
        return "kept once earned"
    when = f"{length(life.grace)} after it" if life.grace else "once it"
    checked = f", at the beginning of a {life.checked.value}" if life.checked else ""
    return f"taken back {when} is no longer met{checked}"


def _ends(life: Lifecycle, calendar: Calendar) -> Iterator[str]:
    if life.expires_at:
        yield f"expires at {moment(life.expires_at, calendar)} {_RENEWED[Renew.NEVER]}"
    if life.expires_after:
        after = length(life.expires_after)
        if life.renew is Renew.WHILE_MET:
            yield f"expires {after} after it was last met"
        else:
            yield f"expires {after} after it was earned {_RENEWED[life.renew]}"
