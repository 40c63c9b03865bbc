"""Sites that Wix refuses, or a person stopped: nothing is done for them until that is over.

Two refusals in a row, with nothing between that worked, suspend a site. It is then asked again
with growing pauses whether Wix takes us, by a few small calls, and resumed when it does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import structlog

from badgejobs.bootstrap import House, SiteHouse
from badgejobs.core.alert import Alert, Kind
from badgejobs.errors import (
    BadgeJobsError,
    CredentialsRefused,
    Later,
    Permanent,
    PermissionMissing,
    SiteSuspended,
    Transient,
)
from badgejobs.jobs.retrying import verdict
from badgejobs.store import SqlTransaction
from badgejobs.store.standings import PERSON, WIX, Standing

log = structlog.get_logger(__name__)

#: So many refusals in a row suspend a site: one alone may be a slip of Wix's.
MOST_REFUSALS: Final = 2
#: A probe that told nothing, as where Wix was away, is made again after so long.
_PROBE_AGAIN = timedelta(minutes=5)
_RESUMED = "wix takes us again"

#: What Wix says where it does not take us.
REFUSING = (CredentialsRefused, PermissionMissing)


def suspended_in_words(standing: Standing) -> str:
    """Since when and why nothing is done for a site, and the cure."""
    name, since = standing.site, standing.suspended_at
    told = f"{name} is suspended since {since:%Y-%m-%d %H:%M} UTC by {standing.suspended_by}"
    if standing.is_by_wix:
        return (
            f"{told}: {standing.reason}; Wix is asked again by itself; once that is mended, "
            f"`badgejobs sites resume {name}` goes on at once"
        )
    return f"{told}: {standing.reason}; `badgejobs sites resume {name}` goes on"


def require_at_work(tx: SqlTransaction, site: str) -> None:
    """Raise ``SiteSuspended``, with the cure, where nothing is to be done for a site."""
    standing = tx.standings.of(site)
    if standing and standing.suspended_at:
        raise SiteSuspended(suspended_in_words(standing), by_wix=standing.is_by_wix)


def note_answer(tx: SqlTransaction, site: str, cause: BadgeJobsError | None, *, calls: int) -> None:
    """Count what came of a run: refusals in a row suspend, and what worked ends their row.

    ``calls`` are those that left. A permission that only a later one of them lacked is one thing
    that does not work among others that do.
    """
    standing = tx.standings.of(site)
    partly = isinstance(cause, PermissionMissing) and calls > 1
    if (cause is None and calls) or partly:
        if standing and standing.refusals:
            tx.standings.worked(site)
        return
    if not isinstance(cause, REFUSING) or (standing and standing.suspended_at):
        return
    if tx.standings.refused(site) >= MOST_REFUSALS:
        suspend(tx, site, str(cause), probe_in=_pause(cause, 0))


def suspend(tx: SqlTransaction, site: str, reason: str, *, probe_in: timedelta) -> None:
    """Wix does not take us for a site: do nothing for it, ask for a person, and ask Wix again."""
    if not tx.standings.suspend(site, by=WIX, reason=reason, probe_in=probe_in):
        return
    standing = tx.standings.of(site)
    assert standing, "as just written"
    tx.alerts.raised(site, Kind.SUSPENDED, suspended_in_words(standing))


def tell(site: str, alerts: Iterable[Alert]) -> None:
    """Say in the log for what a person is asked for."""
    for alert in alerts:
        log.error("a person is asked for", site=site, about=alert.kind.value, text=alert.text)


def resume(tx: SqlTransaction, site: str, *, by: str, asked_by: str) -> bool:
    """Work for a site again, with all of it due at once; whether it was suspended."""
    if not tx.standings.resume(site, by=by):
        return False
    tx.alerts.clear(site, Kind.SUSPENDED)
    make_all_due(tx, site, asked_by=asked_by)
    return True


def make_all_due(tx: SqlTransaction, site: str, *, asked_by: str) -> None:
    """Let all of a site be done now: what failed may work."""
    tx.scans.make_failed_due(site, asked_by=asked_by)
    tx.scans.make_due(site, asked_by=asked_by)


def due_probes(house: House, limit: int) -> list[str]:
    """The suspended sites for which Wix is to be asked now; to be rung for by the tick."""
    with house.store.begin() as tx:
        return tx.standings.due_probes(house.configured, limit)


def run_probe(house: House, site: str, *, even_early: bool = False) -> dict[str, Any]:
    """Ask Wix whether it takes us again for a site that it refused; what came of it.

    ``even_early`` where a person asks before it is due.
    """
    with house.store.read() as tx:
        standing, now = tx.standings.of(site), tx.now
    told: dict[str, Any] = {"site": site, "kind": "probe"}
    if standing is None or not standing.is_by_wix:
        return told | {"suspended": standing is not None and standing.suspended_at is not None}
    if not even_early and standing.probe_at and standing.probe_at > now + _PROBE_AGAIN:
        return told | {"suspended": True}  # another one was in vain meanwhile
    try:
        require_taken(house.at(site))
    except (Later, Transient) as error:
        with house.store.begin() as tx:
            seconds = error.seconds if isinstance(error, Later) else 0.0
            wait = max(timedelta(seconds=seconds), _PROBE_AGAIN)
            tx.standings.postpone_probe(site, probe_in=wait)
        return told | {"suspended": True, "error": str(error)}
    except Permanent as error:
        with house.store.begin() as tx:
            wait = _pause(error, standing.probes + 1)
            tx.standings.refused_again(site, str(error), probe_in=wait)
        return told | {"suspended": True, "error": str(error)}
    with house.store.begin() as tx:
        resumed = resume(tx, site, by=WIX, asked_by=_RESUMED)
    if resumed:
        house.directory.forget()
        log.info("Wix takes us again; the site is resumed", site=site)
    return told | {"suspended": False}


def require_taken(at: SiteHouse) -> None:
    """Ask Wix in small calls whether it lets us do what the site's rules need.

    Bad credentials end it with the first one. Raises ``CredentialsRefused`` or
    ``PermissionMissing`` where it does not, and what is temporary as it comes.
    """
    wanted = at.wanted_sources()
    comment_app = next(iter(at.profile.comment_apps), None) if "comments" in wanted else None
    wrong = at.badges.probe(comment_app=comment_app)
    missing = [
        told
        for scope, told in wrong.items()
        if told is not None and not ("ORDERS" in scope and "orders" not in wanted)
    ]
    if missing:
        raise PermissionMissing("; ".join(missing))


def by_hand(house: House, site: str) -> None:
    """What a command does before it works for a site: nothing, unless it is suspended.

    Where it was Wix that refused us, Wix is asked once more: a person who calls may have mended
    it. Raises ``SiteSuspended`` or what Wix answered.
    """
    with house.store.read() as tx:
        standing = tx.standings.of(site)
    if standing is None or standing.suspended_at is None:
        return
    if standing.is_by_wix and not run_probe(house, site, even_early=True)["suspended"]:
        return
    with house.store.read() as tx:
        require_at_work(tx, site)


def _pause(error: BadgeJobsError, in_vain: int) -> timedelta:
    return timedelta(seconds=verdict(error, in_vain).seconds)


def suspend_by_person(tx: SqlTransaction, site: str, reason: str) -> bool:
    """A person says that nothing is to be done for a site; whether that is new.

    Who said it knows it, so that nobody else is asked for.
    """
    tx.alerts.clear(site, Kind.SUSPENDED)
    return tx.standings.suspend(site, by=PERSON, reason=reason)
