"""Reading the past of a site, with a bar that says how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer

from badgejobs.bootstrap import House
from badgejobs.cli.foreground import BY, Done, Duty, Foreground
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output
from badgejobs.cli.progress import Progress
from badgejobs.cli.site import (
    AsJson,
    MaxSeconds,
    SiteName,
    checked_rules,
    report,
    sources_of,
)
from badgejobs.cli.triggering import Background, Wait, trigger
from badgejobs.core.source import Counting, Track
from badgejobs.core.watermark import Round
from badgejobs.errors import LeaseTaken, Paced
from badgejobs.flow.pages import Scanned
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import Outcome
from badgejobs.store.overviews import ScanOverview

#: Where a worker is at it already, its progress is looked at so often.
_LOOK_SECONDS = 2.0


def backfill(
    site: SiteName = None,
    source: Annotated[str | None, typer.Argument(help="Default: all.", show_default=False)] = None,
    *,
    again: Annotated[
        bool, typer.Option("--again", help="Read it anew though it was read to its end.")
    ] = False,
    background: Background = False,
    wait: Wait = False,
    max_seconds: MaxSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Read a site's past now, from the first record on, and say how far it is.

    The live scan goes on beside it. Where workers run, they begin a new site's past by
    themselves: this then shows their progress. It can be cut off at any moment and goes on
    where it was. Nobody is told of badges that were earned in the past.

    Example: badgejobs backfill my-shop orders
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    with opened(settings) as house, out.progress() as tell:
        checked_rules(house, name)
        duties.register(house)
        wanted = sources_of(house, name, source)
        with house.store.begin() as tx:
            done_before = [
                one
                for one in wanted
                if tx.scans.is_complete(name, one) and not tx.scans.is_open(name, one)
            ]
            wanted = [one for one in wanted if again or one not in done_before]
            tx.scans.make_failed_due(name, asked_by=BY)
            for one in wanted:
                # to ask for one that is open would be to wish for another after it
                if not tx.scans.is_open(name, one):
                    tx.scans.make_due(name, one, Track.FULL, asked_by=BY)
        done = None
        if not (background or wait):
            past = Past(house, name, tell=tell, max_seconds=max_seconds)
            try:
                done = past.read(wanted)
            except KeyboardInterrupt:
                out.note("badgejobs: interrupted; the same command goes on where it was")
                raise
    if not again:
        for one in done_before:
            out.note(f"badgejobs: the history of {one} was read to its end before; --again reads "
                     "it anew")  # fmt: skip
    if done is not None:
        report(done, out)
    trigger(
        settings,
        out,
        [
            ("badgejobs.scan", {"site": name, "source": one, "track": Track.FULL.value})
            for one in wanted
        ],
        what=f"the past of {', '.join(wanted) or 'no source'} of {name}",
        data={"site": name, "sources": wanted},
        wait=wait,
        max_seconds=max_seconds,
    )


class Past(Foreground):
    """The full readings of one site, in this process or watched in another."""

    def read(self, sources: list[str]) -> Done:
        """Read these sources to their end."""
        return self.work_off({one: Duty(self._reading(one)) for one in sources})

    def _reading(self, source: str) -> Callable[[], Outcome]:
        measure = _Measure(self.house, self.site, source, self.tell)

        def unit() -> Outcome:
            outcome = work.run_scan(
                self.house,
                self.site,
                source,
                Track.FULL,
                by=BY,
                most=self.time_left(),
                heard=measure.heard,
            )
            measure.slice_is_over(outcome.numbers.get("seen", 0))
            if not isinstance(outcome.cause, LeaseTaken):
                return outcome
            if measure.is_over():
                return replace(outcome, error=None, cause=None, more=False)
            return replace(outcome, cause=Paced("a worker is at it", seconds=_LOOK_SECONDS))

        return unit


class _Measure:
    """How much of a source is read, and of how much as far as that can be told."""

    def __init__(self, house: House, site: str, source: str, tell: Progress) -> None:
        self._house, self._site, self._source, self._tell = house, site, source, tell
        self._total: int | None = None
        self._is_about = False
        self._is_asked = False
        self._before = 0
        with house.store.read() as tx:
            self._first: datetime | None = tx.activities.oldest_change(site, source)
            row = self._row(tx.scans.overview(site))
            self._until = row.place.until if row and isinstance(row.place, Round) else None
            if row and isinstance(row.place, Round) and row.place.scanning:
                known, self._before = tx.activities.standing(
                    site, source, seen_since=row.place.generation
                )
            if row and row.completed_at:
                # what was read to its end before tells how much there is
                self._total = known if row.place.scanning else tx.activities.number(site, source)
                self._is_about = True

    def heard(self, so_far: Scanned) -> None:
        """One page more."""
        self._ask()
        self._show(self._before + so_far.seen, so_far.until)

    def slice_is_over(self, seen: int) -> None:
        """What one slice read is behind us."""
        self._before += seen

    def is_over(self) -> bool:
        """Whether a worker has come to the end meanwhile; shows how far it is."""
        with self._house.store.read() as tx:
            row = self._row(tx.scans.overview(self._site))
            place = row.place if row else None
            since = place.generation if isinstance(place, Round) else 0
            _, number = tx.activities.standing(self._site, self._source, seen_since=since)
        if row is None or not isinstance(row.place, Round):
            return True
        self._until = row.place.until
        self._show(number, row.place.read_to)
        return not row.place.scanning

    def _row(self, rows: list[ScanOverview]) -> ScanOverview | None:
        here = [one for one in rows if (one.source, one.track) == (self._source, Track.FULL)]
        return here[0] if here else None

    def _ask(self) -> None:
        """Ask Wix once how much there is, where the source can."""
        if self._is_asked:
            return
        self._is_asked = True
        at = self._house.at(self._site)
        source = at.source(self._source, at.rules().wants)
        if isinstance(source, Counting) and (told := source.count(at.client(Track.FULL))):
            self._total, self._is_about = told, False

    def _show(self, done: int, read_to: datetime | None) -> None:
        of, is_about = self._total, self._is_about
        if of is None and read_to is not None:
            of, is_about = self._estimated(done, read_to), True
        of = None if of is None else max(of, done)
        self._tell.counted(f"{self._source} read", done, of=of, is_about=is_about)

    def _estimated(self, done: int, read_to: datetime) -> int | None:
        """By the part of the time that is read; ``None`` before much of it is."""
        self._first = self._first or read_to
        if self._until is None:
            with self._house.store.read() as tx:
                row = self._row(tx.scans.overview(self._site))
            self._until = row.place.until if row and isinstance(row.place, Round) else None
        if self._until is None or self._until <= self._first:
            return None
        part = (read_to - self._first) / (self._until - self._first)
        return round(done / part) if part > 0.01 else None  # noqa: PLR2004 - one percent
