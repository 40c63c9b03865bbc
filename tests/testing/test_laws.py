"""Each law can fail: for each there is a source that breaks it, and is caught at that."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from toy import MOST, NOW, Toy, ToyWalk, ToyWindow, ToyWorld

from badgejobs.core.activity import Activity, Unreadable
from badgejobs.core.source import Known, Page, Probed, Resources, Scope, Window
from badgejobs.errors import BadgeJobsError, CursorRefused, Later, Refused
from badgejobs.testing import CANARY, Law, LawBroken, check_source


def window(**methods: Any) -> type[Toy]:
    return type("BrokenWindow", (ToyWindow,), methods)


def walk(**methods: Any) -> type[Toy]:
    return type("BrokenWalk", (ToyWalk,), methods)


def paged(change: Callable[[Page], Any], *, base: type[Toy] = ToyWindow) -> type[Toy]:
    """A source whose pages are changed."""

    def fetch(self: Any, client: Any, scope: Scope, cursor: str | None) -> Any:
        return change(base.fetch(self, client, scope, cursor))

    return type("BrokenPages", (base,), {"fetch": fetch})


def told(change: Callable[[Activity], Any], *, base: type[Toy] = ToyWindow) -> type[Toy]:
    """A source whose activities are changed."""
    return paged(
        lambda page: replace(page, activities=tuple(map(change, page.activities))), base=base
    )


# ------------------------------------------------------------ pages


class Endless(ToyWindow):
    def fetch(self, client: Any, scope: Scope, _cursor: str | None) -> Page:
        return replace(super().fetch(client, scope, None), next_cursor="again")


def a_list(page: Page) -> Page:
    mutable: Any = [*page.activities]
    return replace(page, activities=mutable)


def cursor_of(page: Page, cursor: Any) -> Page:
    return replace(page, next_cursor=cursor)


class InMemory(ToyWindow):
    """Goes on where this object was, and not where the cursor says."""

    at = 0

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        if cursor and not cursor.isdecimal():
            raise CursorRefused("no number")
        rows = sorted(client.rows.values(), key=lambda row: (row["changed"], row["id"]))
        if isinstance(scope, Window) and scope.since:
            rows = [row for row in rows if row["changed"] >= scope.since]
        self.at = 0 if cursor is None else self.at + MOST
        more = self.at + MOST < len(rows)
        return self.page(
            rows[self.at : self.at + MOST], next_cursor=str(self.at + 1) if more else None
        )


class Beginning(ToyWindow):
    """Takes any cursor that it does not know for the beginning."""

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        return super().fetch(client, scope, cursor if cursor in client.rows else None)


class Unknowing(ToyWindow):
    """Raises what a cursor that makes no sense leads to."""

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        if cursor is not None:
            int(cursor.removeprefix("row-"))
        return super().fetch(client, scope, cursor)


# ------------------------------------------------------------ records


class Impatient(ToyWindow):
    """Stops at a page that is not full of what it wants, though more follow."""

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        page = super().fetch(client, scope, cursor)
        return page if cursor is None else replace(page, next_cursor=None)


class Inventive(ToyWalk):
    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        page = super().fetch(client, scope, cursor)
        if cursor is None and page.activities:
            made_up = replace(page.activities[0], activity_id="made-up")
            page = replace(page, activities=(*page.activities, made_up))
        return page


def twice(page: Page) -> Page:
    return replace(page, activities=(*page.activities, *page.activities[:1]))


NUMBERS = itertools.count()


def by_chance(one: Activity) -> Activity:
    return replace(one, length=next(NUMBERS))


class Shuffled(ToyWindow):
    """Within one stamp, in another order each time."""

    def page(self, rows: Sequence[dict[str, Any]], *, next_cursor: str | None = None) -> Page:
        page = super().page(rows, next_cursor=next_cursor)
        turned = sorted(page.activities, key=lambda one: (one.updated_at, next(NUMBERS) * -1))
        return replace(page, activities=tuple(turned if next(NUMBERS) % 2 else page.activities))


class Unmoved(ToyWindow):
    """Reads the first state of a record for ever."""

    kept: dict[str, Any] = {}  # noqa: RUF012 - shared by all objects, which is the fault

    def activity(self, row: Mapping[str, Any]) -> Activity:
        return self.kept.setdefault(row["id"], super().activity(row))  # type: ignore[no-any-return]


# ------------------------------------------------------------ windows


class Newest(ToyWindow):
    """Tells each page from its newest change on."""

    def page(self, rows: Sequence[dict[str, Any]], *, next_cursor: str | None = None) -> Page:
        return super().page(rows[::-1], next_cursor=next_cursor)


class Deaf(ToyWindow):
    """Always reads all."""

    def fetch(self, client: Any, _scope: Scope, cursor: str | None) -> Page:
        return super().fetch(client, Window(since=None), cursor)


class Exclusive(ToyWindow):
    """``>`` for ``>=``."""

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        if isinstance(scope, Window) and scope.since:
            scope = Window(since=scope.since + timedelta(microseconds=1))
        return super().fetch(client, scope, cursor)


# ------------------------------------------------------------ what goes wrong


class Fragile(ToyWindow):
    def aside(self, row: Mapping[str, Any]) -> Unreadable:
        raise ValueError(row["rating"])


class Silent(ToyWindow):
    """Leaves out what makes no sense, without a word."""

    def page(self, rows: Sequence[dict[str, Any]], *, next_cursor: str | None = None) -> Page:
        return replace(super().page(rows, next_cursor=next_cursor), unreadable=())


class Nameless(ToyWindow):
    def aside(self, row: Mapping[str, Any]) -> Unreadable:
        return replace(super().aside(row), activity_id="")


class Greedy(ToyWindow):
    """Gives a whole page up for one record in it."""

    def page(self, rows: Sequence[dict[str, Any]], *, next_cursor: str | None = None) -> Page:
        page = super().page(rows, next_cursor=next_cursor)
        return replace(page, activities=()) if page.unreadable else page


def reasoned(reason: str) -> type[Toy]:
    def aside(self: Any, row: Mapping[str, Any]) -> Unreadable:
        return replace(ToyWindow.aside(self, row), reason=reason)

    return window(aside=aside)


class Swallowing(ToyWindow):
    """Takes a failure for an empty page."""

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        try:
            return super().fetch(client, scope, cursor)
        except CursorRefused:
            raise
        except BadgeJobsError:
            return Page(activities=(), answered_at=NOW)


class Translating(ToyWindow):
    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        try:
            return super().fetch(client, scope, cursor)
        except CursorRefused:
            raise
        except BadgeJobsError as error:
            raise Refused("it did not work") from error


class Hurried(ToyWindow):
    """Comes again sooner than it was asked to."""

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        try:
            return super().fetch(client, scope, cursor)
        except Later as error:
            raise type(error)(str(error), seconds=1) from error


class FailingLater(ToyWindow):
    """Swallows the failure of its second call alone."""

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        page = super().fetch(client, scope, cursor)
        try:
            client.numbers()
        except BadgeJobsError:
            return page
        return page


class Insisting(ToyWindow):
    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        try:
            return super().fetch(client, scope, cursor)
        except CursorRefused:
            raise
        except BadgeJobsError:
            return super().fetch(client, scope, cursor)


# ------------------------------------------------------------ what it may be able to do


class Alarmed(ToyWalk):
    def probe(self, client: Any, known: Known, offsets: Mapping[str, int]) -> Probed:
        return replace(super().probe(client, known, offsets), to_walk=frozenset({""}))


class Asleep(ToyWalk):
    def probe(self, _client: Any, _known: Known, _offsets: Mapping[str, int]) -> Probed:
        return Probed(live={})


class Careless(ToyWalk):
    """Reads more than the resources that it was asked for."""

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        if isinstance(scope, Resources):
            return Toy.fetch(self, client, scope, cursor)
        return super().fetch(client, scope, cursor)


def another(page: Page) -> Page:
    return replace(page, activities=tuple(replace(one, revision=9) for one in page.activities))


BROKEN: Mapping[str, tuple[Law, type[Toy]]] = {
    "no name": (Law.NAME, window(name=None)),
    "a name with blanks": (Law.NAME, window(name="My Toys")),
    "no mode": (Law.MODE, window(mode="sideways")),
    "no page": (Law.FORM, paged(lambda page: page.activities)),
    "a list": (Law.FORM, paged(a_list)),
    "other values": (Law.FORM, told(lambda one: one.activity_id)),
    "no end": (Law.END, Endless),
    "a cursor that is a number": (
        Law.CURSOR,
        paged(lambda page: cursor_of(page, page.next_cursor and 7)),
    ),
    "a cursor that is empty": (
        Law.CURSOR,
        paged(lambda page: cursor_of(page, page.next_cursor or "")),
    ),
    "a place in memory": (Law.CURSOR, InMemory),
    "any cursor is the beginning": (Law.REFUSED, Beginning),
    "a cursor that is not looked at": (Law.REFUSED, Unknowing),
    "no time of Wix": (Law.ANSWERED, paged(lambda page: replace(page, answered_at=None))),
    "another site": (Law.OWN, told(lambda one: replace(one, site="other"))),
    "another source": (Law.OWN, told(lambda one: replace(one, source="orders"))),
    "naive times": (
        Law.TIMES,
        told(lambda one: replace(one, occurred_at=one.occurred_at.replace(tzinfo=None))),
    ),
    "twice": (Law.ONCE, paged(twice)),
    "no id": (Law.ONCE, told(lambda one: replace(one, activity_id=""))),
    "not to the end": (Law.COMPLETE, Impatient),
    "made up": (Law.COMPLETE, Inventive),
    "by chance": (Law.SAME, told(by_chance)),
    "shuffled": (Law.SAME, Shuffled),
    "our own clock": (Law.STAMP, told(lambda one: replace(one, updated_at=NOW))),
    "cut off": (
        Law.STAMP,
        told(lambda one: replace(one, updated_at=one.updated_at.replace(second=0)), base=ToyWalk),
    ),
    "unmoved": (Law.STAMP, Unmoved),
    "a text": (Law.TEXTS, told(lambda one: replace(one, channel=f"by {CANARY}"))),
    "newest first": (Law.ASCENDING, Newest),
    "deaf": (Law.NOT_BEFORE, Deaf),
    "exclusive": (Law.INCLUSIVE, Exclusive),
    "fragile": (Law.ASIDE, Fragile),
    "silent": (Law.ASIDE, Silent),
    "nameless": (Law.ASIDE, Nameless),
    "greedy": (Law.ASIDE, Greedy),
    "no reason": (Law.REASON, reasoned("")),
    "a quoting reason": (Law.REASON, reasoned(f"rating: {CANARY}")),
    "a long reason": (Law.REASON, reasoned("x" * 301)),
    "two lines": (Law.REASON, reasoned("rating:\nwrong")),
    "swallowing": (Law.ERRORS, Swallowing),
    "translating": (Law.ERRORS, Translating),
    "hurried": (Law.ERRORS, Hurried),
    "swallowing later": (Law.ERRORS, FailingLater),
    "insisting": (Law.RETRY, Insisting),
    "alarmed": (Law.QUIET, Alarmed),
    "asleep": (Law.NOTICED, Asleep),
    "careless": (Law.RESOURCES, Careless),
    "another state": (
        Law.REREAD,
        walk(reread=lambda self, client, ids: another(ToyWalk.reread(self, client, ids))),
    ),
    "nothing again": (Law.REREAD, walk(reread=lambda self, *_: self.page([]))),
    "half": (Law.COUNT, walk(count=lambda *_: 0.5)),
    "less than nothing": (Law.COUNT, walk(count=lambda *_: -1)),
    "a truth": (Law.COUNT, walk(count=lambda *_: True)),
}


@pytest.mark.parametrize("source", [ToyWindow, ToyWalk])
def test_a_source_that_keeps_all_laws_passes(source: type[Toy]) -> None:
    check_source(source, ToyWorld())


def test_for_every_law_there_is_one_that_breaks_it() -> None:
    assert {law for law, _ in BROKEN.values()} == {*Law}


@pytest.mark.parametrize("how", BROKEN)
def test_a_source_that_breaks_a_law_is_caught_at_that(how: str) -> None:
    law, source = BROKEN[how]
    with pytest.raises(LawBroken) as caught:
        check_source(source, ToyWorld())
    assert caught.value.law is law, caught.value
    assert str(caught.value).startswith(f"{law.name}: {law}. Seen: ")
    assert ". Cure: " in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_world_that_is_not_empty_is_told_as_such() -> None:
    world = ToyWorld()
    world.put(7, changed_at=NOW)
    with pytest.raises(LawBroken, match="begin with a world that is empty"):
        check_source(ToyWalk, world)


def test_an_error_of_the_authors_own_is_not_hidden() -> None:
    def fetch(*_: Any) -> Page:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        check_source(window(fetch=fetch), ToyWorld())
