"""Whether the facts of one member meet a milestone, since when, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from badgejobs.core.activity import Activity
from badgejobs.core.milestone import AllOf, AnyOf, Condition, Count, Milestone, Sum
from badgejobs.core.policy import Refusal

#: A fact further ahead of ``as_of`` than this is held until its time has come.
FUTURE_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Why a condition is met or not: its number, and what made and what did not make it."""

    condition: Condition
    met: bool
    #: The time of the fact that crossed the line; ``None`` while not met.
    earned_at: datetime | None
    #: When time alone may change the answer.
    next_flip_at: datetime | None = None
    #: A leaf's number now: a count, or a sum in minor units.
    number: int = 0
    #: A leaf's activities that count, in order of their time.
    counted: tuple[str, ...] = ()
    #: A leaf's activities that do not, each with its reason.
    refused: tuple[tuple[str, Refusal], ...] = ()
    parts: tuple[Proof, ...] = ()


def evaluate(facts: Collection[Activity], milestone: Milestone, as_of: datetime) -> Proof:
    """Hold the facts of one member against a milestone, as of one moment.

    The answer depends on the facts alone, never on the order in which they arrived.
    """
    ordered = sorted(facts, key=lambda one: (one.occurred_at, one.source, one.activity_id))
    return _prove(ordered, milestone.condition, as_of)


def _prove(facts: Sequence[Activity], condition: Condition, as_of: datetime) -> Proof:
    match condition:
        case Count() | Sum():
            return _prove_leaf(facts, condition, as_of)
        case AllOf(parts=parts):
            proofs = tuple(_prove(facts, part, as_of) for part in parts)
            met = all(proof.met for proof in proofs)
            earned = max((p.earned_at for p in proofs if p.earned_at), default=None)
        case AnyOf(parts=parts):
            proofs = tuple(_prove(facts, part, as_of) for part in parts)
            met = any(proof.met for proof in proofs)
            earned = min((p.earned_at for p in proofs if p.earned_at), default=None)
        case _:
            raise NotImplementedError
    return Proof(
        condition=condition,
        met=met,
        earned_at=earned if met else None,
        next_flip_at=_earliest([proof.next_flip_at for proof in proofs]),
        parts=proofs,
    )


def _prove_leaf(facts: Sequence[Activity], leaf: Count | Sum, as_of: datetime) -> Proof:
    number, earned_at, flips = 0, None, list[datetime]()
    counted, refused = list[str](), list[tuple[str, Refusal]]()
    for fact in facts:
        if fact.source != leaf.of.source:
            continue
        if refusal := leaf.of.policy.refusal(fact):
            refused.append((fact.activity_id, refusal))
            continue
        worth = leaf.of.policy.value(fact) if isinstance(leaf, Sum) else 1
        if isinstance(worth, Refusal):
            refused.append((fact.activity_id, worth))
            continue
        if fact.occurred_at > as_of + FUTURE_TOLERANCE:
            flips.append(fact.occurred_at - FUTURE_TOLERANCE)
            continue
        number += worth
        counted.append(fact.activity_id)
        if earned_at is None and number >= leaf.gte:
            earned_at = fact.occurred_at
    return Proof(
        condition=leaf,
        met=earned_at is not None,
        earned_at=earned_at,
        next_flip_at=min(flips, default=None),
        number=number,
        counted=tuple(counted),
        refused=tuple(refused),
    )


def _earliest(moments: Collection[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)
