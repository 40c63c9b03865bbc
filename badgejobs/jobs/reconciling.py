"""The duty of holding a site's ledger against Wix."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from badgejobs.bootstrap import House
from badgejobs.core.drift import Caution
from badgejobs.flow.reconcile import Reconciled, reconcile
from badgejobs.jobs.units import Outcome, Stopped, Told, as_duty
from badgejobs.jobs.work import RECONCILE


def caution_of(house: House) -> Caution:
    """When a reading of Wix is not believed, and what may be repaired, as the settings say."""
    told = house.settings.assign
    return Caution(
        empty_above=told.empty_is_doubted_above,
        guard_percent=told.guard_percent,
        guard_least=told.guard_least,
        repair_duplicates=told.repair_duplicates,
    )


def run_reconcile(
    house: House,
    site: str,
    *,
    by: str,
    accepted: bool = False,
    heard: Callable[[Reconciled], None] | None = None,
) -> Outcome:
    """Compare the ledger with what stands at Wix, and act on what is sure.

    ``accepted`` where a person believes what would be doubted. ``heard`` is told all of it.
    """
    at = house.at(site)

    def unit(_failures: int) -> Told:
        done = reconcile(
            site,
            at.reading,
            at.reading,
            house.store,
            timing=house.timing,
            caution=caution_of(house),
            accepted=accepted,
        )
        if heard:
            heard(done)
        told = Told(numbers=done.numbers)
        if done.error:
            raise Stopped(told, done.error)
        return told

    return as_duty(house, site, RECONCILE, unit, by=by, every=timedelta(days=1))
