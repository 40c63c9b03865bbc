"""What a site is set up with."""

from __future__ import annotations

from badgejobs.core.wixfacts import SiteFacts
from badgejobs.wix import bodies, calls
from badgejobs.wix.client import asking
from badgejobs.wix.exchange import Exchange


class SiteCalls:
    """What :class:`WixClient` can read of the site as a whole."""

    _exchange: Exchange

    def site_facts(self) -> SiteFacts:
        """The site's time zone and currency, as its owner set them in the dashboard."""
        found = asking.thing(self._exchange, calls.site_properties(), bodies.PropertiesAnswer)
        told = found.properties
        return SiteFacts(timezone=told.time_zone, currency=told.payment_currency)
