"""What a person wished for by command, brought to Wix while they wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from badgejobs.bootstrap import House
from badgejobs.cli.exits import Code, code_of
from badgejobs.cli.patience import MOST_FAILURES, WAITS_SECONDS
from badgejobs.cli.progress import Progress
from badgejobs.errors import Later, Transient
from badgejobs.jobs import work
from badgejobs.jobs.retrying import verdict
from badgejobs.jobs.units import BY_HAND

#: What others have in hand is looked at so often.
_NAP_SECONDS = 0.5
#: Looks at what is due and is not taken up, before it is left to the workers.
_MOST_IDLE = 3

_TIME_IS_UP = "the time is up"
_NOT_TAKEN_UP = "nothing takes it up now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Why something is not brought to Wix yet, and the exit code that tells of it."""

    why: str
    code: Code = Code.PARTIAL


def carried_out(
    house: House,
    site: str,
    pairs: Collection[tuple[str, str]],
    *,
    tell: Progress,
    by: str = BY_HAND,
    max_seconds: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Left | None:
    """Bring what is wished of these (member_id, badge) to Wix; what was left, where some was.

    The stages of the site do it, a person's wishes first, in runs of ``by``. Nothing is lost by
    stopping: what is left waits in the database for the workers, or for the next call.
    """
    ends = time.monotonic() + (WAITS_SECONDS if max_seconds is None else max_seconds)
    stage = _Stage(house, site, tell, by=by)
    while True:
        number, due_at, now = _looked(house, site, pairs)
        if not number:
            return None
        tell.counted("brought to Wix", len(pairs) - number, of=len(pairs))
        if due_at and due_at > now:
            wait = (due_at - now) / timedelta(seconds=1)
            tell(f"{site}: waiting for what is under way")
        else:
            told = stage.worked()
            if isinstance(told, Left):
                return told
            wait = told
        # a worker may settle it before the time that it has for that
        nap = min(wait, _NAP_SECONDS)
        if time.monotonic() + nap > ends:
            return Left(why=_TIME_IS_UP)
        sleep(nap)


class _Stage:
    """The assign stage of one site, run again and again."""

    def __init__(self, house: House, site: str, tell: Progress, *, by: str) -> None:
        self._house, self._site, self._tell, self._by = house, site, tell, by
        self._failures = self._idle = 0

    def worked(self) -> float | Left:
        """Let it work once; the seconds to wait before the next time, or why there is none."""
        outcome = work.run_assign(self._house, self._site, by=self._by)
        match outcome.cause:
            case None:
                self._failures = 0
                if outcome.numbers.get("claimed") or outcome.more:
                    self._idle = 0
                    return 0.0
                self._idle += 1
                return Left(why=_NOT_TAKEN_UP) if self._idle >= _MOST_IDLE else _NAP_SECONDS
            case Later() as error:
                return error.seconds
            case Transient() as error if self._failures + 1 < MOST_FAILURES:
                self._failures += 1
                self._tell(f"{self._site}: failed, and is tried again: {error}")
                return verdict(error, self._failures - 1).seconds
            case error:
                return Left(why=str(error), code=code_of(error))


def _looked(
    house: House, site: str, pairs: Collection[tuple[str, str]]
) -> tuple[int, datetime | None, datetime]:
    with house.store.begin() as tx:
        tx.awards.recover(quiet_period=house.timing.quiet_period)
        number, due_at = tx.byhand.under_way(site, pairs)
        return number, due_at, tx.now
