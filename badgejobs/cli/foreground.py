"""The work of one site done here and now, without a broker: what workers do, in one loop."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from badgejobs.bootstrap import House
from badgejobs.cli.progress import Progress
from badgejobs.core import alert
from badgejobs.core.award import OPEN
from badgejobs.core.source import Track
from badgejobs.errors import (
    BadgeJobsError,
    Later,
    NotFound,
    NotSent,
    Paced,
    Permanent,
    PermissionMissing,
    Refused,
    SourceBroken,
    Transient,
)
from badgejobs.jobs import duties, work
from badgejobs.jobs.retrying import verdict
from badgejobs.jobs.units import BY_HAND, Outcome

BY = BY_HAND
#: A duty that failed so often in a row is left for the next call.
MOST_FAILURES = 5
#: Ctrl-C and the end of the time are seen at least this often.
_NAP_SECONDS = 0.5

#: What blocks one duty and leaves the others their chance; all else blocks everything.
_ABOUT_ONE_DUTY = (PermissionMissing, Refused, NotFound, SourceBroken)

_KEYS = ("seen", "new", "changed", "quarantined", "opened", "withdrawn", "held", "cleared")
_AWARD_KEYS = ("created", "found", "unknown", "refused", "revoked")


_TIME_IS_UP = "the time is up; the rest waits for the next call"


@dataclass(slots=True)
class Done:
    """What came of it."""

    site: str
    scanned: Counter[str] = field(default_factory=Counter)
    awards: Counter[str] = field(default_factory=Counter)
    calls: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    #: What only a person can mend.
    blocked_by: BadgeJobsError | None = None
    #: Why something was left for the next call.
    left: str | None = None

    @property
    def is_partial(self) -> bool:
        """Whether the next call has something to do that this one should have done."""
        return self.left is not None or self.awards["refused"] > 0

    def as_json(self) -> dict[str, Any]:
        """For ``--json``: numbers only, no member data."""
        return {
            "site": self.site,
            "complete": not self.is_partial and self.blocked_by is None,
            "calls": {"total": sum(self.calls.values()), "by_path": self.calls},
            "activities": {name: self.scanned[name] for name in _KEYS[:4]},
            "awards": {name: self.scanned[name] for name in _KEYS[4:]}
            | {name: self.awards[name] for name in _AWARD_KEYS},
            "seconds": round(self.seconds, 1),
            "error": str(self.blocked_by) if self.blocked_by else self.left,
        }


@dataclass(slots=True)
class Duty:
    """Something to be done until it is done once."""

    run: Callable[[], Outcome]
    failures: int = 0
    #: By the monotonic clock.
    not_before: float = 0.0


class Foreground:
    """One site's work in this process. Waiting is allowed here, and told."""

    def __init__(
        self,
        house: House,
        site: str,
        *,
        tell: Progress,
        max_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.house, self.site, self.tell = house, site, tell
        self._clock, self._sleep = clock, sleep
        self._began = clock()
        self._ends = None if max_seconds is None else self._began + max_seconds
        self._assign_failures = 0
        #: What stood in the way last, for the last sentence.
        self._trouble = ""
        self._waits_for = ""
        self._done = Done(site=site)

    def sync(self, sources: Iterable[str]) -> Done:
        """Bind the badges, read the sources, give the awards, until nothing is due.

        When all is read, those are decided whose time has come, or who waited for the history.
        """
        wanted = {
            duties.PROVISION: Duty(lambda: work.run_provision(self.house, self.site, by=BY)),
            **{name: Duty(self._scanning(name)) for name in sources},
        }
        with self.house.store.begin() as tx:
            tx.scans.make_failed_due(self.site)
            for name in wanted:
                tx.scans.make_due(self.site, name, asked_by=BY)
        return self.work_off(wanted, assigning=True, flipping=True)

    def scan(self, sources: Iterable[str]) -> Done:
        """Read these sources, and give nothing yet."""
        with self.house.store.begin() as tx:
            tx.scans.make_failed_due(self.site)
        return self.work_off({name: Duty(self._scanning(name)) for name in sources})

    def assign(self) -> Done:
        """Give what is due."""
        return self.work_off({}, assigning=True)

    def _scanning(self, source: str) -> Callable[[], Outcome]:
        """Read the tracks of a source that are due, and the live one once in any case."""
        before, left = 0, [one for one in self.house.tracks(source) if one is Track.LIVE]
        given_up = set[Track]()

        def unit() -> Outcome:
            nonlocal before
            due = [one for one in self._due_tracks(source) if one not in given_up]
            track = (*due, *left)[0] if due or left else None
            if track is None:
                return self._rest_of(source, given_up)
            outcome = work.run_scan(
                self.house,
                self.site,
                source,
                track,
                by=BY,
                most=self.time_left(),
                heard=lambda so_far: self.tell.counted(f"{source} read", before + so_far.seen),
            )
            before += outcome.numbers.get("seen", 0)
            if isinstance(outcome.cause, _ABOUT_ONE_DUTY) and left and track not in left:
                # What stands in the way of the long readings need not stop what is live.
                given_up.add(track)
                self._done.blocked_by = self._done.blocked_by or outcome.cause
                return replace(outcome, cause=None, error=None, more=True)
            if outcome.cause or outcome.more:
                return outcome
            if track in left:
                left.remove(track)
            # Whether there is more is seen by the next call, which may find it to rest.
            return replace(outcome, more=True)

        return unit

    def _rest_of(self, source: str, given_up: Collection[Track]) -> Outcome:
        """What is left when no track is due: none, or one that was cut off and rests."""
        nothing = Outcome(site=self.site, kind=f"scan {source}", numbers={})
        with self.house.store.read() as tx:
            now, rows = tx.now, tx.scans.overview(self.site)
        waits = [
            (row.due_at - now).total_seconds()
            for row in rows
            if row.source == source and row.track is not Track.LIVE
            if row.track not in given_up and row.place.scanning and row.due_at
        ]
        if not waits:
            return nothing
        return replace(nothing, cause=Paced(f"{source} goes on then", seconds=max(0.1, min(waits))))

    def time_left(self) -> timedelta | None:
        """How long this may still go on, where that is bounded."""
        return None if self._ends is None else timedelta(seconds=self._ends - self._clock())

    def _due_tracks(self, source: str) -> list[Track]:
        """The tracks beside the live one that are to be read now."""
        with self.house.store.read() as tx:
            return [
                track
                for track in self.house.tracks(source)
                if track is not Track.LIVE and tx.scans.is_due(self.site, source, track)
            ]

    def work_off(
        self, wanted: dict[str, Duty], *, assigning: bool = False, flipping: bool = False
    ) -> Done:
        """Do these until each is done once, or something stands in the way."""
        while self._done.left is None and not self._is_hopeless():
            for name in [n for n, duty in wanted.items() if duty.not_before <= self._clock()]:
                self.tell(f"{self.site}: {name}")
                if self._settled(wanted[name], name):
                    del wanted[name]
            if flipping and not wanted:
                flipping = False
                if work.due_flips(self.house, [self.site], 1):
                    wanted[duties.FLIP] = Duty(self._flip)
                    continue
            waits = [duty.not_before - self._clock() for duty in wanted.values()]
            if assigning and (wait := self._assigned()) is not None:
                waits.append(wait)
            if not waits:
                break
            self._wait(min(waits))
        if assigning and self._done.left is None and self._done.blocked_by is None:
            self._done.left = self._capped() or self._guarded()
        self._done.seconds = self._clock() - self._began
        self._done.calls = self.house.calls()
        return self._done

    def _flip(self) -> Outcome:
        return work.run_flip(self.house, self.site, by=BY)

    def _settled(self, duty: Duty, name: str) -> bool:
        """Do one slice of a duty, and say whether it is over."""
        if self._is_hopeless() or self._done.left:
            return True
        outcome = duty.run()
        self._done.scanned.update({k: n for k, n in outcome.numbers.items() if k in _KEYS})
        match outcome.cause:
            case None:
                duty.failures, duty.not_before = 0, 0.0
                return not outcome.more
            case Later() as error:
                self._waits_for = str(error)
                duty.not_before = self._clock() + error.seconds
            case Transient() as error if duty.failures + 1 < MOST_FAILURES:
                self._trouble = f" (last: {error})"
                duty.not_before = self._clock() + verdict(error, duty.failures).seconds
                duty.failures += 1
                self.tell(f"{self.site}: {name} failed and is tried again: {error}")
            case Permanent() as error:
                self._done.blocked_by = self._done.blocked_by or error
                return True
            case error:
                self._done.left = _with_cure(error)
                return True
        return False

    def _assigned(self) -> float | None:
        """Give what is due now; the seconds until more is, or ``None`` when nothing will be."""
        settled = 0
        while True:
            with self.house.store.begin() as tx:
                tx.awards.recover(quiet_period=self.house.timing.quiet_period)
                # nobody waits here for an hour to be over
                due_at, now = tx.awards.next_due_at(self.site, capped=False), tx.now
                states = tx.awards.states(self.site)
            waiting = sum(number for (_, state), number in states.items() if state in OPEN)
            if due_at is None or self._is_hopeless() or self._done.left:
                return None
            if due_at > now:
                return (due_at - now) / timedelta(seconds=1)
            of = settled + waiting

            def heard(claimed: int, of: int = of) -> None:
                nonlocal settled
                settled += claimed
                self.tell.counted("awards brought to Wix", min(settled, of), of=of)

            outcome = work.run_assign(self.house, self.site, by=BY, heard=heard)
            self._done.awards.update({k: n for k, n in outcome.numbers.items() if k in _AWARD_KEYS})
            self._done.scanned["withdrawn"] += outcome.numbers.get("withdrawn", 0)
            if not self._goes_on(outcome):
                return None
            if not outcome.numbers.get("claimed"):
                return _NAP_SECONDS

    def _goes_on(self, outcome: Outcome) -> bool:
        match outcome.cause:
            case None | Later():
                self._assign_failures = 0
            case Transient() as error:
                self._assign_failures += 1
                if self._assign_failures >= MOST_FAILURES:
                    self._done.left = _with_cure(error)
            case error:
                self._done.blocked_by = self._done.blocked_by or error
                return False
        return self._done.left is None

    def _capped(self) -> str | None:
        """That awards wait for the hourly cap, and how they are let go; ``None`` where none do."""
        with self.house.store.read() as tx:
            number, _ = tx.awards.waiting_for_cap(self.site)
        most = self.house.settings.assign.new_awards_an_hour
        if not number:
            return None
        return (
            f"{number} awards wait: more than {most} in an hour; "
            f"`badgejobs release {self.site} --awards {number}` lets them go"
        )

    def _guarded(self) -> str | None:
        """What the rules would take and a person is asked for; ``None`` where nothing is."""
        with self.house.store.begin() as tx:
            if not tx.removals.is_held_back(self.site):
                # what was met again since is due no more, and no batch comes to say so
                tx.alerts.clear(self.site, alert.Kind.REVOCATIONS)
            found = tx.alerts.open([self.site])
        return next((one.text for one in found if one.kind is alert.Kind.REVOCATIONS), None)

    def _is_hopeless(self) -> bool:
        """Whether what blocks one duty blocks all."""
        error = self._done.blocked_by
        return error is not None and not isinstance(error, _ABOUT_ONE_DUTY)

    def _wait(self, seconds: float) -> None:
        until = self._clock() + max(seconds, 0.0)
        if seconds >= 1:
            why = f": {self._waits_for}" if self._waits_for else ""
            self.tell(f"{self.site}: waiting {seconds:.0f} s{why}")
        while (now := self._clock()) < until:
            if self._ends is not None and now >= self._ends:
                self._done.left = _TIME_IS_UP + self._trouble
                return
            self._sleep(min(_NAP_SECONDS, until - now))
        if self._ends is not None and self._clock() >= self._ends:
            self._done.left = _TIME_IS_UP + self._trouble


def _with_cure(error: BadgeJobsError) -> str:
    """What is left undone, and what a person can do where it is not only a matter of time."""
    if isinstance(error, NotSent):
        return f"{error}; see that this machine reaches Wix, or correct BADGEJOBS_WIX_BASE_URL"
    return str(error)
