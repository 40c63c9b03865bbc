from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from badgejobs.sandbox.records import kinds
from badgejobs.sandbox.records.collection import Collection, Record, place_of
from badgejobs.sandbox.records.query import Sort

numbers = st.integers(0, 3)
changes = st.lists(
    st.tuples(st.sampled_from(["put", "remove", "page"]), st.integers(0, 9), numbers)
)


@settings(deadline=None, max_examples=300)
@given(start=st.dictionaries(st.integers(0, 9), numbers, max_size=8), changes=changes, falling=...)
def test_paging_gives_what_is_not_touched_exactly_once_and_in_order(
    start: dict[int, int], changes: list[tuple[str, int, int]], falling: bool
) -> None:
    """Records with few distinct sort values, changed between pages, against a plain list."""
    sort: Sort = (("number", falling),)
    collection = Collection(kinds.ORDERS, lag=0)

    def put(number: int, value: int) -> None:
        body = {"id": str(number), "number": str(value)}
        collection.put(Record(body, kinds.ORDERS), 0)

    for number, value in start.items():
        put(number, value)
    seen: list[str] = []
    after: list[Any] | None = None
    touched: set[str] = set()
    for what, number, value in [*changes, *[("page", 0, 0)] * 20]:
        if what == "put":
            touched.add(str(number))
            put(number, value)
        elif what == "remove":
            touched.add(str(number))
            collection.remove(str(number), 0)
        else:
            record = next(collection.walk(0, sort, lambda _: True, after=after), None)
            if record is not None:
                seen.append(record.id)
                after = place_of(record, sort)
    untouched = [str(number) for number in start if str(number) not in touched]
    plain = sorted(sorted(untouched), key=lambda one: start[int(one)], reverse=falling)
    assert [one for one in seen if one not in touched] == plain


@given(bodies=st.lists(st.tuples(st.sampled_from([None, "a", "b", 1, 2.5, True]), numbers)))
def test_an_order_kept_up_to_date_equals_one_sorted_anew(bodies: list[tuple[Any, int]]) -> None:
    sort: Sort = (("number", True), ("status", False))
    mended, anew = Collection(kinds.ORDERS, lag=0), Collection(kinds.ORDERS, lag=0)
    for place, (number, status) in enumerate(bodies):
        body = {"id": str(place % 5), "number": number, "status": str(status)}
        mended.put(Record(body, kinds.ORDERS), 0)
        anew.put(Record(body, kinds.ORDERS), 0)
        list(mended.walk(0, sort, lambda _: True))
    found = [record.id for record in mended.walk(0, sort, lambda _: True)]
    assert found == [record.id for record in anew.walk(0, sort, lambda _: True)]
