"""Made-up facts and rules of every form, for properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from badgejobs.core.activity import Activity, Item, Link, Mark
from badgejobs.core.calendar import Calendar, Period, Span
from badgejobs.core.counted import FUTURE_TOLERANCE, Counted, Counting
from badgejobs.core.milestone import (
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Condition,
    Count,
    Distinct,
    First,
    Gap,
    Has,
    InPeriod,
    Leaf,
    Lifecycle,
    Max,
    Milestone,
    NoneOf,
    Renew,
    Rolling,
    Selection,
    Streak,
    Stretch,
    Sum,
    Where,
    knows_only_the_present,
)
from badgejobs.core.policy import CommentPolicy, OrderPolicy, PlainPolicy

#: The night in which the clocks of London change lies in the middle.
START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(days=40)

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/London", "America/New_York", "Asia/Kolkata")]
calendars = st.builds(Calendar, zone=st.sampled_from(ZONES), week_starts=st.integers(0, 6))

#: Hours, so that many facts meet at the same moment and windows end just where facts lie.
moments = st.integers(0, 24 * 60).map(lambda hours: START + timedelta(hours=hours))
exact_spans = st.integers(1, 24 * 20).map(lambda hours: Span(exact=timedelta(hours=hours)))
spans = st.one_of(exact_spans, st.integers(1, 2).map(lambda months: Span(months=months)))

_PAID, _SHOWN = frozenset({Mark.APPROVED, Mark.PAID}), frozenset({Mark.PUBLISHED})
_MARKS = [mark for mark in Mark if mark is not Mark.CREDIT]


def _at(dice: Random) -> datetime:
    return START + timedelta(hours=dice.randint(0, 24 * 60))


def _order(number: int, dice: Random) -> Activity:
    at = _at(dice)
    odd = frozenset(dice.sample(_MARKS, dice.randint(0, 3)))
    items = tuple(
        Item(
            product=dice.choice("pqrst"),
            catalog=dice.choice(("stores", "bookings")),
            categories=frozenset(dice.sample(("tea", "coffee"), dice.randint(0, 2))),
            quantity=dice.randint(1, 3),
            refunded=dice.choice((0, 0, 1, 3)),
            amount=dice.randint(0, 900),
        )
        for _ in range(dice.randint(0, 3))
    )
    return Activity(
        site="shop",
        source="orders",
        activity_id=f"o{number:03}",
        member_id="ada",
        occurred_at=at,
        updated_at=at,
        marks=dice.choice((_PAID, _PAID, _PAID, _PAID | odd, odd)),
        amounts={"items": dice.randint(0, 900), "refunded": dice.choice((0, 0, 150, 300))},
        currency=dice.choice(("GBP", "GBP", "USD")),
        items=items,
        channel=dice.choice(("WEB", "POS")),
        paid_at=dice.choice((None, at + timedelta(hours=dice.randint(0, 200)))),
        linked_by=dice.choice((None, None, None, *Link)),
    )


def _comment(number: int, dice: Random) -> Activity:
    at = _at(dice)
    odd = frozenset({dice.choice((Mark.HIDDEN, Mark.DELETED, Mark.PENDING, Mark.STAFF))})
    return Activity(
        site="shop",
        source="comments",
        activity_id=f"c{number:03}",
        member_id="ada",
        occurred_at=at,
        updated_at=at,
        part="blog",
        marks=dice.choice((_SHOWN, _SHOWN, _SHOWN, odd)),
        post=dice.choice("xyz"),
        parent=dice.choice((None, "p")),
        own=dice.random() < 0.3,
        length=dice.randint(0, 40),
    )


#: Drawn from a fixed lot, since building each fact out of draws of its own takes most of the time.
ORDERS = [_order(number, Random(number)) for number in range(300)]
COMMENTS = [_comment(number, Random(1000 + number)) for number in range(300)]
orders = st.sampled_from(ORDERS)


def counted(leaf: Leaf, known: list[Activity], as_of: datetime) -> Counted:
    """The facts that count for a leaf, as the evaluation finds them."""
    return Counting(replace(leaf.of, stretch=None)).over(of_its_source(leaf, known), as_of)


def of_its_source(leaf: Leaf, known: list[Activity]) -> list[Activity]:
    """The facts of a leaf's source, in the order in which they are told apart."""
    found = [one for one in known if one.source == leaf.of.source]
    return sorted(found, key=lambda one: (one.occurred_at, one.activity_id))


