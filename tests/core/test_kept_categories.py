"""The category of a line is that of the scan which read it first."""

from __future__ import annotations

from dataclasses import replace

from core_facts import order
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.core.activity import Activity, Item, keeping_categories
from badgejobs.store.facts import merged

STORES, BOOKINGS = "app-of-stores", "app-of-bookings"


def line(product: str, *categories: str, catalog: str = STORES, refunded: int = 0) -> Item:
    kept = frozenset(categories)
    return Item(product=product, catalog=catalog, categories=kept, refunded=refunded)


def of(*lines: Item, minute: float = 0) -> Activity:
    return replace(order("o", minute=minute), items=lines)


def test_a_product_that_is_shelved_elsewhere_later_stays_where_it_was() -> None:
    stored, seen = of(line("mug", "cups")), of(line("mug", "sale"), minute=5)
    assert keeping_categories(seen, stored) == of(line("mug", "cups"), minute=5)


def test_only_the_category_is_kept_the_line_itself_is_as_it_was_seen() -> None:
    stored, seen = of(line("mug", "cups")), of(line("mug", "sale", refunded=1))
    assert keeping_categories(seen, stored) == of(line("mug", "cups", refunded=1))


def test_a_line_that_is_new_brings_its_own_and_one_that_went_leaves_nothing() -> None:
    stored, seen = of(line("mug", "cups"), line("tea", "drinks")), of(line("jar", "glass"))
    assert keeping_categories(seen, stored) == seen


def test_where_nothing_was_known_what_is_known_now_counts() -> None:
    stored, seen = of(line("mug"), line("tea", "drinks")), of(line("mug", "cups"), line("tea"))
    assert keeping_categories(seen, stored) == of(line("mug", "cups"), line("tea", "drinks"))


def test_items_of_two_apps_are_two_even_with_one_id() -> None:
    stored = of(line("7", "cups"))
    seen = of(line("7", "yoga", catalog=BOOKINGS))
    assert keeping_categories(seen, stored) == seen


def test_an_older_state_that_comes_late_changes_no_category() -> None:
    stored = of(line("mug", "cups"), minute=9)
    assert merged(stored, of(line("mug", "sale"), minute=3)) == stored
    assert merged(stored, of(line("mug", "sale"), minute=12)) == of(line("mug", "cups"), minute=12)


#: Lines of one read; the products of two lines that are one product are filed alike.
LINES = st.lists(
    st.builds(
        Item,
        product=st.sampled_from(["mug", "tea", "jar"]),
        catalog=st.sampled_from([STORES, BOOKINGS]),
        categories=st.sampled_from([frozenset[str](), frozenset({"cups"}), frozenset({"sale"})]),
    ),
    max_size=4,
    unique_by=lambda one: (one.catalog, one.product),
).map(lambda lines: of(*lines))


@given(first=LINES, reads=st.lists(LINES, min_size=1, max_size=4))
def test_however_often_an_order_is_read_a_known_category_never_changes(
    first: Activity, reads: list[Activity]
) -> None:
    known = first
    for seen in reads:
        before = {(one.catalog, one.product): one.categories for one in known.items}
        known = merged(known, seen)
        for one in known.items:
            held = before.get((one.catalog, one.product))
            assert not held or one.categories == held
        assert merged(known, seen) == known, "read twice, it is the same"
