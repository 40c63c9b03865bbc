"""What a run counts for metrics, and the transaction in which that is written down."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from badgejobs.bootstrap import House
from badgejobs.core.totals import FAILED, RUN_SECONDS, RUNS
from badgejobs.errors import BadgeJobsError, Later, LeaseTaken
from badgejobs.store import SqlTransaction

#: The one kind of run that gives badges.
_GIVES = "assign"


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Counts one run: made when it begins, asked for its end once that is there."""

    house: House
    site: str
    kind: str
    run: int
    #: When it began, by the database's clock and by ours.
    began_at: datetime
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def ending(self, cause: BadgeJobsError | None) -> Iterator[SqlTransaction]:
        """The transaction of a run's end; all that this process has counted is added in it, last.

        Where it cannot be committed, nothing is lost: a later one adds it.
        """
        totals = self.house.totals
        if not isinstance(cause, LeaseTaken):
            self._count(cause)
        counts, written = totals.take(), False
        try:
            with self.house.store.begin() as tx:
                yield tx
                lags = (
                    tx.figures.lags(self.site, self.run, since=self.began_at)
                    if self.kind == _GIVES
                    else {}
                )
                tx.tally.add(counts | lags)
            written = True
        finally:
            if not written:
                totals.add_all(counts)

    def _count(self, cause: BadgeJobsError | None) -> None:
        totals = self.house.totals
        match cause:
            case None:
                outcome = "done"
            case Later():
                outcome = "waits"  # which is no failure
            case error:
                outcome = "failed"
                totals.add(FAILED, kind=self.kind, error=type(error).__name__)
        totals.add(RUNS, kind=self.kind, outcome=outcome)
        totals.observe(RUN_SECONDS, time.monotonic() - self.began, kind=self.kind)
