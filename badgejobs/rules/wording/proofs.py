"""Why a condition is met or not, told line by line: what counts, what does not, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from badgejobs.core.activity import Activity
from badgejobs.core.calendar import Calendar
from badgejobs.core.explanation import Line
from badgejobs.core.milestone import (
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Composite,
    Condition,
    Count,
    Distinct,
    Gap,
    Has,
    Max,
    NoneOf,
    Streak,
    Sum,
    leaves,
)
from badgejobs.core.proof import Proof
from badgejobs.rules.wording.amounts import length, money, some
from badgejobs.rules.wording.conditions import in_words

_LEAVES = "the first of what counts leaves the window"

#: The facts of one member, by source and id.
Facts = Mapping[tuple[str, str], Activity]


def why(proof: Proof, facts: Facts, calendar: Calendar) -> Iterator[str]:
    """The lines of a proof; the parts of a condition stand below it, further in."""
    return flat(tree(proof, facts, calendar))


def flat(line: Line, depth: int = 0) -> Iterator[str]:
    """A line and those below it, each of them further in by two blanks."""
    yield f"{'  ' * depth}{line.text}"
    for one in line.children:
        yield from flat(one, depth + 1)


def tree(proof: Proof, facts: Facts, calendar: Calendar) -> Line:
    """A proof as a line, and what makes it below: its moments, its activities, or its parts."""
    below = [*_moments(proof, calendar)]
    below += [] if proof.parts else _activities(proof, facts, calendar)
    return Line(
        text=f"{'met' if proof.met else 'not met'}: {in_words(proof.condition)}; {_number(proof)}",
        met=proof.met,
        children=(*map(Line.of, below), *(tree(part, facts, calendar) for part in proof.parts)),
    )


def proof_data(proof: Proof) -> dict[str, Any]:
    """A proof for JSON, with the ids of every activity that counts or does not."""
    by, because = by_when(proof)
    data = {
        "condition": in_words(proof.condition),
        "met": proof.met,
        "number": proof.number,
        "earned_at": proof.earned_at,
        "next_change_at": proof.next_flip_at,
        "missing": missing_of(proof) or None,
        "missing_by": by,
        "missing_by_because": because or None,
    }
    if proof.parts:
        return data | {"parts": [proof_data(part) for part in proof.parts]}
    return data | {
        "counted": proof.counted,
        "left_the_window": proof.passed,
        "fills_a_gap": proof.filling,
        "not_counted": [{"id": one, "reason": why.value} for one, why in proof.refused],
    }


def by_when(proof: Proof) -> tuple[datetime | None, str]:
    """Before which moment what is missing must come, and why; none for what may come any time."""
    if proof.met or proof.parts:
        return None, ""
    falls, closes = proof.falls_at, proof.closes_at
    if falls and (closes is None or falls <= closes):
        streak = isinstance(proof.condition, Streak)
        return falls, "the streak breaks" if streak else _LEAVES
    return closes, "the window closes" if closes else ""


def missing_by(proof: Proof, calendar: Calendar) -> str:
    """What is missing and by when; empty where that cannot be said."""
    if proof.is_over and not proof.met and not proof.parts:
        return "nothing that is still to come can meet it: its window is closed"
    missing, (by, because) = missing_of(proof), by_when(proof)
    if missing and by:
        return f"{missing} by {moment_of(by, calendar)}, when {because}"
    return missing


def _moments(proof: Proof, calendar: Calendar) -> Iterator[str]:
    if proof.earned_at:
        yield f"since {moment_of(proof.earned_at, calendar)}"
    elif missing := missing_by(proof, calendar):
        yield f"missing: {missing}"
    if proof.next_flip_at:
        change = moment_of(proof.next_flip_at, calendar)
        yield f"ends by time alone on {change}" if proof.met else f"time alone meets it on {change}"


def _activities(proof: Proof, facts: Facts, calendar: Calendar) -> Iterator[str]:
    sources = {leaf.of.source for leaf in leaves(proof.condition)}

    def named(activity: str) -> str:
        found = (facts.get((source, activity)) for source in sources)
        fact = next((one for one in found if one), None)
        return f"{activity} of {moment_of(fact.occurred_at, calendar)}" if fact else activity

    for word, ids in (
        ("counted", proof.counted),
        ("has left the window", proof.passed),
        ("fills a gap", proof.filling),
        ("shows how late our clock is", proof.clock),
    ):
        for one in ids:
            yield f"{word}: {named(one)}"
    for one, refusal in proof.refused:
        yield f"not counted: {named(one)}: {refusal.value}"


def missing_of(proof: Proof) -> str:
    """What would have to come for a condition to be met; empty where that cannot be said."""
    number = proof.number
    if proof.met:
        return ""
    match proof.condition:
        case AllOf() | AnyOf() | AtLeast() | NoneOf() as composite:
            return _missing_parts(composite, number)
        case Has(milestone=milestone):
            return f"the badge {milestone.badge}"
        case Streak(length=wanted, every=every):
            return f"{some(wanted - number, every.value)} more" if wanted > number else ""
        case Gap(gte=gte):
            return f"one that comes {length(gte)} or more after the one before"
        case Age():
            return "time" if number else "the first one"
        case Max() as leaf:
            return f"one of {_amount(leaf, leaf.gte)} or more" if leaf.gte > number else ""
        case leaf:
            return f"{_amount(leaf, leaf.gte - number)} more" if leaf.gte > number else ""


def _missing_parts(composite: Composite, met: int) -> str:
    match composite:
        case AllOf(parts=parts):
            return f"{some(len(parts) - met, 'part')} more"
        case AnyOf():
            return "any one part"
        case AtLeast(number=wanted):
            return f"{some(wanted - met, 'part')} more"
        case NoneOf():
            return "that none of its parts is met" if met else ""


def _number(proof: Proof) -> str:
    """The number that the facts give, beside the one that is asked for."""
    match proof.condition:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts) | NoneOf(parts=parts):
            return f"{proof.number} of {some(len(parts), 'part')} met"
        case Has():
            return "held" if proof.number else "not held"
        case Streak(every=every, length=wanted):
            return f"{some(proof.number, every.value)} of {wanted}"
        case Gap():
            return f"the longest is {_lasting(proof.number)}"
        case Age():
            return f"{_lasting(proof.number)} now"
        case leaf:
            return f"{_amount(leaf, proof.number)} of {_amount(leaf, leaf.gte)}"


def has_and_needs(proof: Proof) -> tuple[str, str]:
    """The number that the facts give of a leaf, and the one that is asked for.

    >>> from badgejobs.core.milestone import CommentPolicy, Count, Selection
    >>> ten = Count(of=Selection(source="comments", policy=CommentPolicy()), gte=10)
    >>> has_and_needs(Proof(condition=ten, met=False, earned_at=None, number=9))
    ('9', '10')
    """
    match proof.condition:
        case Streak(every=every, length=wanted):
            return str(proof.number), some(wanted, every.value)
        case Count() | Sum() | Distinct() | Max() as leaf:
            return _amount(leaf, proof.number), _amount(leaf, leaf.gte)
        case _:
            return str(proof.number), ""


def _amount(condition: Condition, number: int) -> str:
    match condition:
        case Sum(field="amount", currency=currency) | Max(field="amount", currency=currency):
            return money(number, currency)
        case _:
            return str(number)


def _lasting(seconds: int) -> str:
    hours = timedelta(seconds=seconds) // timedelta(hours=1)
    days, rest = divmod(hours, 24)
    return (
        f"{some(days, 'day')} {some(rest, 'hour')}"
        if days and rest
        else length(timedelta(hours=hours))
    )


def moment_of(at: datetime, calendar: Calendar) -> str:
    """A moment to the second, in local time with its offset."""
    return at.astimezone(calendar.zone).isoformat(sep=" ", timespec="seconds")
