"""Why a condition is met or not, told line by line: what counts, what does not, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from badgejobs.core.activity import Activity
from badgejobs.core.calendar import Calendar
from badgejobs.core.milestone import (
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Composite,
    Condition,
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

#: The facts of one member, by source and id.
Facts = Mapping[tuple[str, str], Activity]


def why(proof: Proof, facts: Facts, calendar: Calendar) -> Iterator[str]:
    """The lines of a proof; the parts of a condition stand below it, further in."""
    yield f"{'met' if proof.met else 'not met'}: {in_words(proof.condition)}; {_number(proof)}"
    if proof.earned_at:
        yield f"  since {_moment(proof.earned_at, calendar)}"
    elif missing := missing_of(proof):
        yield f"  missing: {missing}"
    if proof.next_flip_at:
        yield f"  changes by time alone on {_moment(proof.next_flip_at, calendar)}"
    if not proof.parts:
        yield from _activities(proof, facts, calendar)
    for part in proof.parts:
        for line in why(part, facts, calendar):
            yield f"  {line}"


def _activities(proof: Proof, facts: Facts, calendar: Calendar) -> Iterator[str]:
    sources = {leaf.of.source for leaf in leaves(proof.condition)}

    def named(activity: str) -> str:
        found = (facts.get((source, activity)) for source in sources)
        fact = next((one for one in found if one), None)
        return f"{activity} of {_moment(fact.occurred_at, calendar)}" if fact else activity

    for word, ids in (
        ("counted", proof.counted),
        ("has left the window", proof.passed),
        ("fills a gap", proof.filling),
        ("shows how late our clock is", proof.clock),
    ):
        for one in ids:
            yield f"  {word}: {named(one)}"
    for one, refusal in proof.refused:
        yield f"  not counted: {named(one)}: {refusal.value}"


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


def _moment(at: datetime, calendar: Calendar) -> str:
    """A moment to the second, in local time with its offset."""
    return at.astimezone(calendar.zone).isoformat(sep=" ", timespec="seconds")
