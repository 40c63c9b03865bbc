"""The part of a site's assigning that takes badges away, after what is due was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from badgejobs.bootstrap import House
from badgejobs.flow.revoke import Revoked, revoke
from badgejobs.jobs.retrying import patience
from badgejobs.jobs.units import Stopped, Told

#: What is told of it, by the names of :class:`Revoked`; what a batch held is added to ``claimed``.
NUMBERS = ("revoked", "taken", "kept", "held_back", "again")


def take_back(
    house: House,
    site: str,
    given: Mapping[str, int],
    *,
    failures: int,
    time_is_up: Callable[[], bool],
    heard: Callable[[int], None] | None = None,
) -> Told:
    """Batches of removals until none is due, the slice is over, or something stops it.

    ``given`` are the numbers of what was given before, which are told with it.
    """
    at = house.at(site)
    totals, opened = dict(given) | dict.fromkeys(NUMBERS, 0), 0
    while True:
        rules = at.rules()
        one: Revoked | None = revoke(
            site,
            at.badges,
            rules,
            house.store,
            timing=house.timing,
            batch=house.settings.assign.batch,
            patience=patience,
            guard=house.guard,
            failures=failures,
        )
        if one is None:
            version = rules.version if totals["claimed"] else None
            # who fell to a tier below, or met it again meanwhile, is to be given something
            return Told(numbers=totals, more=opened > 0, version=version)
        for name in NUMBERS:
            totals[name] += getattr(one, name)
        totals["claimed"] += one.claimed
        opened += one.opened
        if heard:
            heard(one.claimed)
        told = Told(numbers=totals, more=True, version=rules.version)
        if one.error:
            raise Stopped(told, one.error)
        if time_is_up():
            return told
