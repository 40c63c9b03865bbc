"""``where``: which of the activities that count a rule looks at."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from badgejobs.rules.language.names import CatalogApp, Channel, CommentApp, Name
from badgejobs.rules.language.scalars import Maybe, Money, OneOrMore, Truth, Whole
from badgejobs.rules.language.strict import MOST_VALUES, Strict

_BOUNDS = Field(min_length=1, max_length=MOST_VALUES)
_Names = Annotated[list[Name], OneOrMore(), _BOUNDS]

#: The filters by the source that they belong to.
FILTERS = {
    "orders": (
        "channel", "catalog", "category", "product", "not_product", "min_amount", "imported",
    ),
    "comments": ("app", "post", "is_reply", "on_own_content", "min_chars"),
}  # fmt: skip


class WhereRule(Strict):
    """Which activities are looked at; all filters must let one pass."""

    channel: Maybe[Annotated[list[Channel], OneOrMore(), _BOUNDS]] = Field(
        None, description="Orders: where they were placed, in Wix's word."
    )
    catalog: Maybe[Annotated[list[CatalogApp], OneOrMore(), _BOUNDS]] = Field(
        None, description="Orders: only lines of this app's catalogue."
    )
    category: Maybe[_Names] = Field(
        None, description="Orders: only lines of these categories, by name or id."
    )
    product: Maybe[_Names] = Field(
        None, description="Orders: only lines of these products, by name or id."
    )
    not_product: Maybe[_Names] = Field(
        None, description="Orders: no lines of these products, by name or id."
    )
    min_amount: Maybe[Money] = Field(None, description="Orders: of this amount at least.")
    imported: Maybe[Truth] = Field(
        None, description="Orders: only those brought from another shop, or only the others."
    )
    app: Maybe[Annotated[list[CommentApp], OneOrMore(), _BOUNDS]] = Field(
        None, description="Comments: written in this app."
    )
    post: Maybe[_Names] = Field(None, description="Comments: about these posts, by id.")
    is_reply: Maybe[Truth] = Field(None, description="Comments: only replies, or only the others.")
    on_own_content: Maybe[Truth] = Field(
        None, description="Comments: only those on the member's own content, or only the others."
    )
    min_chars: Maybe[Whole] = Field(None, description="Comments: of so many characters at least.")
