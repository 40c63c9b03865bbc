"""One badge: its look, the condition that earns it, and how long it stays."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from badgejobs.rules.language.conditions import ConditionRule
from badgejobs.rules.language.lifecycles import (
    BackfillRule,
    EarnableRule,
    LifecycleRule,
    LimitRule,
    NotifyRule,
)
from badgejobs.rules.language.looks import BadgeLook
from badgejobs.rules.language.names import BadgeId
from badgejobs.rules.language.policies import Policies
from badgejobs.rules.language.scalars import Maybe, Truth
from badgejobs.rules.language.strict import Strict
from badgejobs.rules.language.times import ExactLength

OPENS_PAGES = Field(
    default=False, description="For a badge given by title: its permissions are on at Wix."
)
RETIRED = Field(default=False, description="true: nobody earns it any more; holders keep it.")
SETTLE_AFTER = Field(
    timedelta(0), description="An activity counts only so long after its date, such as 14d."
)


class BadgeRule(Strict):
    """One badge, and the condition that earns it."""

    id: BadgeId = Field(description="Permanent and unique; what the ledger stores.")
    badge: BadgeLook = Field(
        description="A look, or the title of a badge at Wix that is never changed."
    )
    when: ConditionRule
    policies: Maybe[Policies] = Field(
        None, description="What counts for this badge; what is not written is the file's."
    )
    settle_after: ExactLength = SETTLE_AFTER
    lifecycle: LifecycleRule = LifecycleRule()
    earnable: Maybe[EarnableRule] = Field(None, description="When new awards are opened.")
    limit: Maybe[LimitRule] = Field(None, description="The first so many members only.")
    notify: NotifyRule = NotifyRule()
    backfill: BackfillRule = BackfillRule()
    retired: Truth = RETIRED
    opens_pages: Truth = OPENS_PAGES
