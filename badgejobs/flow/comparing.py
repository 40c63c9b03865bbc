"""One complete reading of Wix, held against the ledger part by part."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from badgejobs.core import alert
from badgejobs.core.award import Award, State
from badgejobs.core.comparison import (
    KEPT,
    Compared,
    Found,
    Kept,
    Reading,
    compared,
    oldest_first,
    recorded,
    settled_absent,
    surplus,
)
from badgejobs.core.drift import Caution, Drift, Kind
from badgejobs.core.wixfacts import Fence, WixAssignment
from badgejobs.errors import BadgeJobsError, Fenced, Refused
from badgejobs.flow.both_sides import BothSides
from badgejobs.flow.ports import Transaction

Pair = tuple[str, str]
Item = TypeVar("Item")

#: Awards compared in one transaction.
CHUNK = 500
#: Members looked up in one call.
LOOKED_UP = 100
#: Of the whole site, where a text is told by badge.
SITE = ""

_STANDS_TWICE = "stands more than once; which of them are ours is not sure, so none is taken away"
_TWICE_BY_US = "stands more than once, by attempts of ours"


class Comparison:
    """The two sides of one site, and what came of comparing them."""

    def __init__(
        self,
        at: BothSides,
        reading: Reading,
        caution: Caution,
        managed: Mapping[str, str],
        standing: Mapping[Pair, Sequence[WixAssignment]],
        *,
        accepted: bool,
    ) -> None:
        self._at, self._reading, self._caution = at, reading, caution
        self._managed, self._standing, self._accepted = dict(managed), standing, accepted
        #: How many pairs came to what, by badge.
        self.numbers = defaultdict[str, Counter[str]](Counter)
        self._trouble: BadgeJobsError | None = None
        #: What is not believed, in words, by badge.
        self._doubts = dict[str, str]()
        self._twice_before = frozenset[Pair]()
        self._to_repair = list[tuple[Award, tuple[str, ...]]]()
        self._not_repaired = 0

    @property
    def error(self) -> BadgeJobsError | None:
        """What was not believed, or could not be done."""
        if self._doubts:
            return Refused("; ".join(self._doubts.values()))
        return self._trouble

    def run(self) -> None:
        """Compare, and act on what is sure."""
        absent, settled, assigned = self._survey()
        self._doubt(settled)
        believed = set(self._managed) - set(self._doubts)
        if SITE not in self._doubts:
            here = (pair for pair in sorted(self._standing) if pair[1] in believed)
            self._compare(here)
            absent = {pair: again for pair, again in absent.items() if pair[1] in believed}
            again = [pair for pair, twice in absent.items() if twice]
            if self._caution.holds_back(len(again), of=assigned) and not self._accepted:
                self._doubts[SITE] = _too_many(self._at.site, len(again), assigned)
                self._stay_missing(again, note="more at once than the guard lets pass")
                again = []
            self._compare(pair for pair, twice in absent.items() if not twice)
            self._end(again)
            self._repair()
            self._close(but=set(self._doubts) - {SITE})
        self._alert()
        for badge, number in self._at.paused.items():
            self.numbers[badge]["badge_gone"] += number

    # ------------------------------------------------------------ what is believed

    def _survey(self) -> tuple[dict[Pair, bool], Counter[str], int]:
        """What the ledger has there, or should not have there, before anything is decided.

        Returned are the pairs that Wix does not show, and whether for the second time; how many
        awards of each badge the reading must have shown; and how many are assigned in all.
        """
        absent, settled, assigned = dict[Pair, bool](), Counter[str](), 0
        after: Pair | None = ("", "")
        while after is not None:
            with self._at.store.read() as tx:
                some = tx.comparing.known(
                    self._at.site,
                    self._managed,
                    (State.ASSIGNED, State.TAKEN),
                    after=after,
                    limit=CHUNK,
                )
            for one in some:
                pair = (one.award.member_id, one.award.badge)
                stands = one.award.state is State.ASSIGNED
                assigned += stands
                settled[one.award.badge] += stands and one.is_settled(self._reading)
                if pair not in self._standing:
                    absent[pair] = stands and one.missed_before(self._reading)
            after = pair if len(some) == CHUNK else None
        before = self._reading.began - self._reading.timing.quiet_period
        with self._at.store.read() as tx:
            self._twice_before = tx.drifts.since(self._at.site, Kind.DUPLICATE, before=before)
        return absent, settled, assigned

    def _doubt(self, settled: Counter[str]) -> None:
        """Find out which silence of Wix is not believed."""
        shown = {badge for _, badge in self._standing}
        most = self._caution.empty_above
        for badge, wix_id in list(self._managed.items()):
            if badge in shown or settled[badge] == 0:
                continue
            if self._at.is_gone(badge, wix_id):
                # deleted while Wix was read
                del self._managed[badge]
                del settled[badge]
            elif settled[badge] > most and not self._accepted:
                self._doubts[badge] = _empty(self._at.site, settled[badge], badge)
        total = settled.total()
        if total > most and not self._standing and not self._accepted:
            self._doubts = {SITE: _empty(self._at.site, total)}

    # ------------------------------------------------------------ comparing

    def _compare(self, pairs: Iterable[Pair]) -> None:
        for some in _parts(pairs, CHUNK):
            kept = self._decide(
                some,
                lambda one, tx: compared(one, self._rows(_pair(one)), self._reading, tx.now),
            )
            if unknown := [pair for pair in some if pair not in kept]:
                self._record(unknown)

    def _decide(
        self, pairs: Sequence[Pair], judge: Callable[[Kept, Transaction], Compared]
    ) -> Collection[Pair]:
        """Judge awards under their locks, and write what comes of it; which were judged."""
        changes, drifts = list[tuple[Award, Award]](), list[Drift]()
        with self._at.open() as tx:
            if not self._at.dry_run:
                # before any row is locked, as every decision does it
                tx.activities.take_turns(self._at.site)
            kept = tx.comparing.of(self._at.site, pairs, lock=not self._at.dry_run)
            for pair, one in kept.items():
                told = judge(one, tx)
                self.numbers[pair[1]][_counted_as(told)] += 1
                after = told.after or one.award
                rows = self._rows(pair)
                kind, note = told.drift, told.note
                if len(rows) > 1:
                    kind = Kind.DUPLICATE
                    after, note = self._twice(replace(one, award=after), rows)
                if after != one.award:
                    changes.append((one.award, after))
                if kind:
                    drifts.append(self._drift(pair, kind, note))
            if not self._at.dry_run:
                tx.comparing.write(changes)
                tx.drifts.found(self._at.site, drifts)
        return kept

    def _record(self, pairs: Sequence[Pair]) -> None:
        """Pairs that stand at Wix, and are not in the ledger: a person gave them."""
        site = self._at.site
        with self._at.open() as tx:
            if not self._at.dry_run:
                # nobody decides or erases these members meanwhile
                tx.activities.take_turns(site)
            version = tx.bindings.applied(site)[0] or ""
            known = tx.comparing.of(site, pairs, lock=False)
            erased = tx.comparing.erased(site, {member for member, _ in pairs})
            new = [pair for pair in pairs if pair not in known and pair[0] not in erased]
            for pair in pairs:
                self.numbers[pair[1]]["extra" if pair in new else "left"] += 1
                self.numbers[pair[1]]["duplicate"] += len(self._rows(pair)) > 1
            if self._at.dry_run:
                return
            tx.comparing.record(
                [
                    recorded(site, pair[1], self._rows(pair)[0], tx.now, rules_version=version)
                    for pair in new
                ]
            )
            tx.drifts.found(
                site,
                [
                    self._drift(pair, Kind.DUPLICATE, _STANDS_TWICE)
                    if len(self._rows(pair)) > 1
                    else self._drift(pair, Kind.EXTRA, KEPT)
                    for pair in new
                ],
            )

    def _end(self, pairs: Sequence[Pair]) -> None:
        """What is absent for the second time: whose absence is it?"""
        gone = {
            badge for badge in {badge for _, badge in pairs}
            if self._at.is_gone(badge, self._managed[badge])
        }  # fmt: skip
        pairs = [pair for pair in pairs if pair[1] not in gone]
        members = sorted({member for member, _ in pairs})
        missed, untold, unasked = set[str](), set[str](), set[str]()
        for some in _parts(members, LOOKED_UP):
            try:
                there = self._at.there(some)
            except BadgeJobsError as error:
                self._trouble = error
                unasked |= set(some)
                continue
            if there is None:
                untold |= set(some)
            else:
                missed |= set(some) - set(there)
        if len(missed) > self._caution.empty_above and len(missed) == len(members):
            # as if the site had no members at all: not believed either
            unasked |= missed
        self._stay_missing(
            [pair for pair in pairs if pair[0] in unasked],
            note="whether the member is gone at Wix could not be told",
        )
        for chunk in _parts((pair for pair in pairs if pair[0] not in unasked), CHUNK):
            self._decide(
                chunk,
                lambda one, tx: settled_absent(
                    one,
                    self._reading,
                    tx.now,
                    member_gone=one.award.member_id in missed,
                    told=one.award.member_id not in untold,
                ),
            )

    def _stay_missing(self, pairs: Sequence[Pair], *, note: str) -> None:
        """Absent for the second time, and nothing is concluded from it."""
        for pair in pairs:
            self.numbers[pair[1]]["missing"] += 1
        if not self._at.dry_run:
            with self._at.store.begin() as tx:
                tx.drifts.found(
                    self._at.site, [self._drift(pair, Kind.MISSING, note) for pair in pairs]
                )

    # ------------------------------------------------------------ what stands twice

    def _twice(self, kept: Kept, rows: Sequence[WixAssignment]) -> tuple[Award, str]:
        """A pair that stands more than once: the award with the one that stays, and a note."""
        pair = _pair(kept)
        self.numbers[pair[1]]["duplicate"] += 1
        ids = surplus(kept, rows, self._reading)
        if not ids:
            self._not_repaired += 1
            return kept.award, _STANDS_TWICE
        if not self._caution.repair_duplicates:
            self._not_repaired += 1
            return kept.award, f"{_TWICE_BY_US}; assign.repair_duplicates is off"
        if pair not in self._twice_before:
            return kept.award, f"{_TWICE_BY_US}; repaired once a second reading shows it"
        stays = replace(kept.award, assignment_id=rows[0].id)
        self._to_repair.append((stays, ids))
        return stays, f"{_TWICE_BY_US}; all but the oldest are taken away"

    def _repair(self) -> None:
        for award, ids in self._to_repair:
            gone = len(ids)
            if not self._at.dry_run:
                try:
                    if not self._stands(award):
                        continue
                    done = self._at.badges.delete_assignments(ids, fence=self._fence(award))
                except Fenced:
                    continue
                except BadgeJobsError as error:
                    # by id, so the next reading may repeat it
                    self._trouble = error
                    return
                self._trouble = next((one.error for one in done if one.error), self._trouble)
                gone = sum(one.error is None for one in done)
            self.numbers[award.badge]["repaired"] += gone

    def _stands(self, award: Award) -> bool:
        """Whether the one that is to stay is there still: it may be long since it was seen."""
        rows = self._at.badges.assignments([self._managed[award.badge]], [award.member_id])
        return any(row.id == award.assignment_id for row in rows)

    def _fence(self, award: Award) -> Fence:
        """The check right before the socket write: does the other one stand as it did?"""

        def check() -> None:
            pair = (award.member_id, award.badge)
            with self._at.store.begin() as tx:
                kept = tx.comparing.of(self._at.site, [pair], lock=False).get(pair)
            if kept is None or _what_counts(kept.award) != _what_counts(award):
                raise Fenced("the award has moved since Wix was read; nothing was taken away")

        return check

    # ------------------------------------------------------------ what is kept of it

    def _close(self, *, but: Collection[str]) -> None:
        if not self._at.dry_run:
            with self._at.store.begin() as tx:
                tx.drifts.close(self._at.site, before=self._reading.began, but=but)

    def _alert(self) -> None:
        """Tell a person what they must know, and no more what is over."""
        if self._at.dry_run:
            return
        texts = dict(self._doubts)
        if self._not_repaired and SITE not in texts:
            texts[SITE] = (
                f"{self._not_repaired} times a badge stands more than once with one member; "
                f"`badgejobs drift {self._at.site} --kind duplicate` lists them"
            )
        with self._at.store.begin() as tx:
            for subject in {SITE, *self._managed} - set(texts):
                if SITE not in self._doubts or subject == SITE:
                    tx.alerts.clear(self._at.site, alert.Kind.DRIFT, subject=subject)
            for subject, text in texts.items():
                tx.alerts.raised(self._at.site, alert.Kind.DRIFT, text, subject=subject)

    def _rows(self, pair: Pair) -> Sequence[WixAssignment]:
        return oldest_first(self._standing.get(pair, ()))

    def _drift(self, pair: Pair, kind: Kind, note: str) -> Drift:
        return Drift(
            site=self._at.site,
            member_id=pair[0],
            badge=pair[1],
            kind=kind,
            at_wix=len(self._standing.get(pair, ())),
            note=note,
        )


def _counted_as(told: Compared) -> str:
    if told.found is Found.ABSENT and told.after and told.after.state is State.BLOCKED:
        return "member_gone"
    return told.found.value


def _what_counts(award: Award) -> tuple[object, ...]:
    return award.state, award.giver, award.assignment_id, award.attempt, award.claim, award.by_hand


def _pair(kept: Kept) -> Pair:
    return kept.award.member_id, kept.award.badge


def _parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    each = iter(items)
    while some := list(islice(each, size)):
        yield some


def _empty(site: str, number: int, badge: str = "") -> str:
    what = f"the badge {badge}" if badge else "its badges"
    return (
        f"{site}: Wix shows nobody with {what}, and {number} stood; that is not believed, and "
        f"nothing is changed; if a person took them all away, run `badgejobs reconcile {site} "
        "--yes-they-were-taken` twice, a quiet period (assign.quiet_period_seconds) apart"
    )


def _too_many(site: str, number: int, of: int) -> str:
    return (
        f"{site}: {number} of {of} badges given are gone at Wix, more at once than the guard lets "
        f"pass (assign.guard_percent, assign.guard_least); look at `badgejobs drift {site} --kind "
        f"missing`, and if a person took them, run `badgejobs reconcile {site} "
        "--yes-they-were-taken`"
    )
