"""The calendar and the currency that rules are meant in: what ``site`` stands for is settled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from badgejobs.core.calendar import Calendar
from badgejobs.core.money import minor_units
from badgejobs.rules.complaints import Complaint, named
from badgejobs.rules.language.site import SiteFacts
from badgejobs.rules.language.times import SITE, known_zones, weekday_number
from badgejobs.rules.yaml_tree import Document, Trail

_CODE = re.compile("[A-Z]{3}")

#: ISO 4217's code for no currency: stands in where the site's own is not known yet and a file
#: is only looked at. No order is in it, so nothing counts by mistake.
NO_CURRENCY = "XXX"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDefaults:
    """What a site itself says at Wix, for rules that leave it to the site; ``None``: unknown."""

    #: IANA name.
    timezone: str | None = None
    #: ISO 4217 code.
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """In which calendar and currency rules are meant."""

    calendar: Calendar
    #: ``None`` where neither the rules nor the site name one: money cannot be compared.
    currency: str | None

    def minor(self, amount: object) -> int:
        """An amount of the rules in minor units; ``ValueError`` where it has too many digits."""
        assert self.currency is not None, "checked before"
        return minor_units(str(amount), self.currency)

    def moment(self, written: date | datetime) -> datetime:
        """A moment of the rules in UTC: a day means its local midnight."""
        if isinstance(written, datetime):
            return written.astimezone(UTC)
        return self.calendar.midnight(written)


def settled(facts: SiteFacts, site: SiteDefaults) -> Setting:
    """The setting of rules: what is written, else what the site says, else UTC and no money."""
    zone = facts.timezone if facts.timezone != SITE else site.timezone or "UTC"
    calendar = Calendar(zone=ZoneInfo(zone), week_starts=weekday_number(facts.week_starts))
    return Setting(calendar=calendar, currency=currency_of(facts, site))


def currency_of(facts: SiteFacts, site: SiteDefaults) -> str | None:
    """The currency of rules, where one is known."""
    return facts.currency if facts.currency != SITE else site.currency


def complaints_about_the_site(
    facts: SiteFacts, site: SiteDefaults, document: Document
) -> list[Complaint]:
    """What the site says of itself that cannot be used."""
    found = list[Complaint]()
    if facts.timezone == SITE and site.timezone and site.timezone not in known_zones():
        text = (
            f"the site's own time zone, {site.timezone!r}, is not known here; "
            "write the right one in its place, such as Europe/London"
        )
        found.append(_complaint(("site", "timezone"), text, document))
    if facts.currency == SITE and site.currency and not _CODE.fullmatch(site.currency):
        text = (
            f"the site's own currency, {site.currency!r}, is not a three-letter code; "
            "write the right one in its place, such as GBP"
        )
        found.append(_complaint(("site", "currency"), text, document))
    return found


def _complaint(trail: Trail, text: str, document: Document) -> Complaint:
    return Complaint(document.place(trail), named(trail, text))
