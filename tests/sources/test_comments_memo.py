"""The memo of published comments by post is what its rows say, whatever happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from databases import Clock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_shop import LiveShop, live_shop
from read_comments import BLOG, FORUM, Reading

from badgejobs.core.source import Track
from badgejobs.sandbox.history.made_up import post_id
from badgejobs.store import SqlStore

Step = Callable[[Reading], object]


def put(number: int, post: int, app: str, status: str) -> Step:
    return lambda at: at.put(number, post=post, app=app, status=status)


def remove(number: int) -> Step:
    return lambda at: at.remove(number)


def hint(post: int, app: str) -> Step:
    return lambda at: at.hint(post_id(post), app=app)


def wait(minutes: int) -> Step:
    return lambda at: at.clock.advance(minutes=minutes)


def look(at: Reading) -> None:
    at.scan()


def walk(at: Reading) -> None:
    """In full, whenever it would be due."""
    with at.store.begin() as tx:
        tx.scans.bring_forward(at.name, "comments", Track.FULL, to=tx.now)
    at.scan(Track.FULL)


numbers, apps = st.integers(0, 11), st.sampled_from([BLOG, FORUM])
#: A comment may move to another post or app: nothing says that it never does.
steps = st.one_of(
    st.builds(
        put,
        numbers,
        st.integers(0, 3),
        apps,
        st.sampled_from(["PUBLISHED", "PUBLISHED", "HIDDEN", "DELETED", "PENDING"]),
    ),
    st.builds(remove, numbers),
    st.builds(hint, st.integers(0, 4), apps),
    st.builds(wait, st.sampled_from([1, 10, 400])),
    st.just(look),
    st.just(walk),
)


@pytest.fixture
def shop() -> Iterator[LiveShop]:
    with live_shop() as opened:
        yield opened


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=st.lists(steps, min_size=5, max_size=30))
def test_the_memo_equals_the_rows_after_any_history_and_walks_find_the_truth(
    store: SqlStore, clock: Clock, shop: LiveShop, history: list[Step]
) -> None:
    shop.remove("comments", *list(shop.site.comments.current))
    at = Reading(shop, store, clock, (BLOG, FORUM), name=uuid4().hex)
    walk(at)
    for step in history:
        step(at)
        known = {part: {p: n for p, n in of.items() if n} for part, of in at.known().items()}
        assert {part: of for part, of in known.items() if of} == at.counted()
    for _ in range(2):
        walk(at)
        clock.advance(minutes=10)
    walk(at)
    assert at.is_as_at_wix()
