"""How long a badge stays, who may earn it, and who hears of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from badgejobs.rules.language.scalars import Maybe, Truth, Whole, nearest, refusal, word
from badgejobs.rules.language.strict import TAG, Strict
from badgejobs.rules.language.times import HowOften, Length, LengthOrNone, Moment
from badgejobs.rules.yaml_tree import shortened

_Revoke = Literal["never", "when_unmet"]
_Renew = Literal["never", "again", "while_met"]
_OnChange = Literal["grandfather", "reevaluate"]


def _word_or_mapping(*, words: tuple[str, ...], mapping: str) -> BeforeValidator:
    """Refuse what is neither one of the words nor a mapping, and say what may stand there."""

    def checked(value: Any) -> Any:
        if value is None or isinstance(value, list):
            raise refusal(f"write {', '.join(words)} or {mapping}")
        if isinstance(value, str) and value not in words:
            near = nearest(value, words)
            cure = f"did you mean '{near}'?" if near else f"write {', '.join(words)} or {mapping}"
            raise refusal(f"'{shortened(value)}' is not known; {cure}")
        return value

    return BeforeValidator(checked)


_WORD = TAG + "word"
_MAPPING = TAG + "mapping"
_BY_FORM = Discriminator(lambda value: _WORD if isinstance(value, str) else _MAPPING)


class GraceRule(Strict):
    """Taken back so long after the condition is no longer met."""

    grace: LengthOrNone


class DownRule(Strict):
    """When a member goes down to a lower tier."""

    grace: Maybe[LengthOrNone] = Field(
        None, description="So long after the tier's line is no longer reached."
    )
    check: Maybe[HowOften] = Field(
        None, description="Only at the beginning of a day, week, month, quarter or year."
    )


class AfterRule(Strict):
    """Expires so long after it was earned, or at a moment."""

    after: Maybe[Length] = Field(None, description="So long after it was earned.")
    at: Maybe[Moment] = Field(None, description="At this moment, for everybody.")


Revoke = Annotated[
    Annotated[_Revoke, Tag(_WORD)] | Annotated[GraceRule, Tag(_MAPPING)],
    _BY_FORM,
    _word_or_mapping(words=("never", "when_unmet"), mapping="{grace: 7d}"),
]
Down = Annotated[
    Annotated[_Revoke, Tag(_WORD)] | Annotated[DownRule, Tag(_MAPPING)],
    _BY_FORM,
    _word_or_mapping(words=("never", "when_unmet"), mapping="{grace: 30d, check: monthly}"),
]
Expires = Annotated[
    Annotated[Literal["never"], Tag(_WORD)] | Annotated[AfterRule, Tag(_MAPPING)],
    _BY_FORM,
    _word_or_mapping(words=("never",), mapping="{after: 1y} or {at: 2027-01-01}"),
]


class TierLifecycle(Strict):
    """How long a tier stays; whether it is taken back stands under ``down``."""

    expires: Expires = Field("never", description="never, {after: 1y} or {at: 2027-01-01}.")
    renew: Annotated[_Renew, word(_Renew)] = Field(
        "never", description="What begins a new period of a badge that expired."
    )
    on_rule_change: Annotated[_OnChange, word(_OnChange)] = Field(
        "grandfather", description="grandfather: holders keep it when the rule changes."
    )


class LifecycleRule(TierLifecycle):
    """How long a badge stays."""

    revoke: Revoke = Field("never", description="never, when_unmet or {grace: 7d}.")


class EarnableRule(Strict):
    """When new awards are opened: from one moment to before another."""

    since: Maybe[Moment] = Field(None, alias="from", description="The first moment.")
    until: Maybe[Moment] = Field(None, alias="to", description="The first one when no more.")


class LimitRule(Strict):
    """How many members may earn it."""

    first: Whole = Field(description="Only so many, in the order in which they crossed the line.")


class NotifyRule(Strict):
    """Whether a member hears of it."""

    award: Truth = Field(default=True, description="Of an award.")
    revoke: Truth = Field(default=False, description="Of a badge that is taken back.")


class HistoryRule(Strict):
    """How far back a rule looks."""

    since: Moment = Field(alias="from", description="Older activities do not exist for the rule.")


class BackfillRule(Strict):
    """What a new badge does with the past."""

    history: Maybe[HistoryRule] = Field(None, description="{from: 2026-01-01}; else all of it.")
    notify: Truth = Field(
        default=False, description="Whether members hear of awards for what they did before."
    )
