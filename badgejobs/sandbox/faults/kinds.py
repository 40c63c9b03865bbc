"""The kinds of faults, and what each does to the request that it hits.

A request that is processed is counted for the rate limit at that moment, like any other; one
that is not processed is not counted. Unless it is said otherwise the answer keeps the status
that the request came to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class FaultKind(StrEnum):
    """What a fault does to a request."""

    STATUS = "status"
    HTML = "html"
    ERROR_BODY = "error-body"
    EXPIRED_TOKEN = "expired-token"  # noqa: S105 - a word, not a secret
    REDIRECT = "redirect"
    RESET_BEFORE_WRITE = "reset-before-write"
    LATE_WRITE = "late-write"
    RESET_AFTER_WRITE = "reset-after-write"
    HALF_STATUS_LINE = "half-status-line"
    TRUNCATED = "truncated"
    SLOW = "slow"
    DRIP = "drip"
    DRIP_HEADERS = "drip-headers"
    BAD_JSON = "bad-json"
    WRONG_TYPE = "wrong-type"
    EMPTY_BODY = "empty-body"
    NO_CONTENT = "no-content"
    NOT_AN_OBJECT = "not-an-object"
    HUGE = "huge"
    GZIP_BOMB = "gzip-bomb"
    DUPLICATED_ROWS = "duplicated-rows"
    REORDERED_ROWS = "reordered-rows"
    EMPTY_PAGE = "empty-page"
    LOOPING_CURSOR = "looping-cursor"
    EXPIRED_CURSOR = "expired-cursor"
    UNKNOWN_FIELDS = "unknown-fields"
    UNKNOWN_ENUM = "unknown-enum"
    BROKEN_RECORD = "broken-record"


class Processed(StrEnum):
    """Whether and when a request that a fault hits has its effect."""

    NOT = "not processed"
    AT_ONCE = "processed"
    LATE = "processed late"


@dataclass(frozen=True, slots=True)
class Effect:
    """What one kind does."""

    #: For people, in one line.
    does: str
    processed: Processed = Processed.AT_ONCE
    #: Hits nothing but the answer of a list: a page of records with paging information.
    of_lists: bool = False
    #: Fields that a fault of this kind takes beyond those that every kind takes.
    fields: frozenset[str] = frozenset()


def _refuses(does: str, *fields: str) -> Effect:
    return Effect(does, Processed.NOT, fields=frozenset(fields))


def _sends(does: str, *fields: str) -> Effect:
    return Effect(does, fields=frozenset(fields))


def _spoils(does: str) -> Effect:
    return Effect(does, of_lists=True)


EFFECTS: Final[Mapping[FaultKind, Effect]] = {
    FaultKind.STATUS: _refuses(
        "answers with a status (503), the empty envelope or a body of one's own",
        "retryAfter",
        "body",
    ),
    FaultKind.HTML: _refuses("answers with a status (502) and a page of HTML", "retryAfter"),
    FaultKind.ERROR_BODY: _refuses("answers 200 with the envelope of an error", "body"),
    FaultKind.EXPIRED_TOKEN: _refuses(
        "answers 401, and the token is dead from then on (an API key is not); "
        "a request without either is not hit"
    ),
    FaultKind.REDIRECT: _refuses("answers 302 with a place on this machine to go to"),
    FaultKind.RESET_BEFORE_WRITE: _refuses("closes the connection without an answer"),
    FaultKind.LATE_WRITE: Effect(
        "closes the connection at once without an answer, and lets the request have its effect "
        "a delay later, if no reset or stop comes before",
        Processed.LATE,
    ),
    FaultKind.RESET_AFTER_WRITE: _sends("closes the connection without an answer"),
    FaultKind.HALF_STATUS_LINE: _sends("sends `HTTP/1.1 20`, and the connection ends"),
    FaultKind.TRUNCATED: _sends(
        "tells the length of the whole and sends half of it, and the connection ends"
    ),
    FaultKind.SLOW: _sends("holds the answer back for a delay"),
    FaultKind.DRIP: _sends("sends the header at once, the body in small pieces over a delay"),
    FaultKind.DRIP_HEADERS: _sends(
        "sends status line and header in small pieces over a delay, then the body at once"
    ),
    FaultKind.BAD_JSON: _sends("answers 200 with a body that is not JSON"),
    FaultKind.WRONG_TYPE: _sends("sends the right body as text/plain"),
    FaultKind.EMPTY_BODY: _sends("answers 200 with no body"),
    FaultKind.NO_CONTENT: _sends("answers 204"),
    FaultKind.NOT_AN_OBJECT: _sends(
        "answers 200 with JSON that is no object: [] or a body of one's own", "body"
    ),
    FaultKind.HUGE: _sends("answers 200 with so many bytes (64 MiB) of valid JSON", "bytes"),
    FaultKind.GZIP_BOMB: _sends(
        "answers 200 with few bytes that unpack to many (256 MiB) of valid JSON", "bytes"
    ),
    FaultKind.DUPLICATED_ROWS: _spoils("every record stands twice in the page, and is counted so"),
    FaultKind.REORDERED_ROWS: _spoils("the records are shuffled by the seed"),
    FaultKind.EMPTY_PAGE: _spoils("no records, and a next cursor to the page left out"),
    FaultKind.LOOPING_CURSOR: _spoils("the next cursor leads to the same page again"),
    FaultKind.EXPIRED_CURSOR: _spoils(
        "answers 400 because of the cursor; a request without one is not hit"
    ),
    FaultKind.UNKNOWN_FIELDS: _spoils("every object has a field that nobody knows"),
    FaultKind.UNKNOWN_ENUM: _spoils("the first record has a status that nobody knows"),
    FaultKind.BROKEN_RECORD: _spoils(
        "one record, drawn by the seed, has no id and a number for its dates"
    ),
}


def kinds_with(field: str) -> list[FaultKind]:
    """The kinds that take a field of their own.

    >>> [str(kind) for kind in kinds_with("bytes")]
    ['huge', 'gzip-bomb']
    """
    return [kind for kind, effect in EFFECTS.items() if field in effect.fields]
