"""What a tick does: it looks what is due, for all sites at once, and rings for it in turns.

Its cost grows with what is due and with the sites of the configuration file, never with those
of the database: they make themselves due where they are changed.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from hashlib import sha256
from weakref import WeakKeyDictionary

import structlog

from badgejobs.bootstrap import House
from badgejobs.core.lane import Lane
from badgejobs.errors import BadgeJobsError
from badgejobs.jobs import duties, standing, turns, work
from badgejobs.jobs.duties import register, some_at_once
from badgejobs.jobs.notifying import wake_notify
from badgejobs.jobs.ringing import Bell, ring_due, send, waiting
from badgejobs.jobs.rooms import failing_among, rooms
from badgejobs.store.dispatch import RING_AGAIN_AFTER
from badgejobs.store.standings import WIX

log = structlog.get_logger(__name__)

#: The part of its interval that a tick may ring for; what is left is for the next one.
SHARE = 0.7
#: So many sites that are new to this process a tick reads the rules of and registers; a thousand at
#: once would keep all others waiting.
LOOKED_AT_ONCE = 200
#: Sources that the facts alone bring, such as members for guests, are looked for so seldom.
REGISTER_AGAIN = 600.0

#: By house and site: the version of the rules whose sources are registered, and when.
_registered: WeakKeyDictionary[House, dict[str, tuple[str | None, float]]] = WeakKeyDictionary()


def is_our_turn(house: House, kind: str, every: timedelta) -> bool:
    """Whether this is the first beat of our configuration in this slot of time.

    Beats with other sites in their files tick for those.
    """
    names = "\n".join(sorted(house.configured))
    told = f"{kind} {sha256(names.encode()).hexdigest()[:8]}" if names else kind
    with house.store.begin() as tx:
        ours = tx.ticks.begin(told, every)
        if ours and told != kind:
            tx.ticks.begin(kind, every)  # the last one of all, for those who look
        return ours


def tick(house: House, *, again_after: Mapping[Lane, timedelta] | None = None) -> int:
    """Find and ring for everything that is due, within the bounds; how many bells rang.

    ``again_after`` is how long after its bell a row is rung for again, for tests.
    """
    interval = timedelta(seconds=house.settings.tick_seconds)
    unusable = look_after_configured(house)
    take_up_new_secrets(house)
    work.wake_quarantine(house)
    wake_notify(house)
    with house.store.begin() as tx:
        tx.awards.recover(quiet_period=house.timing.quiet_period)
    with house.store.begin() as tx:
        tx.waking.for_awards(duties.ASSIGN)
        tx.waking.for_members(duties.FLIP, beside=unusable)
        rung = tx.dispatch.rung()
    bounds = rooms(house)
    bells = (
        ring_probes(house, bound=bounds[Lane.SCAN])
        + ring_requests(house, unusable, bound=bounds[Lane.SCAN])
        + turns.ring_in_turns(
            house.store,
            house.configured,
            bounds,
            failing=failing_among(bounds, tick_seconds=house.settings.tick_seconds),
            again_after=turns.again_after(rung, waiting) if again_after is None else again_after,
            deliver=partial(ring_due, house),
            time_is_up=work.alarm(SHARE * interval),
        )
    )
    with house.store.begin() as tx:
        tx.ticks.ended()
    return bells


def hand_on(house: House, lane: Lane = Lane.WALK) -> None:
    """A unit of a lane with few out at once has ended: ring for whose turn is next, maybe its own.

    So that lane is kept busy between ticks, one that is alone goes on at once, and none goes
    past those that have waited longer.
    """
    bounds = rooms(house)
    turns.ring_next(
        house.store,
        house.configured,
        lane,
        bound=bounds[lane],
        failing=failing_among(bounds, tick_seconds=house.settings.tick_seconds)[lane],
        deliver=partial(ring_due, house),
    )


def ring_probes(house: House, *, bound: int) -> int:
    """Ring for the suspended sites of which Wix is to be asked again; how many."""
    sites = standing.due_probes(house, bound)
    return send([Bell("badgejobs.probe_site", {"site": one}, Lane.SCAN) for one in sites])


def ring_requests(house: House, unusable: Collection[str], *, bound: int) -> int:
    """Ring for the members that somebody wants to be looked at; how many."""
    with house.store.begin() as tx:
        requests = tx.requests.ring(
            house.configured, beside=unusable, limit=bound, again_after=RING_AGAIN_AFTER
        )
    return send([Bell("badgejobs.check_member", {"request": one}, Lane.SCAN) for one in requests])


def look_after_configured(house: House) -> set[str]:
    """Register the sources of the configured sites, and make changed rules due to be taken up.

    Only stamps of files are looked at where nothing has changed, and of the sites that are new to
    this process so many at once; the others wait for the next tick. Returns the sites whose rules
    cannot be used, or are not known yet: nothing can be decided for them.
    """
    unusable, known = set[str](), _registered.setdefault(house, {})
    now, to_register = time.monotonic(), dict[str, tuple[str | None, float]]()
    changed, new = list[str](), 0
    sites = house.configured
    with house.store.read() as tx:
        stands = tx.bindings.versions(sites)
    house.shelf.facts.look_at(sites)
    for site in sorted(sites):
        if site not in known:
            if new == LOOKED_AT_ONCE:
                unusable.add(site)
                continue
            new += 1
        version = None
        try:
            version = house.at(site).rules_version()
        except BadgeJobsError as error:
            log.warning("rules cannot be used; nothing is decided", site=site, error=str(error))
            unusable.add(site)
        before, at = known.get(site, (None, 0.0))
        if site not in known or before != version or now - at > REGISTER_AGAIN:
            to_register[site] = (version, now)
        # What was tried under these very rules is due by itself again; a change is due at once.
        if version is not None and version not in stands.get(site, ()):
            changed.append(site)
    register(house, to_register)
    known.update(to_register)
    _take_up(house, changed)
    return unusable


def _take_up(house: House, changed: Sequence[str]) -> None:
    """Make it due to take up the rules of these sites."""
    for some in some_at_once(changed):
        with house.store.begin() as tx:
            tx.scans.make_due(some, duties.PROVISION, if_waiting=True, asked_by="rules change")


def take_up_new_secrets(house: House) -> None:
    """Make everything due at once for sites with a new secret: what failed may work now."""
    for site in sorted(house.take_renewed()):
        with house.store.begin() as tx:
            standing.resume(tx, site, by=WIX, asked_by="a new secret")
            tx.scans.make_failed_due(site, asked_by="a new secret")
            for name in (*house.at(site).wanted_sources(), *duties.ALL_DUTIES):
                tx.scans.make_due(site, name, asked_by="a new secret")
