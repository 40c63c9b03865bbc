"""Which activities a measure looks at, in core's terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from badgejobs.core.activity import Link, Mark, label
from badgejobs.core.milestone import (
    Between,
    First,
    InPeriod,
    Rolling,
    Selection,
    Stretch,
    Where,
)
from badgejobs.core.policy import CommentPolicy, OrderPolicy, PlainPolicy, Policy
from badgejobs.rules.compiling.sharing import Shared
from badgejobs.rules.language.measures import AgeMeasure, Measure, source_of
from badgejobs.rules.language.policies import CommentRules, OrderRules, Policies
from badgejobs.rules.language.wheres import WhereRule
from badgejobs.rules.language.windows import AnyWindow, FixedWindow
from badgejobs.rules.setting import Setting

#: The ways in which a guest's order may have come to a member. An address that the member
#: proved to own is more than a contact, so who takes the weaker link takes the stronger too.
_LINKS = {
    "never": frozenset[Link](),
    "link_verified_email": frozenset({Link.VERIFIED_EMAIL}),
    "link_contact": frozenset({Link.CONTACT, Link.VERIFIED_EMAIL}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the measures of one badge have in common."""

    setting: Setting
    policies: Policies
    settle: timedelta
    history_from: datetime | None
    shared: Shared


def selection(measure: Measure, frame: Frame) -> Selection:
    """The activities that a measure looks at."""
    source = source_of(measure)
    window = None if isinstance(measure, AgeMeasure) else measure.window
    return frame.shared.one(
        Selection(
            source=source,
            policy=frame.shared.one(_policy(source, frame)),
            where=frame.shared.one(_where(measure.where, frame.setting)),
            stretch=_stretch(window, frame.setting) if window else None,
            settle=frame.settle,
            # joining is no activity: who joined before the history began is a member all the same
            history_from=None if source == "membership" else frame.history_from,
            calendar=frame.setting.calendar,
        )
    )


def _policy(source: str, frame: Frame) -> Policy:
    match source:
        case "orders":
            return _orders(frame.policies.orders, frame.setting)
        case "comments":
            return _comments(frame.policies.comments)
        case _:
            return PlainPolicy()


def _orders(rules: OrderRules, setting: Setting) -> OrderPolicy:
    return OrderPolicy(
        count_when=Mark(rules.count_when),
        dated_by_payment=rules.dated_by == "paid",
        amount=rules.amount,
        min_amount=setting.minor(rules.min_amount) if rules.min_amount else 0,
        void_when_refunded=rules.full_refund == "void",
        void_when_cancelled=rules.cancelled == "void",
        subtract_refunds=rules.partial_refund == "subtract",
        count_imported=rules.imported == "count",
        guests=_LINKS[rules.guests],
        currency=setting.currency,
        convert=rules.convert == "order_rate",
    )


def _comments(rules: CommentRules) -> CommentPolicy:
    return CommentPolicy(
        include_staff=rules.include_staff,
        keep_deleted=rules.deleted == "keep",
        min_chars=rules.min_chars,
        max_per_post_per_day=rules.max_per_post_per_day,
    )


def _where(rule: WhereRule | None, setting: Setting) -> Where:
    if rule is None:
        return Where()
    return Where(
        channels=_set(rule.channel),
        catalogs=_set(rule.catalog),
        categories=_set(rule.category and [name.lower() for name in rule.category]),
        products=_products(rule.product),
        not_products=_products(rule.not_product),
        min_amount=setting.minor(rule.min_amount) if rule.min_amount else None,
        imported=rule.imported,
        parts=_set(rule.app),
        posts=_set(rule.post),
        is_reply=rule.is_reply,
        on_own_content=rule.on_own_content,
        min_chars=rule.min_chars,
    )


def _set(values: list[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _products(names: list[str] | None) -> frozenset[str] | None:
    """Each as it is, which may be an id, and as the label of a name."""
    return None if names is None else frozenset([*names, *map(label, names)])


def _stretch(rule: FixedWindow | AnyWindow, setting: Setting) -> Stretch:
    if isinstance(rule, AnyWindow):
        if rule.rolling:
            return Rolling(span=rule.rolling)
        if rule.calendar:
            return InPeriod(period=rule.calendar)
    if rule.first:
        return First(span=rule.first)
    assert rule.between, "a window is of one kind"
    since, until = rule.between.since, rule.between.until
    return Between(
        since=setting.moment(since) if since else None,
        until=setting.moment(until) if until else None,
    )
