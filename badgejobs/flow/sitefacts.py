"""Site facts: the time zone and the currency that the owner set, asked at most once a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from badgejobs.core.wixfacts import SiteFacts
from badgejobs.errors import (
    Later,
    NotFound,
    PermissionMissing,
    Refused,
    SettingsError,
    Transient,
)
from badgejobs.flow.ports import SiteReader, Store

#: For so long what Wix told is not asked for again.
KEPT: Final = timedelta(days=1)

_CURE: Final = "write it into the rules file, as in site: {timezone: Europe/Berlin, currency: EUR}"


def site_facts(site: str, wix: SiteReader, store: Store, *, kept: timedelta = KEPT) -> SiteFacts:
    """What Wix tells of a site's zone and currency, remembered for a day.

    What is remembered stays in force while Wix cannot be asked or no longer tells; a refusal is
    not tried again before the day is over. Raises ``SettingsError`` with the cure where Wix
    never told, or names a zone that this machine does not know, and as it comes what keeps Wix
    from being asked for the first time.
    """
    with store.begin() as tx:
        known = tx.bindings.site_facts(site)
        fresh = known is not None and known[1] + kept > tx.now
    facts = known[0] if known else None
    if facts is not None and fresh:
        return _usable(site, facts)
    try:
        facts = _asked(site, wix, facts)
    except (Later, Transient):
        if facts is None:
            raise
        return _usable(site, facts)
    with store.begin() as tx:
        tx.bindings.remember_site_facts(site, facts)
    return _usable(site, facts)


def _asked(site: str, wix: SiteReader, known: SiteFacts | None) -> SiteFacts:
    try:
        return wix.site_facts()
    except (PermissionMissing, NotFound, Refused) as error:
        if known is None:
            raise SettingsError(
                f"{site}: Wix does not tell the site's time zone and currency ({error}); {_CURE}"
            ) from error
        return known


def _usable(site: str, facts: SiteFacts) -> SiteFacts:
    if facts.timezone is not None:
        try:
            ZoneInfo(facts.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SettingsError(
                f"{site}: Wix names the time zone {facts.timezone!r}, which is not known here; "
                f"upgrade the package tzdata, or {_CURE}"
            ) from error
    return facts
