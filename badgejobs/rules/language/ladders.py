"""Ladders: one measure, and a tier for each line of it that is crossed."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Discriminator, Field, Tag

from badgejobs.core.calendar import Span
from badgejobs.rules.language.badges import OPENS_PAGES, RETIRED, SETTLE_AFTER
from badgejobs.rules.language.conditions import has_one_measure, measure_of
from badgejobs.rules.language.lifecycles import BackfillRule, Down, NotifyRule, TierLifecycle
from badgejobs.rules.language.looks import BadgeLook
from badgejobs.rules.language.measures import (
    AgeMeasure,
    CountMeasure,
    DistinctMeasure,
    GapMeasure,
    MaxMeasure,
    Measure,
    StreakMeasure,
    SumMeasure,
    is_money,
)
from badgejobs.rules.language.names import BadgeId
from badgejobs.rules.language.policies import Policies
from badgejobs.rules.language.scalars import (
    MONEY_SCHEMA,
    Maybe,
    Truth,
    money,
    refusal,
    schema,
    text_of,
    whole,
    word,
)
from badgejobs.rules.language.strict import MOST_TIERS, TAG, Strict
from badgejobs.rules.language.times import SPAN_SCHEMA, ExactLength, span

_Show = Literal["highest", "all"]
_NO_MEASURES = ("has", "all", "any", "none", "at_least")


class _Asked(NamedTuple):
    """A line as it is written, and the measure that says what it is a line of."""

    written: object
    measure: Measure


def _threshold(value: object) -> int | Decimal | Span:
    if not isinstance(value, _Asked):  # the measure is wrong, and told
        text_of(value)
        return 1
    match value.measure:
        case GapMeasure() | AgeMeasure():
            return span(value.written)
        case measure:
            return money(value.written) if is_money(measure) else whole(value.written)


class TierRule(Strict):
    """One tier: its badge, and the line that earns it."""

    id: BadgeId = Field(description="Permanent and unique; what the ledger stores.")
    badge: BadgeLook = Field(
        description="A look, or the title of a badge at Wix that is never changed."
    )
    gte: Annotated[
        int | Decimal | Span,
        BeforeValidator(_threshold),
        schema(anyOf=[*MONEY_SCHEMA, SPAN_SCHEMA]),
    ]
    retired: Truth = RETIRED
    opens_pages: Truth = OPENS_PAGES


def _is_a_measure(value: Any) -> Any:
    if isinstance(value, dict):
        for key in _NO_MEASURES:
            if key in value:
                raise refusal(f"a ladder measures one thing, and '{key}' measures nothing", key=key)
        for key in ("gte", "length"):
            if key in value:
                raise refusal(f"'{key}' of a ladder stands in its tiers, as 'gte'", key=key)
    return has_one_measure(value)


MeasureRule = Annotated[
    Annotated[CountMeasure, Tag(TAG + "count")]
    | Annotated[SumMeasure, Tag(TAG + "sum")]
    | Annotated[DistinctMeasure, Tag(TAG + "distinct")]
    | Annotated[MaxMeasure, Tag(TAG + "max")]
    | Annotated[StreakMeasure, Tag(TAG + "streak")]
    | Annotated[GapMeasure, Tag(TAG + "gap")]
    | Annotated[AgeMeasure, Tag(TAG + "age")],
    Discriminator(measure_of),
    BeforeValidator(_is_a_measure),
]


def _of_the_measure(value: Any, info: Any) -> Any:
    """Put the measure beside each line of the tiers, which are read by it."""
    measure = info.data.get("measure")
    if measure is None or not isinstance(value, list):
        return value
    return [
        {**tier, "gte": _Asked(tier["gte"], measure)}
        if isinstance(tier, dict) and "gte" in tier
        else tier
        for tier in value
    ]


class LadderRule(Strict):
    """Tiers of one measure, the lowest first."""

    id: BadgeId = Field(description="Permanent and unique, among badges too.")
    measure: MeasureRule = Field(description="A measure without 'gte', which stands in the tiers.")
    show: Annotated[_Show, word(_Show)] = Field(
        "highest", description="highest: only the highest tier reached; all: those below too."
    )
    settle_after: ExactLength = SETTLE_AFTER
    down: Down = Field("never", description="never, when_unmet or {grace: 30d, check: monthly}.")
    policies: Maybe[Policies] = Field(
        None, description="What counts for this ladder; what is not written is the file's."
    )
    lifecycle: TierLifecycle = TierLifecycle()
    notify: NotifyRule = NotifyRule()
    backfill: BackfillRule = BackfillRule()
    tiers: Annotated[list[TierRule], BeforeValidator(_of_the_measure)] = Field(
        min_length=1, max_length=MOST_TIERS
    )
