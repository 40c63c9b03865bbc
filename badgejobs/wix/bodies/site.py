"""What a site is set up with (Wix docs, Site Properties: Properties Object)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from badgejobs.wix.bodies.fields import Body


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


class SiteProperties(Body):
    """As much of a site's properties as rules need; a new site may lack either."""

    #: "Timezone in America/New_York format".
    time_zone: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")] | None,
        BeforeValidator(_none_if_empty),
    ] = None
    payment_currency: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None,
        BeforeValidator(_none_if_empty),
    ] = None


class PropertiesAnswer(Body):
    """The answer of Get Site Properties."""

    properties: SiteProperties
