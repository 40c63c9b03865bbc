"""What we read of Wix's answers: only the fields that are needed, everything else ignored.

Decoding is strict: a number is not taken for a text nor a text for a time, and an enumeration
value that we do not know makes its record unreadable rather than guessed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

_FIRST_YEAR, _LAST_YEAR = 1900, 9000


def _utc(moment: datetime) -> datetime:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError("not a believable year")
    return moment.astimezone(UTC)


def _written_out(value: object) -> object:
    """A number of seconds is no date, in quotes or without, though the decoder takes it."""
    if not isinstance(value, str) or value[4:5] != "-":
        raise ValueError("not an ISO 8601 time")
    return value


Guid = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
]
#: An id that may be absent, null or empty.
MaybeGuid = Annotated[Guid | None, BeforeValidator(lambda value: None if value == "" else value)]
RecordId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")]
Stamp = Annotated[
    AwareDatetime, Field(strict=False), BeforeValidator(_written_out), AfterValidator(_utc)
]
#: A decimal text; its meaning depends on the currency (``core.money``).
Amount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$")]
Revision = Annotated[int, Field(strict=False, ge=0, lt=2**62)]


class Body(BaseModel):
    """Something that Wix sends, in its camel case."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        hide_input_in_errors=True,
    )


# ---------------------------------------------------------------- orders


class Price(Body):
    """An amount of money; the currency stands with the order."""

    amount: Amount


class PriceSummary(Body):
    """What an order costs."""

    subtotal: Price
    discount: Price | None = None
    total: Price


class BalanceSummary(Body):
    """What was paid back."""

    refunded: Price | None = None


class BuyerInfo(Body):
    """Who bought; guests have no member id."""

    member_id: MaybeGuid = None


class Order(Body):
    """An eCommerce order (Wix docs, Orders: Order Object)."""

    id: RecordId
    created_date: Stamp
    updated_date: Stamp
    purchased_date: Stamp | None = None
    status: Literal["INITIALIZED", "APPROVED", "CANCELED", "PENDING", "REJECTED"]
    payment_status: Literal[
        "UNSPECIFIED",
        "NOT_PAID",
        "PAID",
        "PARTIALLY_REFUNDED",
        "FULLY_REFUNDED",
        "PENDING",
        "PARTIALLY_PAID",
        "PENDING_MERCHANT",
        "CANCELED",
        "DECLINED",
    ]
    fulfillment_status: str | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    imported: bool | None = None
    demo: bool | None = None
    buyer_info: BuyerInfo | None = None
    price_summary: PriceSummary
    balance_summary: BalanceSummary | None = None


# ---------------------------------------------------------------- comments


class Author(Body):
    """Who wrote: exactly one of member, visitor and user; nobody once it is deleted."""

    member_id: MaybeGuid = None
    #: A Wix user: the site's owner or staff.
    user_id: str | None = None


class Comment(Body):
    """A comment (Wix docs, Comments: Comment Object)."""

    id: RecordId
    revision: Revision = 0
    created_date: Stamp
    updated_date: Stamp
    #: When it was really written, which for imported ones is not when it was stored.
    comment_date: Stamp | None = None
    author: Author | None = None
    status: Literal["PUBLISHED", "HIDDEN", "PENDING", "DELETED"]


class Count(Body):
    """The answer of a count."""

    count: Annotated[int, Field(ge=0)]


# ---------------------------------------------------------------- badges


class Icon(Body):
    """A badge's picture."""

    url: str | None = None


class Badge(Body):
    """A badge (Wix docs, Badges V4: Badge Object)."""

    id: Guid
    revision: Annotated[str, Field(strict=False, coerce_numbers_to_str=True)] = ""
    title: str
    description: str | None = None
    background_color: str | None = None
    text_color: str | None = None
    icon: Icon | str | None = None


class BadgeAnswer(Body):
    """The answer of Create Badge."""

    badge: Badge


class Assignment(Body):
    """A badge assignment."""

    id: Guid
    badge_id: Guid
    member_id: Guid
    created_date: Stamp | None = None


class AssignmentAnswer(Body):
    """The answer of Create Badge Assignment."""

    badge_assignment: Assignment


class ItemError(Body):
    """Why one item of a bulk call failed."""

    code: str = ""
    description: str = ""


class ItemMetadata(Body):
    """Which item of a bulk call, and how it went."""

    id: Guid | None = None
    original_index: int | None = None
    success: bool | None = None
    error: ItemError | None = None


class ItemResult(Body):
    """One row of a bulk answer."""

    item_metadata: ItemMetadata
    item: Assignment | None = None


class BulkAnswer(Body):
    """The answer of Bulk Create Badge Assignments; rows that cannot be read count as missing."""

    results: list[Any] = Field(default_factory=list)


class Token(Body):
    """The answer of the token endpoint, which follows OAuth and not Wix's camel case."""

    access_token: Annotated[
        str,
        StringConstraints(pattern=r"^[\x21-\x7e]{1,16000}$"),
        Field(validation_alias="access_token"),
    ]
    #: Seconds.
    expires_in: Annotated[
        float,
        Field(strict=False, gt=0, allow_inf_nan=False, validation_alias="expires_in"),
    ]
