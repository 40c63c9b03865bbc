"""Recording: any order, any repetition, one truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from databases import Clock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badgejobs.core.activity import Activity, Item, Link, Mark
from badgejobs.core.ledger import Missing, Recorded
from badgejobs.core.source import Resources
from badgejobs.store import SqlStore

T0 = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = Activity(
    site="s",
    source="orders",
    activity_id="o1",
    member_id="ada",
    occurred_at=T0,
    updated_at=T0,
    revision=1,
    marks=frozenset({Mark.APPROVED, Mark.PAID}),
    amounts={"items": 1250, "total": 1499},
    currency="EUR",
)


def record(store: SqlStore, *activities: Activity, generation: int = 0) -> Recorded:
    with store.begin() as tx:
        return tx.activities.record(
            activities,
            site=activities[0].site,
            source=activities[0].source,
            generation=generation,
        )


def facts(store: SqlStore, *members: str, site: str = "s") -> list[Activity]:
    with store.read() as tx:
        found = tx.activities.of_members(site, members)
    return sorted((one for rows in found.values() for one in rows), key=lambda a: a.activity_id)


def test_an_activity_comes_back_as_it_went_in(store: SqlStore) -> None:
    tokyo = datetime.fromisoformat("2026-01-01T03:04:05.678901+09:00")
    guest = replace(ORDER, activity_id="o2", member_id=None, currency=None, amounts={}, part="p")
    written = replace(ORDER, occurred_at=tokyo)
    result = record(store, written, guest)

    assert result == Recorded(new=2, changed=0, touched=frozenset({"ada"}))
    assert facts(store, "ada") == [written]
    assert facts(store, "ada")[0].occurred_at.tzinfo is UTC
    assert facts(store, "nobody") == []


#: Whatever Wix can send and both databases keep: PostgreSQL's text has no NUL.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
moments = st.datetimes(datetime(1900, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside
wholes = st.integers(-(10**15), 10**15)
numbers = st.integers(0, 2**31 - 1)
lines = st.builds(
    Item,
    product=texts,
    name=texts,
    catalog=texts,
    categories=st.frozensets(texts, max_size=3),
    quantity=numbers,
    refunded=numbers,
    amount=wholes,
)
activities = st.builds(
    Activity,
    site=st.just(""),
    source=texts,
    activity_id=texts,
    member_id=st.just("ada"),
    occurred_at=moments,
    updated_at=moments,
    revision=st.integers(0, 2**62),
    part=texts,
    marks=st.frozensets(st.sampled_from(Mark)),
    amounts=st.dictionaries(texts, wholes, max_size=3),
    currency=st.none() | texts,
    base_currency=st.none() | texts,
    rate=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    paid_at=st.none() | moments,
    channel=texts,
    items=st.lists(lines, max_size=4).map(tuple),
    linked_by=st.none() | st.sampled_from(Link),
    post=texts,
    parent=st.none() | texts,
    own=st.booleans(),
    length=numbers,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(one=activities)
def test_every_activity_comes_back_as_it_went_in(store: SqlStore, one: Activity) -> None:
    one = replace(one, site=uuid4().hex)
    record(store, one)
    assert facts(store, "ada", site=one.site) == [one]
    assert record(store, one) == Recorded(new=0, changed=0, touched=frozenset())


def test_a_conversion_rate_keeps_every_digit(store: SqlStore) -> None:
    record(store, replace(ORDER, rate=Decimal("1.10")))
    assert str(facts(store, "ada")[0].rate) == "1.10"


def test_lines_that_are_read_for_the_first_time_replace_the_poorer_row(store: SqlStore) -> None:
    record(store, ORDER)
    richer = replace(ORDER, items=(Item(product="mug", amount=1250),), channel="WEB")
    assert record(store, richer) == Recorded(new=0, changed=1, touched=frozenset({"ada"}))
    assert facts(store, "ada") == [richer]


COMMENT = replace(
    ORDER,
    source="comments",
    marks=frozenset({Mark.PUBLISHED}),
    amounts={},
    currency=None,
    post="p1",
    parent="c0",
    own=True,
    length=40,
)
DELETED = replace(
    COMMENT,
    revision=2,
    member_id=None,
    marks=frozenset({Mark.DELETED}),
    parent=None,
    own=False,
    length=0,
)


def test_what_a_deleted_comment_was_is_kept_whichever_state_comes_first(store: SqlStore) -> None:
    for site, states in (("s", (COMMENT, DELETED)), ("t", (DELETED, COMMENT))):
        for one in states:
            record(store, replace(one, site=site))
        expected = replace(DELETED, site=site, member_id="ada", parent="c0", own=True, length=40)
        assert facts(store, "ada", site=site) == [expected]


def test_a_reply_to_oneself_stays_one_when_its_parent_is_deleted(store: SqlStore) -> None:
    record(store, COMMENT)
    orphaned = replace(COMMENT, revision=2, own=False, length=41)
    record(store, orphaned)
    assert facts(store, "ada") == [replace(orphaned, own=True)]


def test_the_same_page_read_twice_changes_nothing(store: SqlStore) -> None:
    record(store, ORDER)
    assert record(store, ORDER) == Recorded(new=0, changed=0, touched=frozenset())


def test_an_older_state_never_replaces_a_newer_one(store: SqlStore) -> None:
    newer = replace(ORDER, revision=2, marks=frozenset({Mark.CANCELLED}))
    record(store, newer)
    assert record(store, ORDER).changed == 0
    assert facts(store, "ada") == [newer]


def test_equal_stamps_with_another_content_are_a_change(store: SqlStore) -> None:
    record(store, ORDER)
    refunded = replace(ORDER, marks=ORDER.marks | {Mark.REFUNDED})
    assert record(store, refunded) == Recorded(new=0, changed=1, void=1, touched=frozenset({"ada"}))
    assert facts(store, "ada") == [refunded]


def test_a_member_once_known_is_kept_where_a_later_state_names_none(store: SqlStore) -> None:
    record(store, ORDER)
    deleted = replace(ORDER, revision=2, member_id=None, marks=frozenset({Mark.DELETED}))
    assert record(store, deleted).touched == {"ada"}
    assert facts(store, "ada") == [replace(deleted, member_id="ada")]


def test_an_activity_that_moves_touches_both_members(store: SqlStore) -> None:
    record(store, ORDER)
    moved = replace(ORDER, revision=2, member_id="bob")
    assert record(store, moved).touched == {"ada", "bob"}
    assert facts(store, "ada") == []
    assert facts(store, "bob") == [moved]


def test_several_states_in_one_page_count_once_as_the_newest(store: SqlStore) -> None:
    newest = replace(ORDER, revision=3)
    result = record(store, replace(ORDER, revision=2), newest, ORDER)
    assert (result.new, result.changed) == (1, 0)
    assert facts(store, "ada") == [newest]


MISS = timedelta(minutes=10)


def miss(store: SqlStore, since: int, on: Resources | None = None) -> Missing:
    with store.begin() as tx:
        return tx.activities.mark_missing("s", "orders", unseen_since=since, gap=MISS, on=on)


def test_what_two_readings_have_missed_is_gone_until_it_is_seen_again(
    store: SqlStore, clock: Clock
) -> None:
    other = replace(ORDER, activity_id="o2", member_id="bob")
    record(store, ORDER, other, generation=1)
    record(store, other, generation=2)
    assert miss(store, 2) == Missing(first=1)
    clock.advance(minutes=9)
    assert miss(store, 2) == Missing(), "the same reading again, or too soon, is no second miss"
    clock.advance(minutes=1)
    record(store, other, generation=3)
    assert miss(store, 3) == Missing(gone=1, touched=frozenset({"ada"}))
    assert miss(store, 3) == Missing()
    assert facts(store, "ada") == [replace(ORDER, marks=ORDER.marks | {Mark.GONE})]

    assert record(store, ORDER, generation=4) == Recorded(
        new=0, changed=1, touched=frozenset({"ada"})
    )
    assert facts(store, "ada") == [ORDER]
    assert miss(store, 4) == Missing(first=1)


def test_what_is_seen_between_two_misses_was_never_gone(store: SqlStore, clock: Clock) -> None:
    record(store, ORDER, generation=1)
    for generation in (2, 4, 6):
        assert miss(store, generation).first == 1
        clock.advance(days=1)
        record(store, ORDER, generation=generation + 1)
    assert facts(store, "ada") == [ORDER]


def test_a_reading_of_some_posts_misses_only_what_stands_on_them(
    store: SqlStore, clock: Clock
) -> None:
    here = replace(ORDER, part="blog", post="p1")
    record(store, here, replace(here, activity_id="o2", post="p2"), generation=1)
    read = Resources(part="blog", ids=("p1", "p3"))
    assert miss(store, 2, read) == Missing(first=1, on=(Resources(part="blog", ids=("p1",)),))
    clock.advance(minutes=10)
    assert miss(store, 3, read) == Missing(gone=1, touched=frozenset({"ada"}))


def test_members_come_in_key_order_and_each_once(store: SqlStore) -> None:
    members = [None, "c", "a", "b", "a", "d"]
    record(
        store,
        *(replace(ORDER, activity_id=f"o{n}", member_id=m) for n, m in enumerate(members)),
    )
    with store.read() as tx:
        assert tx.activities.members_after("s", "", 2) == ["a", "b"]
        assert tx.activities.members_after("s", "b", 9) == ["c", "d"]
        assert tx.activities.members_after("other", "", 9) == []


def test_a_page_longer_than_an_in_list_is_recorded_exactly(store: SqlStore) -> None:
    page = [replace(ORDER, activity_id=f"o{n:04}", member_id=f"m{n}") for n in range(1200)]
    assert record(store, *page).new == 1200
    renewed = [replace(one, revision=2) for one in page[::2]]
    assert record(store, *renewed, *page[1::2]).changed == 600
    assert len(facts(store, *(f"m{n}" for n in range(1200)))) == 1200


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Activity], list[Activity]]:
    """The states of some activities, in two orders.

    One activity is one member's and has one length, where a state tells them.
    """
    states = []
    for key in "xyz":
        for revision, minute in draw(
            st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=4)
        ):
            marks = draw(st.sets(st.sampled_from([Mark.PAID, Mark.CANCELLED, Mark.DELETED])))
            is_told = Mark.DELETED not in marks
            states.append(
                replace(
                    ORDER,
                    activity_id=key,
                    member_id=draw(st.sampled_from([f"member of {key}", None])),
                    revision=revision,
                    updated_at=T0 + timedelta(minutes=minute),
                    marks=frozenset(marks),
                    own=draw(st.booleans()),
                    length=7 if is_told else 0,
                    post="p" if is_told else "",
                )
            )
    return draw(st.permutations(states)), draw(st.permutations(states))


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(orders=histories(), page=st.integers(1, 4))
def test_any_order_of_states_ends_in_the_same_rows(
    store: SqlStore, orders: tuple[list[Activity], list[Activity]], page: int
) -> None:
    ends = []
    for states in orders:
        # Each example has a site of its own in the one database.
        site = uuid4().hex
        placed = [replace(one, site=site) for one in states]
        for start in range(0, len(placed), page):
            record(store, *placed[start : start + page])
        found = facts(store, *(f"member of {key}" for key in "xyz"), site=site)
        ends.append([replace(one, site="") for one in found])
    assert ends[0] == ends[1]


def test_a_record_once_dated_2099_goes_on_to_change(store: SqlStore) -> None:
    """Orders have no revision, so that only stamps tell which of two states is newer."""
    far = replace(ORDER, updated_at=datetime(2099, 1, 1, tzinfo=UTC), revision=0)
    later = replace(ORDER, revision=0, marks=frozenset({Mark.CANCELLED}))
    found = []
    for state in (far, later, far):
        record(store, state)
        found += facts(store, "ada")

    assert found == [far, later, far]
