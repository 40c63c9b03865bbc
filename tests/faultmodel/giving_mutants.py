"""Mistakes that giving is known for, planted one at a time in the real code.

Each names the profile in which it shows and what the model is to say of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import profiles
import pytest
from profiles import Profile
from sqlalchemy import select, update

from badgejobs.core import award as awards
from badgejobs.core.award import Award, State
from badgejobs.core.ledger import Claimed
from badgejobs.core.wixfacts import Created
from badgejobs.errors import AlreadyExists, BadgeJobsError, NotSent
from badgejobs.flow import assign
from badgejobs.store import claims, ledger
from badgejobs.store.awards import SqlAwards
from badgejobs.store.tables import award as award_table
from badgejobs.wix import bulk
from badgejobs.wix.transport import Answer, Transport

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]

_LOCK = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One planted mistake."""

    name: str
    profile: Profile
    #: What the model is to say of it; a pattern.
    says: str
    plant: Plant
    #: Another timing, where that is the mistake.
    timing: Mapping[str, timedelta] = field(default_factory=dict)


_ALL = list[Mutant]()


def mutant(profile: Profile, *, says: str, **timing: timedelta) -> Callable[[Plant], Plant]:
    def noted(plant: Plant) -> Plant:
        name = getattr(plant, "__name__", "")
        _ALL.append(Mutant(name=name, profile=profile, says=says, plant=plant, timing=timing))
        return plant

    return noted


def all_of_them() -> list[Mutant]:
    return _ALL


@contextmanager
def planted(one: Mutant) -> Iterator[None]:
    """The code with this mistake in it, for as long as this lasts."""
    with pytest.MonkeyPatch.context() as patch:
        one.plant(patch)
        yield


# ---------------------------------------------------------------- what an unknown outcome costs


@mutant(profiles.LONG_LAG, says="a duplicate", quiet_period=timedelta(0))
def no_quiet_period(_: Patch) -> None:
    """A lost answer is looked for at once."""


@mutant(profiles.LONG_LAG, says="a duplicate", quiet_period=timedelta(seconds=5))
def a_quiet_period_of_5_seconds(_: Patch) -> None:
    """Shorter than what Wix may take."""


@mutant(profiles.STALE, says="a duplicate")
def one_empty_reading_is_proof(patch: Patch) -> None:
    patch.setattr(awards, "EMPTY_READS_NEEDED", 1)


@mutant(profiles.LONG_LAG, says="a duplicate")
def a_lost_answer_is_taken_for_not_sent(patch: Patch) -> None:
    def sent_nothing(self: Award, now: datetime, _: object, *, reason: str) -> Award:
        return self.not_sent(now, wait=1.0, reason=reason)

    patch.setattr(Award, "lost", sent_nothing)


@mutant(profiles.FAULTS, says="a duplicate")
def a_write_is_repeated_where_wix_answers_5xx(patch: Patch) -> None:
    send = Transport.send

    def stubborn(self: Transport, call: Any, headers: Any, **how: Any) -> Answer:
        answer = send(self, call, headers, **how)
        return send(self, call, headers, **how) if answer.status >= 500 else answer

    patch.setattr(Transport, "send", stubborn)


# ---------------------------------------------------------------- whose hand it is in


@mutant(profiles.FAULTS, says="does not know of")
def in_flight_is_committed_after_the_call(patch: Patch) -> None:
    settle, kept = SqlAwards.settle, dict[str, list[Award]]()

    def late(self: SqlAwards, some: Sequence[Award], *, claim: str, **how: Any) -> int:
        """What is in flight is written with what became of it, in one transaction."""
        flying = [one for one in some if one.state is State.INFLIGHT]
        if flying:
            kept[claim] = flying
            return settle(self, [one for one in some if one not in flying], claim=claim, **how)
        settle(self, kept.pop(claim, []), claim=claim)
        return settle(self, some, claim=claim, **how)

    patch.setattr(SqlAwards, "settle", late)
    patch.setattr(SqlAwards, "holds", lambda *_, **__: True)


@mutant(profiles.MANY_STALLS, says="a duplicate")
def a_lock_of_30_seconds_in_place_of_the_claim(patch: Patch) -> None:
    claim, locked = SqlAwards.claim, dict[str, datetime]()

    def under_lock(self: SqlAwards, site: str, **how: Any) -> Claimed | None:
        now = self._moment.now
        if site in locked and now < locked[site]:
            return None
        if found := claim(self, site, **how):
            locked[site] = now + _LOCK
            mine = award_table.c.claim == found.token
            self._connection.execute(update(award_table).where(mine).values(claim=None))
        return found

    def settle(self: SqlAwards, some: Sequence[Award], **_: Any) -> int:
        """Whoever comes writes."""
        if not some:
            return 0
        if not any(one.state is State.INFLIGHT for one in some):
            locked.pop(some[0].site, None)
        after = {(one.member_id, one.badge): one for one in some}
        rows = self._connection.execute(
            select(*ledger.COLUMNS).where(ledger.any_of(some[0].site, list(after)))
        )
        stored = [one for one in map(ledger.from_row, rows) if (one.member_id, one.badge) in after]
        changes = [(one, after[one.member_id, one.badge]) for one in stored]
        claims.write(self._connection, changes, now=self._moment.now)
        return len(changes)

    patch.setattr(SqlAwards, "claim", under_lock)
    patch.setattr(SqlAwards, "settle", settle)
    patch.setattr(SqlAwards, "holds", lambda *_, **__: True)


@mutant(profiles.SLEEPS, says="a duplicate")
def nothing_is_checked_again_before_the_send(patch: Patch) -> None:
    patch.setattr(assign, "_fence", lambda *_, **__: lambda: None)


# ---------------------------------------------------------------- what an answer means


def _read_as(patch: Patch, kind: type[BadgeJobsError]) -> None:
    """Items of a bulk answer with such an error count as not sent."""
    created = bulk.created

    def misread(answer: Any, pairs: Any) -> list[Created]:
        return [
            Created(error=NotSent("failed")) if isinstance(one.error, kind) else one
            for one in created(answer, pairs)
        ]

    patch.setattr(bulk, "created", misread)


@mutant(profiles.OWNER_REFUSED, says="Wix has said to stand")
def what_exists_already_by_a_bulk_answer_is_sent_again(patch: Patch) -> None:
    _read_as(patch, AlreadyExists)


@mutant(profiles.SILENT, says="a duplicate")
def an_item_that_a_bulk_answer_is_silent_about_is_sent_again(patch: Patch) -> None:
    created = bulk._created

    def hasty(rows: Any, pair: Any) -> Created:
        return created(rows, pair) if rows else Created(error=NotSent("no row"))

    patch.setattr(bulk, "_created", hasty)


@mutant(profiles.MEMBERS_DELETED, says="missing|waits|a member who is gone|not rest")
def rows_of_a_bulk_answer_are_matched_by_their_place(patch: Patch) -> None:
    rows = bulk._rows

    def by_place(answer: Any) -> Any:
        found = [one for some in rows(answer).values() for one in some]
        return {index: [one] for index, one in enumerate(found)}

    patch.setattr(bulk, "_rows", by_place)


@mutant(
    profiles.MEMBERS_DELETED,
    says="a member who is gone is paused|come to rest|the ledger says (held|paused)",
)
def a_member_who_is_gone_is_taken_for_a_badge_that_is_gone(patch: Patch) -> None:
    patch.setattr(assign, "badges_gone", lambda _, missed: frozenset(missed))
