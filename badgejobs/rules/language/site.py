"""What holds for the whole site."""

from __future__ import annotations

from pydantic import Field

from badgejobs.rules.language.names import Currency
from badgejobs.rules.language.strict import Strict
from badgejobs.rules.language.times import SITE, TimeZone, Weekday


class SiteFacts(Strict):
    """What holds for the whole site."""

    timezone: TimeZone = Field(
        SITE, description="IANA name such as Europe/London; site: the site's own, at Wix."
    )
    week_starts: Weekday = Field("monday", description="The day that weeks begin with.")
    currency: Currency = Field(
        SITE, description="ISO 4217 code such as GBP; site: the site's own, at Wix."
    )
