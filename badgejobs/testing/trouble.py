"""Laws about what goes wrong: records that make no sense, and a client that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from badgejobs.core.source import Page, Scope
from badgejobs.errors import (
    Ambiguous,
    BadgeJobsError,
    Later,
    NotSent,
    PermissionMissing,
    RateLimited,
)
from badgejobs.testing.laws import Law, LawBroken, broken
from badgejobs.testing.reading import Reader
from badgejobs.testing.world import CANARY, Watched

#: One of each remedy.
_ERRORS: Final[tuple[BadgeJobsError, ...]] = (
    RateLimited("a check asks for a pause", seconds=7),
    NotSent("a check is not connected"),
    Ambiguous("a check gives no answer"),
    PermissionMissing("a check grants nothing"),
)
_LONGEST_REASON: Final = 300


def check_errors(reader: Reader, whole: Scope) -> None:
    """Each call of the first two pages fails in turn, by each kind of error."""
    first = Watched(reader.client)
    page: Page = reader.source().fetch(first, whole, None)
    _each_call(reader, whole, None, calls=first.calls)
    if page.next_cursor is not None:
        second = Watched(reader.client)
        reader.source().fetch(second, whole, page.next_cursor)
        _each_call(reader, whole, page.next_cursor, calls=second.calls)


def _each_call(reader: Reader, whole: Scope, cursor: str | None, *, calls: int) -> None:
    for number in range(calls):
        for error in _ERRORS:
            client = Watched(reader.client, failing=number, by=error)
            seen = _seen(reader, client, whole, cursor)
            if client.calls > number + 1:
                broken(
                    Law.RETRY,
                    seen=f"a call after {type(error).__name__}",
                    cure="let the error out: when to try again is decided elsewhere",
                )
            same = type(seen) is type(error) and (
                not isinstance(error, Later) or vars(seen)["seconds"] == error.seconds
            )
            if not same:
                broken(
                    Law.ERRORS,
                    seen=f"{type(seen).__name__ if seen else 'a page'} in place of "
                    f"{type(error).__name__}",
                    cure="catch none of badgejobs.errors; a better text of the same class is "
                    "welcome",
                )


def _seen(
    reader: Reader, client: Watched, whole: Scope, cursor: str | None
) -> BaseException | None:
    try:
        reader.source().fetch(client, whole, cursor)
    except (BadgeJobsError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as e:
        return e
    return None


def check_unreadable(reader: Reader, whole: Scope, spoil: Callable[[], str]) -> str:
    """Spoil one record: all others are told as before, and it is told to be unreadable; its id."""
    others = {one.activity_id for one in reader.told(whole)}
    spoiled = spoil()
    try:
        pages = reader.pages(whole)
    except LawBroken:
        raise
    except (BadgeJobsError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as e:
        broken(
            Law.ASIDE,
            seen=f"{type(e).__name__} for one record that makes no sense",
            cure="catch what one record raises, and put an Unreadable in its page",
        )
    told = {one.activity_id for page in pages for one in page.activities}
    aside = [one for page in pages for one in page.unreadable]
    if told != others - {spoiled} or {one.activity_id for one in aside} != {spoiled}:
        broken(
            Law.ASIDE,
            seen=f"{len(aside)} unreadable, {len(told)} told of {len(others)}, one of them spoiled",
            cure="give an Unreadable with the record's id for it, and an Activity for all others",
        )
    for one in aside:
        reason = one.reason
        if (
            not reason
            or CANARY in reason
            or len(reason) > _LONGEST_REASON
            or not reason.isprintable()
        ):
            broken(
                Law.REASON,
                seen="a reason that is empty, long, of several lines, or quotes the record",
                cure="write the field and what is wrong with it, such as 'rating: not a number'",
            )
    return spoiled
