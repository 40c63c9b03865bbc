"""The duty of telling those outside what happened at a site."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import structlog

from badgejobs.bootstrap import House
from badgejobs.bootstrap.messengers import messengers_of, takes
from badgejobs.bootstrap.telling import telling_of
from badgejobs.core.notification import Channel, Telling
from badgejobs.errors import Later, NotTold
from badgejobs.flow.notifying import notify
from badgejobs.jobs.duties import NOTIFY
from badgejobs.jobs.units import Outcome, Stopped, Told, as_duty, by_what_is_told_now
from badgejobs.jobs.work import alarm

log = structlog.get_logger(__name__)

#: What has its rows to wake it looks by itself so seldom.
_SELDOM = timedelta(days=365)
#: What is new waits so long for each time in a row that a worker was kept waiting, and no longer.
_REST, _LONGEST_REST = timedelta(minutes=2), timedelta(minutes=20)


def wake_notify(house: House) -> None:
    """Let those be told whose rows are due; nothing more than the row of a duty is made."""
    with house.store.read() as tx:
        due = tx.notifications.due_sites(house.configured)
    if not due:
        return
    with house.store.begin() as tx:
        for site in tx.waking.without(NOTIFY, due):
            tx.scans.register(site, NOTIFY, "window")
        tx.waking.at(NOTIFY, due)


@by_what_is_told_now
def run_notify(house: House, site: str, *, by: str) -> Outcome:
    """One slice of telling what is due.

    Who keeps a worker waiting in vain makes it a failure: of units that keep failing few are out
    at once, so that one receiver that is away does not hold up the reading of other sites.
    """
    at = house.at(site)
    time_is_up = alarm(house.slice)

    def unit(failures: int) -> Told:
        told, began = house.settings.notify_of(site), time.monotonic()
        done = notify(
            site,
            messengers_of(house, site),
            house.store,
            telling=telling_of(house, site) or Telling(channels=frozenset[Channel]()),
            give_up=timedelta(hours=told.give_up_hours),
            holds=takes(told),
            time_is_up=time_is_up,
        )
        numbers = {name: getattr(done, name) for name in _NUMBERS}
        found = Told(numbers=numbers, more=done.more)
        lasted = time.monotonic() - began
        if done.told:
            return found
        if done.failed + done.given_up and lasted > told.webhook_timeout_seconds / 2:
            raise Stopped(found, NotTold("nobody could be told: no answer came in good time"))
        if failures and not any(numbers.values()):
            _require_over(house, site, found, most=min(failures * _REST, _LONGEST_REST))
        return found

    with house.store.begin() as tx:
        tx.scans.register(site, NOTIFY, "window")
    return as_duty(house, at, NOTIFY, unit, by=by, every=_SELDOM)


def _require_over(house: House, site: str, found: Told, *, most: timedelta) -> None:
    """Raise unless what failed was told meanwhile: until then what is new waits a little too."""
    with house.store.read() as tx:
        again_at, now = tx.notifications.next_try(site), tx.now
    if again_at is not None:
        rest = min(max(again_at - now, timedelta(seconds=1)), most)
        why = "who is to be told did not answer"
        raise Stopped(found, Later(why, seconds=rest.total_seconds()))


_NUMBERS = ("told", "failed", "given_up", "postponed")


def notify_now(
    house: House, site: str, *, by: str, most: timedelta | None = None
) -> Outcome | None:
    """Tell all that is due, here and now; ``None`` where nothing is. For the foreground.

    After ``most`` no further slice is begun, and what is left waits for the next call. The numbers
    are those of all slices.
    """
    if most is not None and most <= timedelta(0):
        return None
    time_is_up = alarm(timedelta.max if most is None else most)
    with house.store.read() as tx:
        if site not in tx.notifications.due_sites(house.configured):
            return None
    total = Counter[str]()
    while True:
        outcome = run_notify(house, site, by=by)
        total.update(outcome.numbers)
        if not outcome.more or time_is_up():
            break
    if outcome.error:
        log.warning("not all were told", site=site, run=outcome.run, error=outcome.error)
    return replace(outcome, numbers=dict(total))
