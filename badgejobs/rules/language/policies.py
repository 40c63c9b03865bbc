"""What counts at all, for a whole file or for one badge."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from badgejobs.rules.language.scalars import Money, Truth, WholeOrNone, word
from badgejobs.rules.language.strict import Strict

_CountWhen = Literal["approved", "paid", "fulfilled"]
_DatedBy = Literal["purchased", "paid"]
_Amount = Literal["items", "total"]
_Keep = Literal["void", "keep"]
_Subtract = Literal["subtract", "keep"]
_Imported = Literal["count", "ignore"]
_Guests = Literal["never", "link_contact", "link_verified_email"]
_Convert = Literal["none", "order_rate"]
_Published = Literal["published"]
_Void = Literal["void"]

Keeping = Annotated[_Keep, word(_Keep)]


class OrderRules(Strict):
    """Which orders count, on which date, and with which amount."""

    count_when: Annotated[_CountWhen, word(_CountWhen)] = Field(
        "paid", description="The state from which on an order counts."
    )
    dated_by: Annotated[_DatedBy, word(_DatedBy)] = Field(
        "purchased", description="purchased: when it was placed; paid: when it was paid in full."
    )
    amount: Annotated[_Amount, word(_Amount)] = Field(
        "items", description="items: after discounts, without tax and shipping; total: all."
    )
    min_amount: Money = Field(
        Decimal(0), description="An order below this amount does not count at all; 0: none is."
    )
    full_refund: Keeping = Field("void", description="void: stops counting; keep: still counts.")
    partial_refund: Annotated[_Subtract, word(_Subtract)] = Field(
        "subtract", description="subtract: refunded money leaves sums; keep: it stays."
    )
    cancelled: Keeping = Field("void", description="void: stops counting; keep: still counts.")
    imported: Annotated[_Imported, word(_Imported)] = Field(
        "count", description="count: orders brought from another shop count; ignore: they do not."
    )
    guests: Annotated[_Guests, word(_Guests)] = Field(
        "link_verified_email", description="How a guest's order may come to be a member's."
    )
    convert: Annotated[_Convert, word(_Convert)] = Field(
        "none", description="order_rate: another currency is converted by the order's own rate."
    )


class CommentRules(Strict):
    """Which comments count."""

    count_when: Annotated[_Published, word(_Published)] = Field(
        "published", description="The state in which a comment counts."
    )
    hidden: Annotated[_Void, word(_Void)] = Field(
        "void", description="A hidden comment never counts while it is hidden."
    )
    deleted: Keeping = Field("void", description="void: stops counting; keep: still counts.")
    include_staff: Truth = Field(
        default=False, description="Whether comments by the site's staff count."
    )
    min_chars: WholeOrNone = Field(0, description="Shorter comments do not count.")
    max_per_post_per_day: WholeOrNone = Field(
        0, description="Of a member's comments on one post and day only so many count; 0: all."
    )


class Policies(Strict):
    """The one place for what counts."""

    orders: OrderRules = OrderRules()
    comments: CommentRules = CommentRules()

    def overridden(self, other: Policies | None) -> Policies:
        """These policies, with what is written in others in the place of what stands here."""
        if other is None:
            return self
        return Policies(
            orders=self.orders.model_copy(update=_written(other.orders)),
            comments=self.comments.model_copy(update=_written(other.comments)),
        )


def _written(rules: Strict) -> dict[str, object]:
    return {name: getattr(rules, name) for name in rules.model_fields_set}
