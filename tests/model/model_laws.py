"""What must be true of what is stored: at every moment, and when the site has come to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from live_site import LONG_AGO, LiveSource, Version
from site_life import FAR, LATE, MEMBERS
from sqlalchemy import select

from badgejobs.core.activity import Activity, Mark, is_live
from badgejobs.core.award import State
from badgejobs.core.evaluate import evaluate
from badgejobs.core.milestone import Count, Look, Milestone, Ruleset, Selection, Sum
from badgejobs.core.policy import CommentPolicy, OrderPolicy
from badgejobs.core.source import Track
from badgejobs.core.watermark import Round, Watermark
from badgejobs.flow.cadence import Cadence
from badgejobs.store import SqlStore
from badgejobs.store.facts import COLUMNS, GONE, from_row
from badgejobs.store.overviews import ScanOverview
from badgejobs.store.tables import activity

Kind = Literal["orders", "comments"]

CADENCE = Cadence()
EVER = timedelta(days=1000)


class Wrong(AssertionError):
    """Something that must be true at every moment, or at the end, is not."""


def rules_for(kind: Kind) -> Ruleset:
    orders = Selection(source="orders", policy=OrderPolicy())
    comments = Selection(source="comments", policy=CommentPolicy())
    of = orders if kind == "orders" else comments
    conditions: dict[str, Count | Sum] = {
        f"{number}-{kind}": Count(of=of, gte=number) for number in (1, 2, 3, 4, 6, 9)
    }
    if kind == "orders":
        conditions["spender"] = Sum(of=orders, gte=8000, currency="GBP")
    return Ruleset(
        version="v1",
        milestones=tuple(
            Milestone(badge=badge, title=badge, look=Look(title=badge), condition=condition)
            for badge, condition in conditions.items()
        ),
    )


class Laws:
    """The laws of one site, held against its true history."""

    def __init__(
        self,
        kind: Kind,
        site: str,
        source: LiveSource,
        rules: Ruleset,
        store: SqlStore,
        *,
        now: Callable[[], datetime],
        skew: timedelta,
    ) -> None:
        self.kind, self.site, self.source, self.rules = kind, site, source, rules
        self.store, self.wix_now, self.skew = store, now, skew
        self._seen = dict[str, tuple[int, datetime]]()
        self._authors = dict[str, str]()
        self._complete = dict[Track, datetime]()
        self._live_from: datetime | None = None

    def check(self) -> None:
        """What must be true at every moment."""
        stored, places, known = self._look()
        for name, one in stored.items():
            self._check_state(name, one)
        self._check_ledger(stored)
        if self.kind == "orders":
            self._check_watermark(stored, places)
        else:
            self._check_memo(stored, known)
        self._check_readings(stored, places)

    def _look(
        self,
    ) -> tuple[dict[str, Activity], dict[Track, ScanOverview], Mapping[str, Mapping[str, int]]]:
        with self.store.begin() as tx:
            rows = tx._connection.execute(
                select(*COLUMNS).where(activity.c.site == self.site)
            ).all()
            places = {one.track: one for one in tx.scans.overview(self.site)}
            known = tx.resources.known(self.site, self.kind)
        return {row[0]: from_row(self.site, row) for row in rows}, places, known

    def _check_state(self, name: str, one: Activity) -> None:
        """It is a state that its record had, never an older one than before, and not given up."""
        record = self.source.records[name]
        states = [expected(version.state, one) for version in record.versions]
        if replace(one, marks=one.marks - GONE) not in states:
            raise Wrong(f"{name} is stored in a state that it never had")
        age = age_of(one)
        if age < self._seen.get(name, age):
            raise Wrong(f"{name} went back to an older state")
        self._seen[name] = age
        if Mark.GONE in one.marks and record.removed_at is None:
            raise Wrong(f"{name} is held to be gone, and stands")
        author = record.versions[0].state.member_id
        if one.member_id not in {author, None}:
            raise Wrong(f"{name} is another member's")
        if one.member_id is None and name in self._authors:
            raise Wrong(f"the author of {name} is forgotten")
        if one.member_id:
            self._authors[name] = one.member_id

    def _check_ledger(self, stored: Mapping[str, Activity]) -> None:
        """What stands in the ledger is what the stored facts earn, no more and no less."""
        standing, now = self._standing()
        earned = self._earned(list(stored.values()), now)
        if standing != earned:
            raise Wrong(f"the ledger is not what the facts earn: {differences(standing, earned)}")

    def _standing(self) -> tuple[dict[tuple[str, str], tuple[datetime, str]], datetime]:
        with self.store.begin() as tx:
            awards, now = tx.awards.of_members(self.site, MEMBERS), tx.now
        return {
            pair: (award.earned_at, award.crossed_by)
            for pair, award in awards.items()
            if award.state is not State.WITHDRAWN
        }, now

    def _earned(
        self, facts: list[Activity], now: datetime
    ) -> dict[tuple[str, str], tuple[datetime, str]]:
        found = dict[tuple[str, str], tuple[datetime, str]]()
        for member in MEMBERS:
            theirs = [one for one in facts if one.member_id == member]
            for milestone in self.rules.milestones:
                answer = evaluate(theirs, milestone, now)
                if answer.met:
                    assert answer.earned_at
                    found[member, milestone.badge] = (answer.earned_at, answer.crossed_by)
        return found

    def _check_watermark(
        self, stored: Mapping[str, Activity], places: Mapping[Track, ScanOverview]
    ) -> None:
        """What lies before the next window of the live track is recorded."""
        mark, backfill = places[Track.LIVE].place, places[Track.FULL].place
        assert isinstance(mark, Watermark)
        assert isinstance(backfill, Round)
        if self._live_from is None:
            if backfill.until is None:
                return
            self._live_from = backfill.until - CADENCE.overlap
        behind = mark.opened(CADENCE.overlap).since
        if behind is None:
            return
        for name, version in self._promised(LATE):
            stamp = version.state.updated_at
            if self._live_from <= stamp < behind and is_older(stored.get(name), version.state):
                raise Wrong(f"the watermark passed {name}, which is not recorded as it is")

    def _promised(self, up_to: timedelta) -> Iterator[tuple[str, Version]]:
        """What the index shows now and showed no later than this after its stamp."""
        now = self.wix_now()
        for name, record in self.source.records.items():
            version = record.shown(now)
            if version and record.lateness(version) <= up_to:
                yield name, version

    def _check_memo(
        self, stored: Mapping[str, Activity], known: Mapping[str, Mapping[str, int]]
    ) -> None:
        """The numbers by resource are those of the rows."""
        rows = Counter((one.part, one.post) for one in stored.values() if is_live(one.marks))
        memo = {
            (part, post): number
            for part, posts in known.items()
            for post, number in posts.items()
            if number
        }
        if memo != rows:
            raise Wrong("the numbers by resource are not those of the rows")

    def _check_readings(
        self, stored: Mapping[str, Activity], places: Mapping[Track, ScanOverview]
    ) -> None:
        """What stood all the time of a reading that is now complete is recorded."""
        for track, row in places.items():
            place = row.place
            if not isinstance(place, Round) or track is Track.LIVE or place.scanning:
                continue
            if place.complete_from is None or place.complete_from == self._complete.get(track):
                continue
            self._complete[track] = place.complete_from
            began = place.complete_from - self.skew - timedelta(microseconds=1)
            for name, record in self.source.records.items():
                version = record.shown(began)
                if version is None or record.shown(self.wix_now()) is not version:
                    continue
                if record.blink and record.blink[1] >= began:
                    continue
                stamp = version.state.updated_at
                if place.since and stamp < place.since:
                    continue
                if self.kind == "orders" and place.until and stamp >= place.until:
                    continue
                if is_older(stored.get(name), version.state):
                    raise Wrong(f"a complete reading ({track}) did not record {name}")

    def compare(self, *, up_to: timedelta, promised_by: str) -> None:
        """What is stored is what the site shows: nothing missed, nothing stale."""
        stored, _, _ = self._look()
        for name, version in self._promised(up_to):
            one = stored.get(name)
            if one is None:
                raise Wrong(f"{name} is missed by {promised_by}")
            if one != expected(version.state, one):
                raise Wrong(f"{name} is stale, and {promised_by} should know")

    def check_gone(self) -> None:
        """What was removed is known to be gone; and so is nothing else."""
        stored, _, _ = self._look()
        for name, one in stored.items():
            is_removed = self.source.records[name].removed_at is not None
            if is_removed != (Mark.GONE in one.marks):
                raise Wrong(f"{name} is removed, and that is not known")

    def check_ledger_is_true(self) -> None:
        """The ledger is what the true history earns, and each record counts once."""
        standing, now = self._standing()
        shown = [record.shown(self.wix_now()) for record in self.source.records.values()]
        earned = self._earned([one.state for one in shown if one], now)
        if standing != earned:
            raise Wrong(f"the ledger is not the true history: {differences(standing, earned)}")


def expected(state: Activity, stored: Activity) -> Activity:
    """A state of Wix as it is to be stored: of what is deleted, what was told before is kept."""
    if Mark.DELETED not in state.marks:
        return state
    return replace(state, member_id=stored.member_id, parent=stored.parent, length=stored.length)


def age_of(one: Activity) -> tuple[int, datetime]:
    """What tells which of two states is newer; a stamp of 2099 tells nothing."""
    return one.revision, LONG_AGO if one.updated_at == FAR else one.updated_at


def is_older(stored: Activity | None, state: Activity) -> bool:
    return stored is None or age_of(stored) < age_of(state)


def differences(some: Mapping[Any, Any], others: Mapping[Any, Any]) -> str:
    """The keys in which the two differ."""
    keys = sorted(key for key in {*some, *others} if some.get(key) != others.get(key))
    return ", ".join(f"{key}: {some.get(key)} for {others.get(key)}" for key in keys[:3])