def clock(known: list[Activity], as_of: datetime) -> datetime:
    """The moment that facts a little ahead of our clock prove."""
    near = [one.occurred_at for one in known if one.occurred_at <= as_of + FUTURE_TOLERANCE]
    return max([as_of, *near])


def joined(at: datetime) -> Activity:
    return Activity(
        site="shop",
        source="membership",
        activity_id="ada",
        member_id="ada",
        occurred_at=at,
        updated_at=at,
        marks=frozenset({Mark.JOINED}),
    )


def facts(most: int = 14) -> st.SearchStrategy[list[Activity]]:
    """What one member did; no two facts share an id."""
    one = st.sampled_from([*ORDERS, *COMMENTS])
    several = st.lists(one, max_size=most, unique_by=lambda fact: fact.activity_id)
    joining = st.one_of(st.none(), moments.map(joined))
    return st.builds(lambda many, one: [*many, *([one] if one else [])], several, joining)


_order_policies = st.builds(
    OrderPolicy,
    currency=st.just("GBP"),
    dated_by_payment=st.booleans(),
    min_amount=st.sampled_from((0, 0, 200)),
    void_when_refunded=st.booleans(),
    subtract_refunds=st.booleans(),
)
_comment_policies = st.builds(
    CommentPolicy,
    keep_deleted=st.booleans(),
    min_chars=st.sampled_from((0, 0, 10)),
    max_per_post_per_day=st.sampled_from((0, 0, 2)),
)
_order_where = st.one_of(
    st.just(Where()),
    st.builds(
        Where,
        channels=st.sampled_from((None, frozenset({"WEB"}))),
        categories=st.sampled_from((None, frozenset({"coffee"}))),
        not_products=st.sampled_from((None, frozenset({"p"}))),
        min_amount=st.sampled_from((None, 300)),
    ),
)
_comment_where = st.one_of(
    st.just(Where()),
    st.builds(
        Where,
        is_reply=st.sampled_from((None, True)),
        on_own_content=st.sampled_from((None, False)),
        min_chars=st.sampled_from((None, 5)),
    ),
)
_fixed = st.one_of(
    st.just(None),
    st.builds(Between, since=st.one_of(st.none(), moments), until=st.one_of(st.none(), moments)),
    st.builds(First, span=spans),
)
_moving = st.one_of(
    _fixed, st.builds(Rolling, span=spans), st.builds(InPeriod, period=st.sampled_from(Period))
)
_settling = st.sampled_from((timedelta(0), timedelta(0), timedelta(days=3)))


def _selections(
    source: str, windows: st.SearchStrategy[Stretch | None]
) -> st.SearchStrategy[Selection]:
    of_orders = source == "orders"
    return st.builds(
        Selection,
        source=st.just(source),
        policy=_order_policies if of_orders else _comment_policies,
        where=_order_where if of_orders else _comment_where,
        stretch=windows,
        settle=_settling,
        history_from=st.one_of(st.none(), st.none(), moments),
        calendar=calendars,
    )


def _either(windows: st.SearchStrategy[Stretch | None]) -> st.SearchStrategy[Selection]:
    return st.one_of(_selections("orders", windows), _selections("comments", windows))


def numeric(windows: st.SearchStrategy[Stretch | None] = _moving) -> st.SearchStrategy[Leaf]:
    """Counts, sums, different things and largest values."""
    of_orders, of_comments = _selections("orders", windows), _selections("comments", windows)
    few = st.integers(1, 4)
    return st.one_of(
        st.builds(Count, of=_either(windows), gte=few),
        st.builds(Sum, of=of_orders, gte=st.integers(1, 1500), currency=st.just("GBP")),
        st.builds(Sum, of=of_orders, gte=few, field=st.just("items.quantity")),
        st.builds(
            Distinct,
            of=of_orders,
            gte=few,
            field=st.sampled_from(("items.product", "items.category", "items.catalog", "day")),
        ),
        st.builds(Distinct, of=of_comments, gte=few, field=st.sampled_from(("post", "day"))),
        st.builds(Max, of=of_orders, gte=st.integers(1, 900), currency=st.just("GBP")),
        st.builds(Max, of=of_comments, gte=st.integers(1, 40), field=st.just("length")),
    )


