"""What a site's owner has set: its time zone, its currency, and which catalogue its shop has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from badgejobs.sandbox import refusals, validation
from badgejobs.wix.wire import CatalogVersion

#: In the form of the admin interface.
FIELDS: Final = ("timeZone", "paymentCurrency", "catalogVersion")

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_LONGEST_ZONE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """What is set of one site."""

    time_zone: str = "UTC"
    #: Without one, that of the site's orders.
    payment_currency: str | None = None
    catalog_version: CatalogVersion = CatalogVersion.V1


def changed(properties: Properties, given: Mapping[str, Any]) -> Properties:
    """The properties with some set as JSON says; null is the default. A refusal names the field."""
    standard, change = Properties(), dict[str, Any]()
    if "timeZone" in given:
        zone = given["timeZone"]
        change["time_zone"] = standard.time_zone if zone is None else _zone(zone)
    if "paymentCurrency" in given:
        currency = given["paymentCurrency"]
        change["payment_currency"] = None if currency is None else _currency(currency)
    if "catalogVersion" in given:
        version = given["catalogVersion"]
        change["catalog_version"] = standard.catalog_version if version is None else _of(version)
    return replace(properties, **change)


def _zone(given: object) -> str:
    return validation.text(given, "timeZone", least=0, most=_LONGEST_ZONE)


def _currency(given: object) -> str:
    if not isinstance(given, str) or not _CURRENCY.fullmatch(given):
        raise refusals.invalid("paymentCurrency", "must be three capital letters", "FORMAT")
    return given


def _of(given: object) -> CatalogVersion:
    if given not in list(CatalogVersion):
        raise refusals.invalid("catalogVersion", f"must be one of {', '.join(CatalogVersion)}")
    return CatalogVersion(str(given))
