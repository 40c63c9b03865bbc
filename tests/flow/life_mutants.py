"""Mistakes planted in the real code of taking back, one function each: what lives must catch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from badgejobs.core.award import Award, State, Unmet
from badgejobs.core.guard import Guard
from badgejobs.core.ledger import Lapse
from badgejobs.flow import lapses, revoke
from badgejobs.flow.lapses import Held
from badgejobs.store import removals
from badgejobs.store.removals import SqlRemovals
from badgejobs.store.tables import award

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One planted mistake."""

    name: str
    #: What the laws are to say of it; a pattern.
    says: str
    #: Where to begin: what shows seldom has shown there.
    seed: int
    plant: Plant


_ALL = list[Mutant]()


def mutant(*, says: str, seed: int = 0) -> Callable[[Plant], Plant]:
    def noted(plant: Plant) -> Plant:
        name = getattr(plant, "__name__", "")
        _ALL.append(Mutant(name=name, says=says, seed=seed, plant=plant))
        return plant

    return noted


def all_of_them() -> list[Mutant]:
    return _ALL


@mutant(says="a rule took what a person|not there|0 stand")
def whoever_gave_it_a_rule_may_take_it(patch: Patch) -> None:
    def any_giver(one: Award) -> bool:
        return one.state is State.ASSIGNED

    patch.setattr(lapses, "is_ours", any_giver)
    patch.setattr(revoke, "is_ours", any_giver)
    patch.setattr(removals, "_OURS", award.c.state == State.ASSIGNED)


@mutant(says="without a tier")
def a_tier_goes_before_another_stands(patch: Patch) -> None:
    patch.setattr(Held, "_may_go", lambda *_: True)


@mutant(says="the facts that were read say that it stands", seed=27)
def grace_is_counted_from_when_it_was_earned(patch: Patch) -> None:
    own = Held._own

    def by_facts(self: Held, badge: str, one: Award) -> Lapse | None:
        told = own(self, badge, one)
        if told is None or told.because is not Unmet.CONDITION or told.goes_at is None:
            return told
        assert told.since
        return replace(told, goes_at=one.earned_at + (told.goes_at - told.since))

    patch.setattr(Held, "_own", by_facts)


@mutant(says="the facts that were read say that it stands", seed=30)
def no_last_word_is_heard(patch: Patch) -> None:
    claimed = dict[str, tuple[Award, ...]]()
    claim = SqlRemovals.claim

    def remembered(self: SqlRemovals, site: str, **how: Any) -> Any:
        found = claim(self, site, **how)
        if found:
            claimed[found.token] = found.awards
        return found

    patch.setattr(SqlRemovals, "claim", remembered)
    patch.setattr(SqlRemovals, "in_hand", lambda _self, _site, token: list(claimed[token]))


@mutant(says="more was taken in a day than the guard lets pass", seed=35)
def the_guard_lets_all_pass(patch: Patch) -> None:
    patch.setattr(Guard, "passes", lambda *_, **__: True)


@mutant(says="the ledger does not have it", seed=9)
def a_delete_whose_answer_is_lost_took_it(patch: Patch) -> None:
    def believed(self: Award, now: datetime, *, wait: float, reason: str) -> Award:
        del now, wait, reason
        return self.removed()

    patch.setattr(Award, "removal_lost", believed)


@contextmanager
def planted(one: Mutant) -> Iterator[None]:
    """The code with this mistake in it, for as long as this lasts."""
    with pytest.MonkeyPatch.context() as patch:
        one.plant(patch)
        yield
