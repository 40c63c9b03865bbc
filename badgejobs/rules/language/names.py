"""Names: of badges, sources, currencies, apps and channels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BeforeValidator, ValidationInfo

from badgejobs.rules.language.scalars import did_you_mean, refusal, schema, text_of
from badgejobs.rules.language.times import SITE
from badgejobs.rules.yaml_tree import shortened
from badgejobs.wix.wire import COMMENT_APPS

#: The sources that badgejobs itself ships.
OUR_SOURCES = frozenset({"orders", "comments", "membership"})

#: The apps whose catalogues orders are made from, by their everyday name. The first three ids
#: stand in Wix's documentation of an order's ``catalogReference``, the others in its list of
#: apps created by Wix.
CATALOGS: Final = {
    "stores": "215238eb-22a5-4c36-9e7b-e7c08025e04e",
    "bookings": "13d21c63-b5ec-5912-8397-c3a5ddb27a97",
    "restaurants": "9a5d83fd-8570-482e-81ab-cfa88942ee60",
    "events": "140603ad-af8d-84a5-2c80-a0f60cb47351",
    "plans": "1522827f-c56c-a5c9-2ac9-00f9e6ae12d3",
}

#: Where an order can be placed: Wix's ``ChannelType``, from the typings of its SDK.
CHANNELS: Final = frozenset(
    {
        "WEB", "POS", "EBAY", "AMAZON", "OTHER_PLATFORM", "WIX_APP_STORE", "WIX_INVOICES",
        "BACKOFFICE_MERCHANT", "WISH", "CLASS_PASS", "GLOBAL_E", "FACEBOOK", "ETSY", "TIKTOK",
        "FAIRE_COM", "PAYPAL_AGENTIC_CHECKOUT", "STRIPE_AGENTIC_CHECKOUT",
    }
)  # fmt: skip

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SOURCE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_NAME = 200


def _currency(value: object) -> str:
    text = text_of(value)
    if text == SITE:
        return text
    if not re.fullmatch(r"[A-Z]{3}", text):
        upper = text.upper()
        cure = f"did you mean '{upper}'?" if re.fullmatch(r"[A-Z]{3}", upper) else "such as GBP"
        raise refusal(f"'{shortened(text)}' is not a currency's three-letter code; {cure}")
    return text


def _id(value: object) -> str:
    text = text_of(value)
    if not _ID.fullmatch(text):
        meant = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63]
        cure = f"did you mean '{meant}'?" if meant else "such as first-purchase"
        raise refusal(
            f"'{shortened(text)}' is not an id: up to 63 small letters, digits and hyphens; {cure}"
        )
    return text


def _source(value: object, info: ValidationInfo) -> str:
    text = text_of(value)
    known = (info.context or {}).get("sources", OUR_SOURCES)
    if text not in known:
        what = "a known source" if _SOURCE.fullmatch(text) else "the name of a source"
        raise refusal(f"'{shortened(text)}' is not {what}; {did_you_mean(text, known)}")
    return text


def _app(value: object, names: Mapping[str, str]) -> str:
    """The id of an app, by its everyday name or as it is."""
    text = text_of(value)
    if text in names:
        return names[text]
    if _GUID.fullmatch(text.lower()):
        return text.lower()
    raise refusal(
        f"'{shortened(text)}' is neither a known app nor an app id; {did_you_mean(text, names)}"
    )


def _channel(value: object) -> str:
    text = text_of(value)
    if text not in CHANNELS:
        raise refusal(f"'{shortened(text)}' is not a channel; {did_you_mean(text, CHANNELS)}")
    return text


def _name(value: object) -> str:
    text = " ".join(text_of(value).split())
    if not text or len(text) > _MOST_NAME:
        raise refusal(f"has {len(text)} characters; a name or an id has 1 to {_MOST_NAME}")
    return text


Currency = Annotated[
    str, BeforeValidator(_currency), schema(type="string", pattern="^([A-Z]{3}|site)$")
]
BadgeId = Annotated[str, BeforeValidator(_id), schema(type="string", pattern=f"^{_ID.pattern}$")]
SourceName = Annotated[str, BeforeValidator(_source), schema(enum=sorted(OUR_SOURCES))]
CatalogApp = Annotated[
    str,
    BeforeValidator(lambda value: _app(value, CATALOGS)),
    schema(anyOf=[{"enum": sorted(CATALOGS)}, {"type": "string", "pattern": f"^{_GUID.pattern}$"}]),
]
CommentApp = Annotated[
    str,
    BeforeValidator(lambda value: _app(value, COMMENT_APPS)),
    schema(
        anyOf=[{"enum": sorted(COMMENT_APPS)}, {"type": "string", "pattern": f"^{_GUID.pattern}$"}]
    ),
]
Channel = Annotated[str, BeforeValidator(_channel), schema(enum=sorted(CHANNELS))]
#: A product, a category or a post, by id or by name; a number is how an editor reads some ids.
Name = Annotated[str, BeforeValidator(_name), schema(type=["string", "number"])]
