"""One row: the columns that each source knows, and what they stand for where nothing is written.

The README of the room lists them for users.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from badgejobs.core.activity import Link, Mark
from badgejobs.rules.activities.cells import (
    Amount,
    CurrencyCode,
    Listed,
    Moment,
    Names,
    Number,
    Rate,
    Text,
    Truth,
    chosen,
)
from badgejobs.rules.activities.problems import Known, row_error
from badgejobs.rules.language.names import CatalogApp, CommentApp, SourceName
from badgejobs.rules.language.strict import Strict
from badgejobs.rules.yaml_tree import shortened

Marks = frozenset[Mark]

#: What the words of an order's state stand for: Wix's own, and the everyday ones.
ORDER_STATES: Final[Mapping[str, Marks]] = {
    "approved": frozenset({Mark.APPROVED}),
    "cancelled": frozenset({Mark.CANCELLED}),
    "canceled": frozenset({Mark.CANCELLED}),
    "rejected": frozenset({Mark.REJECTED}),
    "pending": frozenset({Mark.PENDING}),
    "initialized": frozenset({Mark.PENDING}),
}
_PAID = frozenset({Mark.PAID})
_PARTLY = _PAID | {Mark.PARTLY_REFUNDED}
_REFUNDED = _PAID | {Mark.REFUNDED}
#: Likewise of its payment; a word without marks is a state that no policy counts.
PAYMENTS: Final[Mapping[str, Marks]] = {
    "paid": _PAID,
    "partially_refunded": _PARTLY,
    "refunded": _REFUNDED,
    "fully_refunded": _REFUNDED,
    "charged_back": _PAID | {Mark.CHARGED_BACK},
    **dict.fromkeys(
        ("not_paid", "pending", "pending_merchant", "partially_paid", "canceled", "declined"),
        frozenset[Mark](),
    ),
}
COMMENT_STATES: Final[Mapping[str, Marks]] = {
    word: frozenset({Mark(word)}) for word in ("published", "pending", "hidden", "deleted")
}
MEMBER_STATES: Final[Mapping[str, Marks]] = {
    "joined": frozenset({Mark.JOINED}),
    "pending": frozenset({Mark.JOINED, Mark.PENDING}),
    "blocked": frozenset({Mark.JOINED, Mark.BLOCKED}),
}
_LINKS = {link.value: link for link in Link}

_OrderState = Annotated[Marks, chosen(ORDER_STATES)]
_Payment = Annotated[Marks, chosen(PAYMENTS)]
_CommentState = Annotated[Marks, chosen(COMMENT_STATES)]
_MemberState = Annotated[Marks, chosen(MEMBER_STATES)]


class Row(Strict):
    """What every activity has."""

    source: SourceName = Field(description="orders, comments, membership, or a plug-in's name.")
    id: Text = Field(description="Names the activity within its source; ties of time go by it.")
    member: Text | None = Field(None, description="Who did it; empty for a guest.")
    at: Moment = Field(description="When it was done: ISO 8601 with the zone.")


class LineRow(Strict):
    """One line of an order."""

    product: Text = Field(description="The id of the product; its sizes and colours share it.")
    name: Text | None = Field(None, description="The product's name, where rules go by it.")
    catalog: CatalogApp = Field("", description="stores, bookings, ..., or an app id.")
    category: Names = Field(frozenset(), description="The product's category, or a list of them.")
    quantity: Number = Field(1, description="How many units.")
    refunded: Number = Field(0, description="How many units were refunded.")
    amount: Amount | None = Field(None, description="After discounts, without tax and shipping.")


class OrderRow(Row):
    """An order."""

    status: _OrderState = Field(
        ORDER_STATES["approved"], description="approved, cancelled, rejected, pending."
    )
    payment: _Payment | None = Field(
        None,
        description="paid, not_paid, partially_paid, partially_refunded, refunded, charged_back, "
        "... Without it: paid, or refunded as 'refunded' says.",
    )
    amount: Amount | None = Field(
        None, description="Lines after discounts, without tax and shipping; else the lines' sum."
    )
    total: Amount | None = Field(None, description="What was charged; else the amount.")
    refunded: Amount | None = Field(None, description="How much of the total was given back.")
    currency: CurrencyCode | None = Field(None, description="ISO 4217 code; else the site's own.")
    base_currency: CurrencyCode | None = Field(
        None, description="The site's currency, for an order in another one."
    )
    rate: Rate | None = Field(None, description="How much of the order's currency it was worth.")
    paid_at: Moment | None = Field(None, description="When it was paid in full.")
    channel: Text | None = Field(None, description="Where it was placed: WEB, POS, ...")
    items: Annotated[list[LineRow], Listed] = Field([], description="The lines, as a JSON list.")
    fulfilled: Truth = Field(default=False, description="Whether it was fulfilled.")
    imported: Truth = Field(default=False, description="Whether it comes from another shop.")
    demo: Truth = Field(default=False, description="Whether it is a demo order.")
    trial: Truth = Field(default=False, description="Whether it is a free cycle of a subscription.")
    credit: Truth = Field(
        default=False, description="Whether it gives its amount back, and is no order."
    )
    linked_by: Annotated[Link, chosen(_LINKS)] | None = Field(
        None, description="How a guest's order was found to be the member's: contact, "
        "verified_email.",
    )  # fmt: skip
    gone: Truth = Field(default=False, description="Whether it is no longer found at Wix.")


class CommentRow(Row):
    """A comment."""

    status: _CommentState = Field(
        COMMENT_STATES["published"], description="published, pending, hidden, deleted."
    )
    app: CommentApp = Field("", description="blog, forum, groups, comments, or an app id.")
    post: Text | None = Field(None, description="The id of the post that it is about.")
    parent: Text | None = Field(None, description="The id of the comment that it replies to.")
    own: Truth = Field(default=False, description="Whether it stands on the member's own content.")
    length: Number = Field(0, description="How many characters it has; else none at all.")
    staff: Truth = Field(default=False, description="Whether the site's staff wrote it.")
    gone: Truth = Field(default=False, description="Whether it is no longer found at Wix.")


class MemberRow(Row):
    """Joining the site."""

    status: _MemberState = Field(MEMBER_STATES["joined"], description="joined, pending, blocked.")


class PlainRow(Row):
    """An activity of a plug-in's source."""

    status: _CommentState = Field(
        COMMENT_STATES["published"], description="published, pending, hidden, deleted."
    )


#: The columns by source; every other source has those of ``PlainRow``.
ROWS: Final[Mapping[str, type[Row]]] = {
    "orders": OrderRow,
    "comments": CommentRow,
    "membership": MemberRow,
}
#: Every column that some source knows.
_MODELS: tuple[type[Row], ...] = (*ROWS.values(), PlainRow)
COLUMNS: Final = frozenset(name for model in _MODELS for name in model.model_fields)


def row_of(cells: Mapping[str, Any], *, sources: AbstractSet[str]) -> Row:
    """The row that these cells are; ``RowError`` where they are none."""
    source = cells.get("source")
    model: type[Row] = (ROWS.get(source) if isinstance(source, str) else None) or PlainRow
    try:
        return model.model_validate(cells, context={"sources": sources})
    except ValidationError as error:
        known = Known(
            here=model.model_fields.keys(),
            elsewhere=COLUMNS,
            of_lines=LineRow.model_fields.keys(),
        )
        raise row_error(error, known=known, source=shortened(str(source))) from None
