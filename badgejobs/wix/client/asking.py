"""Asking for one thing, one page or every page of a list, over one exchange."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from badgejobs.core.wixfacts import Fence
from badgejobs.errors import Ambiguous, CursorRefused
from badgejobs.wix import pages, wire
from badgejobs.wix.bodies import Body, Record
from badgejobs.wix.calls import Call
from badgejobs.wix.exchange import Exchange
from badgejobs.wix.pages import Listed

Thing = TypeVar("Thing", bound=Body)
One = TypeVar("One", bound=Record)


def thing(
    exchange: Exchange, call: Call, kind: type[Thing], *, fence: Fence | None = None
) -> Thing:
    """The answer as one thing; :class:`Ambiguous` where it is not that thing."""
    told = exchange.ask(call, fence)
    return pages.decoded(told.body, kind, what=told.what)


def record(exchange: Exchange, call: Call, kind: type[One]) -> Listed[One]:
    """One record by its id, as a page with that record in it, readable or not.

    Raises :class:`Ambiguous` where Wix answers with another one.
    """
    told = exchange.ask(call)
    found = pages.alone(told.body, kind, answered_at=told.answered_at, what=told.what)
    for one in found.records:
        require_same(getattr(one, "id", ""), call.id, told.what)
    return found


def page(
    exchange: Exchange,
    call: Call,
    kind: type[One],
    *,
    cursor: str | None = None,
    paged: bool = True,
) -> Listed[One]:
    """One page; one that leads to itself is :class:`Ambiguous`."""
    told = exchange.ask(call)
    found = pages.page(told.body, kind, answered_at=told.answered_at, what=told.what, paged=paged)
    if cursor is not None and found.next_cursor == cursor:
        raise Ambiguous(_endless(told.what))
    return found


def named(found: Listed[One], ids: Collection[str]) -> Listed[One]:
    """What was asked for by these ids, and no page behind it.

    Wix answers a filter that it does not see with everything it has.
    """
    wanted = {one.lower() for one in ids}
    return Listed(
        records=tuple(
            one for one in found.records if getattr(one, type(one).named_by).lower() in wanted
        ),
        bad=tuple(one for one in found.bad if one.id.lower() in wanted),
        answered_at=found.answered_at,
    )


def readable(
    exchange: Exchange, call: Call, kind: type[One], *, cursor: str | None = None
) -> Listed[One]:
    """One page of a list in which nothing may be overlooked: one bad record fails it."""
    found = page(exchange, call, kind, cursor=cursor)
    _require_readable(found, call)
    return found


def every(exchange: Exchange, call: Callable[[str | None], Call], kind: type[One]) -> list[One]:
    """Every record of a list, each id once; one that cannot be read fails the whole.

    What is not in such a list would be taken for absent, and made a second time; what stood in
    it twice would look like a twin.
    """
    records: dict[str, One] = {}
    seen: set[str] = set()
    cursor: str | None = None
    while True:
        asked = call(cursor)
        try:
            found = readable(exchange, asked, kind, cursor=cursor)
        except CursorRefused as error:
            # Nothing is wrong with what was asked: the list is to be read anew, another time.
            raise Ambiguous(f"{error}; the list was not read to its end") from error
        records |= {getattr(one, kind.named_by): one for one in found.records}
        cursor = found.next_cursor
        if cursor is None:
            return list(records.values())
        if cursor in seen:
            raise Ambiguous(_endless(asked.endpoint))
        seen.add(cursor)


def whole(exchange: Exchange, call: Call, kind: type[One]) -> tuple[One, ...]:
    """The records of a list that is not paged; one that cannot be read fails the whole."""
    found = page(exchange, call, kind, paged=False)
    _require_readable(found, call)
    return found.records


def require_same(told: str, asked: str | None, what: str) -> None:
    """Raise :class:`Ambiguous` where an answer is about another thing than was asked for."""
    if asked is not None and told.lower() != asked.lower():
        raise Ambiguous(f"{what}: the answer is about another one than was asked for")


def chunks(items: Collection[str]) -> list[list[str]]:
    """The items in lists that Wix takes.

    >>> [len(some) for some in chunks([str(number) for number in range(250)])]
    [100, 100, 50]
    """
    them, most = list(items), wire.MOST_ITEMS
    return [them[at : at + most] for at in range(0, len(them), most)]


def _require_readable(found: Listed[One], asked: Call) -> None:
    if found.bad:
        raise Ambiguous(f"{asked.endpoint}: a record cannot be read: {found.bad[0].reason}")


def _endless(what: str) -> str:
    return f"{what}: it gives a cursor that it gave before: the list would never end"
