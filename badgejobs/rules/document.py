"""What a rules file may say: the models that check it and that its JSON Schema is made from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from badgejobs.rules.unsupported import not_supported
from badgejobs.rules.values import (
    BadgeId,
    Colour,
    Currency,
    Description,
    Icon,
    LanguageVersion,
    Money,
    SourceName,
    Summable,
    Title,
    Truth,
    Whole,
    did_you_mean,
    one_of,
    refusal,
)
from badgejobs.rules.yaml_tree import shortened

#: Bounds on lists, far above any real file.
MOST_BADGES = 500
MOST_PARTS = 50

#: Begins the tags of unions, to tell them from keys in the places of errors: no key can hold it.
TAG = "\0"

Keeping = Annotated[Literal["void", "keep"], BeforeValidator(one_of("void", "keep"))]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SiteFacts(_Strict):
    """What holds for the whole site."""

    currency: Currency | None = Field(
        None, description="ISO 4217 code; needed where money is compared. Example: GBP."
    )


class OrderRules(_Strict):
    """Which orders count, and with which amount."""

    count_when: Annotated[
        Literal["approved", "paid", "fulfilled"],
        BeforeValidator(one_of("approved", "paid", "fulfilled")),
    ] = Field("paid", description="The state from which on an order counts.")
    amount: Annotated[Literal["items", "total"], BeforeValidator(one_of("items", "total"))] = Field(
        "items", description="items: after discounts, without tax and shipping; total: all."
    )
    min_amount: Money | None = Field(
        None, description="An order below this amount does not count at all."
    )
    full_refund: Keeping = Field("void", description="void: stops counting; keep: still counts.")
    cancelled: Keeping = Field("void", description="void: stops counting; keep: still counts.")
    partial_refund: Annotated[
        Literal["subtract", "keep"], BeforeValidator(one_of("subtract", "keep"))
    ] = Field("subtract", description="subtract: refunded money leaves sums; keep: it stays.")


class CommentRules(_Strict):
    """Which comments count."""

    count_when: Annotated[Literal["published"], BeforeValidator(one_of("published"))] = Field(
        "published", description="The state in which a comment counts."
    )
    deleted: Keeping = Field("void", description="void: stops counting; keep: still counts.")
    include_staff: Truth = Field(
        default=False, description="Whether comments by the site's staff count."
    )


class Policies(_Strict):
    """The one place for what counts."""

    orders: OrderRules = OrderRules()
    comments: CommentRules = CommentRules()


class LookRule(_Strict):
    """How the badge looks; it is created at Wix when it is missing."""

    title: Title
    description: Description = ""
    background: Colour = Field("#796EFF", description="'#RRGGBB', in quotes.")
    text: Colour = Field("#FFFFFF", description="'#RRGGBB', in quotes.")
    icon: Icon | None = Field(None, description="The https address of a picture.")


class CountRule(_Strict):
    """At least so many activities of one source."""

    count: SourceName
    gte: Whole


class SumRule(_Strict):
    """Amounts that add up to at least so much, in the site's currency."""

    sum: Summable
    gte: Money


class AllRule(_Strict):
    """Every part must be met."""

    all: list[ConditionRule] = Field(min_length=1, max_length=MOST_PARTS)


class AnyRule(_Strict):
    """One part at least must be met."""

    any: list[ConditionRule] = Field(min_length=1, max_length=MOST_PARTS)


MEASURES: dict[str, type[BaseModel]] = {
    "count": CountRule,
    "sum": SumRule,
    "all": AllRule,
    "any": AnyRule,
}


def _has_one_measure(value: Any) -> Any:
    """See to it that a condition says one thing, before its kind is chosen by it."""
    if isinstance(value, BaseModel):
        return value
    if value is None:
        raise refusal("is empty; write a condition such as {count: orders, gte: 10}")
    if not isinstance(value, dict):
        raise refusal("is not a condition; write one such as {count: orders, gte: 10}")
    measures = [key for key in value if key in MEASURES]
    if len(measures) > 1:
        raise refusal(
            f"a condition has one measure; put '{measures[0]}' and '{measures[1]}' "
            "under 'all' or 'any' as two conditions",
            key=measures[1],
        )
    if not measures:
        for key in value:
            if sentence := not_supported(key):
                raise refusal(sentence, key=key)
        key = next((key for key in value if key != "gte"), None)
        if key is None:
            raise refusal(f"no measure; {did_you_mean('', MEASURES)}")
        raise refusal(f"'{shortened(key)}' is not known; {did_you_mean(key, MEASURES)}", key=key)
    return value


def _measure(value: Any) -> str | None:
    if isinstance(value, BaseModel):  # asked again when the rules are written out
        return next(TAG + key for key, model in MEASURES.items() if isinstance(value, model))
    return next((TAG + key for key in MEASURES if key in value), None)


ConditionRule = Annotated[
    Annotated[CountRule, Tag(TAG + "count")]
    | Annotated[SumRule, Tag(TAG + "sum")]
    | Annotated[AllRule, Tag(TAG + "all")]
    | Annotated[AnyRule, Tag(TAG + "any")],
    Discriminator(_measure),
    BeforeValidator(_has_one_measure),
]


def _is_a_badge(value: Any) -> Any:
    if value is None or isinstance(value, list):
        raise refusal("write {title: ...} for a badge of ours, or the title of one at Wix")
    return value


class BadgeRule(_Strict):
    """One badge, and the condition that earns it."""

    id: BadgeId = Field(description="Permanent and unique; what the ledger stores.")
    badge: Annotated[
        Annotated[LookRule, Tag(TAG + "look")] | Annotated[Title, Tag(TAG + "title")],
        Discriminator(lambda value: TAG + ("title" if isinstance(value, str) else "look")),
        BeforeValidator(_is_a_badge),
    ] = Field(description="A look, or the title of a badge at Wix that is never changed.")
    when: ConditionRule


class Rules(_Strict):
    """Rules of badgejobs: which members of a Wix site earn which badge."""

    version: LanguageVersion
    site: SiteFacts = SiteFacts()
    policies: Policies = Policies()
    badges: list[BadgeRule] = Field(min_length=1, max_length=MOST_BADGES)


for _model in (AllRule, AnyRule, BadgeRule, Rules):
    _model.model_rebuild()
