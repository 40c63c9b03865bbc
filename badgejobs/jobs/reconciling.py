"""The duty of holding a site's ledger against Wix."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from badgejobs.bootstrap import House
from badgejobs.core.drift import Caution
from badgejobs.core.source import Track
from badgejobs.errors import BadgeJobsError, Later, RulesError
from badgejobs.flow.progress import survey
from badgejobs.flow.reconcile import Reconciled, reconcile
from badgejobs.jobs.duties import RECONCILE
from badgejobs.jobs.units import Outcome, Stopped, Told, as_duty, by_what_is_told_now
from badgejobs.jobs.work import alarm


def caution_of(house: House) -> Caution:
    """When a reading of Wix is not believed, and what may be repaired, as the settings say."""
    told = house.settings.assign
    return Caution(
        empty_above=told.empty_is_doubted_above,
        guard_percent=told.guard_percent,
        guard_least=told.guard_least,
        repair_duplicates=told.repair_duplicates,
    )


def _look_at_all(house: House, site: str, time_is_up: Callable[[], bool]) -> None:
    """Count once a day how far the members are, in what is left of the slice.

    The numbers are for looking at: where the rules cannot be used or there is no time left, those
    of the day before stand.
    """
    with suppress(RulesError, Later):
        survey(site, house.at(site).rules(), house.store, time_is_up=time_is_up)


@by_what_is_told_now
def run_reconcile(
    house: House,
    site: str,
    *,
    by: str,
    accepted: bool = False,
    anew: bool = False,
    heard: Callable[[Reconciled], None] | None = None,
    reads: Callable[[int], None] | None = None,
) -> Outcome:
    """One slice of comparing the ledger with what stands at Wix; the last acts on what is sure.

    ``accepted`` where a person believes what would be doubted, ``anew`` where what was read before
    is not to be gone on with. ``heard`` is told all of what came of it in the end, and ``reads``
    after each page how many assignments this slice has read.
    """
    at = house.at(site)
    time_is_up = alarm(house.slice)
    read = 0

    def hears(number: int) -> None:
        nonlocal read
        read += number
        if reads:
            reads(read)

    def unit(_failures: int) -> Told:
        try:
            done = reconcile(
                site,
                at.reading,
                at.reading,
                house.store,
                timing=house.timing,
                caution=caution_of(house),
                accepted=accepted,
                anew=anew,
                time_is_up=time_is_up,
                heard=hears,
            )
        except BadgeJobsError as error:
            if not read:
                raise
            # the pages before it are kept
            raise Stopped(Told(numbers={"read": read}), error) from error
        if done.more:
            return Told(numbers={"read": read}, more=True)
        if done.wished_at:
            with house.store.begin() as tx:
                tx.scans.bring_forward(site, RECONCILE, Track.LIVE, to=done.wished_at)
        if heard:
            heard(done)
        _look_at_all(house, site, lambda: bool(done.error) or time_is_up())
        told = Told(numbers={"read": read} | done.numbers)
        if done.error:
            raise Stopped(told, done.error)
        return told

    return as_duty(house, at, RECONCILE, unit, by=by, every=timedelta(days=1))