def streaks(windows: st.SearchStrategy[Stretch | None] = _fixed) -> st.SearchStrategy[Leaf]:
    return st.builds(
        Streak,
        of=_either(windows),
        every=st.sampled_from(Period),
        length=st.integers(1, 4),
        miss=st.integers(0, 1),
    )


def rhythmic() -> st.SearchStrategy[Leaf]:
    """Streaks, gaps and ages."""
    membership = st.builds(
        Selection,
        source=st.just("membership"),
        policy=st.just(PlainPolicy()),
        calendar=calendars,
    )
    return st.one_of(
        streaks(),
        st.builds(Gap, of=_either(_fixed), gte=spans),
        st.builds(Age, of=st.one_of(membership, _either(st.none())), gte=spans),
    )


def ages_of_membership() -> st.SearchStrategy[Leaf]:
    of = Selection(source="membership", policy=PlainPolicy())
    return st.builds(Age, of=st.just(of), gte=spans)


def growing() -> st.SearchStrategy[Condition]:
    """What more activity never takes back: no windows, no ``none``, no gap."""
    leaf = st.one_of(numeric(st.none()), streaks(st.none()))
    return _trees(leaf, with_none=False)


def conditions() -> st.SearchStrategy[Condition]:
    """Every form."""
    return _trees(st.one_of(numeric(), rhythmic()), with_none=True)


def _trees(leaf: st.SearchStrategy[Leaf], *, with_none: bool) -> st.SearchStrategy[Condition]:
    def wider(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
        forms = [
            st.builds(AllOf, parts=parts),
            st.builds(AnyOf, parts=parts),
            st.builds(AtLeast, parts=parts, number=st.integers(1, 2)),
        ]
        if with_none:
            forms.append(st.builds(NoneOf, parts=parts))
        return st.one_of(*forms)

    return st.recursive(leaf, wider, max_leaves=4)


lifecycles = st.one_of(
    st.just(Lifecycle()),
    st.builds(
        Lifecycle,
        stated=st.just(True),
        revokes=st.booleans(),
        grace=st.one_of(st.just(Span()), spans),
        checked=st.one_of(st.none(), st.sampled_from(Period)),
        expires_after=st.one_of(st.none(), spans),
        renew=st.sampled_from(Renew),
    ),
    st.builds(Lifecycle, expires_at=moments, earnable_from=moments, earnable_until=moments),
)


def badge(condition: Condition, lifecycle: Lifecycle | None = None) -> Milestone:
    """A badge; the rules refuse a grace or a term where only the present is known."""
    lifecycle = lifecycle or Lifecycle()
    if knows_only_the_present(condition):
        lifecycle = replace(lifecycle, grace=Span(), checked=None, expires_after=None)
    return Milestone(badge="b", title="B", look=None, condition=condition, lifecycle=lifecycle)


def _milestone(
    condition: Condition,
    lifecycle: Lifecycle,
    calendar: Calendar,
    other: Milestone | None,
    above: Milestone | None,
) -> Milestone:
    if other:
        condition = AllOf(parts=(condition, Has(milestone=other)))
    tiers = (above,) if above else ()
    return replace(badge(condition, lifecycle), calendar=calendar, above=tiers)


_plain_badges = st.builds(badge, conditions(), lifecycles)
_maybe_a_badge = st.one_of(st.none(), _plain_badges)
#: A badge with any condition and lifecycle, perhaps asking for another, or below a tier.
milestones = st.builds(
    _milestone, conditions(), lifecycles, calendars, _maybe_a_badge, _maybe_a_badge
)
