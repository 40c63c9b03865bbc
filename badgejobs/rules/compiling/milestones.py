"""Badges and tiers of the file as milestones of core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from badgejobs.core.calendar import NO_TIME
from badgejobs.core.milestone import Condition, Lifecycle, Look, Milestone, OnChange, Renew
from badgejobs.rules.compiling.conditions import condition, leaf
from badgejobs.rules.compiling.selections import Frame
from badgejobs.rules.compiling.sharing import Shared
from badgejobs.rules.language.badges import BadgeRule
from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.ladders import LadderRule, TierRule
from badgejobs.rules.language.lifecycles import (
    AfterRule,
    DownRule,
    EarnableRule,
    GraceRule,
    TierLifecycle,
)
from badgejobs.rules.language.looks import LookRule, title_of
from badgejobs.rules.language.times import HOW_OFTEN
from badgejobs.rules.setting import Setting


class Compiler:
    """Compiles the badges of one file, those first that others lean on."""

    def __init__(self, rules: Rules, setting: Setting) -> None:
        self._rules = rules
        self._setting = setting
        self._shared = Shared()
        self._badges = {rule.id: rule for rule in rules.badges}
        self._done: dict[str, Milestone] = {}
        for ladder in rules.ladders:
            for tier in self._tiers(ladder):
                self._done[tier.badge] = tier

    def milestones(self) -> tuple[Milestone, ...]:
        """Every badge in the order of the file, then every tier."""
        badges = [self._badge(rule.id) for rule in self._rules.badges]
        tiers = [self._done[tier.id] for ladder in self._rules.ladders for tier in ladder.tiers]
        return (*badges, *tiers)

    def _badge(self, badge: str) -> Milestone:
        if badge not in self._done:
            rule = self._badges[badge]
            found = condition(rule.when, self._frame(rule), self._badge)
            self._done[badge] = self._badge_milestone(rule, found)
        return self._done[badge]

    def _badge_milestone(self, rule: BadgeRule, found: Condition) -> Milestone:
        revoke = rule.lifecycle.revoke
        earnable, setting = rule.earnable or EarnableRule(), self._setting
        lifecycle = replace(
            _kept(rule.lifecycle, setting),
            stated="revoke" in rule.lifecycle.model_fields_set,
            revokes=revoke != "never",
            grace=revoke.grace if isinstance(revoke, GraceRule) else NO_TIME,
            earnable_from=setting.moment(earnable.since) if earnable.since else None,
            earnable_until=setting.moment(earnable.until) if earnable.until else None,
            first=rule.limit.first if rule.limit else None,
            retired=rule.retired,
        )
        return Milestone(
            badge=rule.id,
            title=title_of(rule.badge),
            look=_look(rule.badge),
            condition=found,
            lifecycle=lifecycle,
            calendar=setting.calendar,
            opens_pages=_opens_pages(rule),
            notify_award=rule.notify.award,
            notify_revoke=rule.notify.revoke,
            notify_backfill=rule.backfill.notify,
        )

    def _tiers(self, ladder: LadderRule) -> Iterator[Milestone]:
        """The tiers, the highest first; what is shown of each hangs on those above it.

        A retired tier hides none below it, since nobody gets it in their place. The tiers above
        stand there flat: without those above them in turn, which are in the list as well.
        """
        frame = self._frame(ladder)
        above: tuple[Milestone, ...] = ()
        for rule in reversed(ladder.tiers):
            tier = Milestone(
                badge=rule.id,
                title=title_of(rule.badge),
                look=_look(rule.badge),
                condition=leaf(ladder.measure, rule.gte, frame),
                lifecycle=_of_tier(ladder, rule, self._setting),
                calendar=self._setting.calendar,
                ladder=ladder.id,
                opens_pages=_opens_pages(rule),
                notify_award=ladder.notify.award,
                notify_revoke=ladder.notify.revoke,
                notify_backfill=ladder.backfill.notify,
            )
            yield replace(tier, above=above)
            if ladder.show == "highest" and not rule.retired:
                above = (tier, *above)

    def _frame(self, rule: BadgeRule | LadderRule) -> Frame:
        history = rule.backfill.history
        return Frame(
            setting=self._setting,
            policies=self._rules.policies.overridden(rule.policies),
            settle=rule.settle_after,
            history_from=self._setting.moment(history.since) if history else None,
            shared=self._shared,
        )


def _of_tier(ladder: LadderRule, rule: TierRule, setting: Setting) -> Lifecycle:
    down = ladder.down if isinstance(ladder.down, DownRule) else DownRule()
    return replace(
        _kept(ladder.lifecycle, setting),
        stated="down" in ladder.model_fields_set,
        revokes=ladder.down != "never",
        grace=down.grace or NO_TIME,
        checked=HOW_OFTEN[down.check] if down.check else None,
        retired=rule.retired,
    )


def _kept(rule: TierLifecycle, setting: Setting) -> Lifecycle:
    expires = rule.expires if isinstance(rule.expires, AfterRule) else AfterRule()
    return Lifecycle(
        expires_after=expires.after,
        expires_at=setting.moment(expires.at) if expires.at else None,
        renew=Renew(rule.renew),
        on_change=OnChange(rule.on_rule_change),
    )


def _opens_pages(rule: BadgeRule | TierRule) -> bool:
    return rule.opens_pages or (isinstance(rule.badge, LookRule) and rule.badge.permissions)


def _look(badge: LookRule | str) -> Look | None:
    if isinstance(badge, str):
        return None
    return Look(
        title=badge.title,
        description=badge.description,
        background=badge.background,
        text=badge.text,
        icon=badge.icon,
    )
