from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgejobs import errors
from badgejobs.wix import calls, protocol, wire
from badgejobs.wix.headers import pause
from badgejobs.wix.protocol import TooManyToCount, decipher

DATE = "Tue, 03 Feb 2026 08:15:00 GMT"
NOW = datetime(2026, 2, 3, 8, 15, tzinfo=UTC)


def error_body(code: str) -> bytes:
    return json.dumps({"message": "m", "details": {"applicationError": {"code": code}}}).encode()


EMPTY = b'{"message":"","details":{}}'


HTML = b"<html>Bad gateway</html>"

#: Status, body, what the request was about, and what it must mean; written down from the docs.
MEANINGS = [
    # the credentials, the permission, the pace: whatever the body
    *[(401, body, "", errors.TokenRefused) for body in (error_body("UNAUTHENTICATED"), b"", HTML)],
    *[(403, body, "", errors.PermissionMissing) for body in (b"", HTML, EMPTY)],
    (403, error_body("PERMISSION_DENIED"), "", errors.PermissionMissing),
    *[(429, body, "", errors.RateLimited) for body in (b"", HTML, EMPTY)],
    (429, error_body("RESOURCE_EXHAUSTED"), "", errors.RateLimited),
    (429, error_body("ALREADY_EXISTS"), "", errors.RateLimited),
    # what is there, what is not
    (404, error_body("BADGE_NOT_FOUND"), "", errors.NotFound),
    (404, error_body("NOT_FOUND"), "cursor", errors.NotFound),
    (404, EMPTY, "", errors.NotFound),
    (404, EMPTY, "delete", protocol.PathUnknown),
    (404, error_body("BADGE_ASSIGNMENT_NOT_FOUND"), "delete", errors.NotFound),
    *[(404, body, about, protocol.PathUnknown) for body in (b"", HTML) for about in ("", "delete")],
    (409, error_body("BADGE_ASSIGNMENT_ALREADY_EXISTS"), "", errors.AlreadyExists),
    *[(s, error_body("ALREADY_EXISTS"), "", errors.AlreadyExists) for s in (400, 409)],
    # Trouble at Wix's side is no word on what stands there.
    *[(s, error_body("ALREADY_EXISTS"), "", errors.Ambiguous) for s in (500, 599)],
    # a clear no
    (400, EMPTY, "", errors.Refused),
    (400, error_body("INVALID_ARGUMENT"), "revision", errors.Refused),
    (428, error_body("FAILED_PRECONDITION"), "", errors.Refused),
    *[(status, EMPTY, "", errors.Refused) for status in (402, 405, 410, 413, 414, 415, 422, 451)],
    *[(status, error_body("TOO_MANY_TO_COUNT"), "", TooManyToCount) for status in (400, 428)],
    # the request was too old
    *[(400, body, "cursor", errors.CursorRefused) for body in (EMPTY, b"", HTML)],
    (400, error_body("INVALID_CURSOR"), "cursor", errors.CursorRefused),
    (409, EMPTY, "revision", errors.StaleRevision),
    (409, error_body("ABORTED"), "revision", errors.StaleRevision),
    (400, error_body("REVISION_MISMATCH"), "revision", errors.StaleRevision),
    # no clear answer: perhaps it happened
    *[(409, body, "", errors.Ambiguous) for body in (b"", EMPTY, HTML, error_body("ABORTED"))],
    (409, HTML, "revision", errors.Ambiguous),
    *[(status, EMPTY, "", errors.Ambiguous) for status in (408, 425, 499)],
    *[(s, body, "", errors.Ambiguous) for s in (400, 405, 413, 422, 428) for body in (b"", HTML)],
    (400, b"[]", "", errors.Ambiguous),
    (400, b"[" * 100_000, "", errors.Ambiguous),
    (400, error_body("INTERNAL"), "", errors.Ambiguous),
    (404, error_body("UNAVAILABLE"), "", errors.Ambiguous),
    (400, b'{"error":"temporarily_unavailable"}', "", errors.Ambiguous),
    *[(s, EMPTY, "", errors.Ambiguous) for s in (500, 501, 502, 503, 504, 520, 599, 600, 999)],
    *[(s, EMPTY, "", errors.Ambiguous) for s in (100, 101, 103, 201, 202, 203, 204, 206)],
    *[(s, EMPTY, "", errors.Ambiguous) for s in (301, 302, 303, 304, 307, 308)],
    (502, HTML, "", errors.Ambiguous),
    (504, error_body("DEADLINE_EXCEEDED"), "cursor", errors.Ambiguous),
    # a 200 that is none
    *[
        (200, body, "", errors.Ambiguous)
        for body in (
            b"",
            HTML,
            b"[]",
            b"null",
            b"3",
            b'{"badges": [',
            b"\xff\xfe{}",
            b"[" * 100_000,
            error_body("INTERNAL"),
            EMPTY,
        )
    ],
]


def meaning(status: int, body: bytes, about: str) -> errors.BadgeJobsError:
    with pytest.raises(errors.BadgeJobsError) as caught:
        decipher(
            status,
            {"x-wix-request-id": "1734427301.19"},
            body,
            cursor_sent=about == "cursor",
            revision_sent=about == "revision",
            deletes=about == "delete",
        )
    return caught.value


@pytest.mark.parametrize(("status", "body", "about", "expected"), MEANINGS)
def test_every_answer_is_an_error_of_one_remedy(
    status: int, body: bytes, about: str, expected: type[errors.BadgeJobsError]
) -> None:
    found = meaning(status, body, about)
    assert type(found) is expected
    assert "request id 1734427301.19" in str(found)


def test_only_what_nobody_can_know_may_have_happened() -> None:
    for status, body, about, expected in MEANINGS:
        found = meaning(status, body, about)
        assert found.may_have_happened == issubclass(expected, errors.Ambiguous)


@pytest.mark.parametrize("place", range(len(protocol.ANSWERS)))
def test_without_any_row_of_the_table_some_answer_is_misread(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or that row would be a promise that nobody needs."""
    kept = [row for at, row in enumerate(protocol.ANSWERS) if at != place]
    monkeypatch.setattr(protocol, "ANSWERS", kept)
    assert any(
        type(meaning(status, body, about)) is not expected
        for status, body, about, expected in MEANINGS
        if status != 200
    )


def test_a_200_with_a_json_object_is_given_on_byte_by_byte() -> None:
    body = b'{"badges": [], "pagingMetadata": {"count": 0}}'
    assert decipher(200, {}, body) is body


def test_half_an_emoji_does_not_make_a_page_unreadable() -> None:
    body = decipher(200, {}, b'{"orders": [{"id": "1", "note": "\\ud83d"}]}')
    assert json.loads(body) == {"orders": [{"id": "1", "note": "?"}]}


def test_a_403_names_the_scope_that_is_missing_and_the_cure() -> None:
    call = calls.search_orders(None)
    with pytest.raises(errors.PermissionMissing, match=wire.SCOPE_READ_ORDERS) as caught:
        decipher(403, {}, b"", endpoint=f"POST {call.path}", scope=call.scope)
    assert "grant it" in str(caught.value)
    assert call.path in str(caught.value)


def test_a_refusal_names_fields_and_masks_what_could_be_a_members() -> None:
    violation = {
        "field": "badgeAssignments[2].memberId",
        "description": "c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201 of\n ana@example.com is no GUID",
        "data": {"value": "Ana Silva"},
    }
    body = {"message": "Ana", "details": {"validationError": {"fieldViolations": [violation]}}}
    with pytest.raises(errors.Refused) as caught:
        decipher(400, {}, json.dumps(body).encode())
    text = str(caught.value)
    assert "badgeAssignments[2].memberId <id> of <address> is no GUID" in text
    assert "Ana" not in text
    assert "c2b7a6d4" not in text


@pytest.mark.parametrize("shape", [{}, {"details": []}, {"details": {"validationError": 3}}])
def test_an_error_body_of_any_shape_is_still_a_refusal(shape: object) -> None:
    with pytest.raises(errors.Refused):
        decipher(400, {}, json.dumps(shape).encode())


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 60),
        ("", 60),
        ("7", 7),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("0", 1),
        ("-30", 1),
        ("901", 900),
        ("9" * 5000, 900),
        ("inf", 60),
        ("nan", 60),
        ("1e3", 60),
        ("soon", 60),
        ("\u0663", 60),
        ("Tue, 03 Feb 2026 08:15:30 GMT", 30),
        ("Tue, 03 Feb 2026 08:00:00 GMT", 1),
        ("Wed, 04 Feb 2026 08:15:00 GMT", 900),
        ("Tue, 03 Feb 99999 08:15:30 GMT", 60),
    ],
)
def test_retry_after_is_read_as_seconds_or_date_within_bounds(
    header: str | None, seconds: float
) -> None:
    headers = {"date": DATE} | ({} if header is None else {"retry-after": header})
    with pytest.raises(errors.RateLimited) as caught:
        decipher(429, headers, b"")
    assert caught.value.seconds == seconds


def test_without_the_servers_clock_a_date_says_nothing() -> None:
    assert pause(DATE, now=None) == 60


@given(header=st.text() | st.from_regex(r"[-+0-9.eE]{1,20}"), now=st.none() | st.just(NOW))
def test_whatever_stands_there_a_pause_has_bounds(header: str, now: datetime | None) -> None:
    assert 1 <= pause(header, now=now) <= 900


@given(seconds=st.integers(1, 900))
def test_a_date_means_the_same_as_its_seconds(seconds: int) -> None:
    until = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert pause(until, now=NOW) == pause(str(seconds), now=None) == seconds


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("BADGE_ASSIGNMENT_ALREADY_EXISTS", errors.AlreadyExists),
        ("MEMBER_NOT_FOUND", errors.NotFound),
        ("BADGE_NOT_FOUND", errors.NotFound),
        ("PERMISSION_DENIED", errors.PermissionMissing),
        ("INVALID_ARGUMENT", errors.Refused),
        ("MEMBER_ID_INVALID", errors.Refused),
        ("BAD_REQUEST", errors.Refused),
        ("FAILED_PRECONDITION", errors.Refused),
        ("OUT_OF_RANGE", errors.Refused),
        *[
            (code, errors.Ambiguous)
            for code in ("", "INTERNAL", "ABORTED", "UNKNOWN", "NEVER_HEARD_OF", "BAD_REQUEST_NOT")
        ],
    ],
)
def test_an_item_of_a_bulk_answer_is_refused_only_by_a_code_that_says_so(
    code: str, expected: type[errors.BadgeJobsError]
) -> None:
    found = protocol.item_error(code, "member c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201")
    assert type(found) is expected
    assert "c2b7a6d4" not in str(found)
    assert code in str(found)


def test_orders_are_asked_for_by_ascending_change_with_every_status_named() -> None:
    since = datetime(2026, 2, 3, 9, 15, 0, 120999, tzinfo=UTC)
    assert calls.search_orders(since).body == {
        "search": {
            "filter": {
                "status": {"$in": ["APPROVED", "CANCELED", "PENDING", "REJECTED"]},
                "updatedDate": {"$gte": "2026-02-03T09:15:00.120Z"},
            },
            "sort": [{"fieldName": "updatedDate", "order": "ASC"}],
            "cursorPaging": {"limit": 100},
        }
    }


def test_a_cursor_is_sent_with_nothing_but_its_limit() -> None:
    paging = {"cursorPaging": {"limit": 100, "cursor": "b3JkLTI"}}
    assert calls.search_orders(NOW, cursor="b3JkLTI").body == {"search": paging}
    assert calls.query_assignments(["b"], ["m"], cursor="b3JkLTI").body == {"query": paging}
    assert calls.query_comments("app", cursor="b3JkLTI").body == {"appId": "app", "query": paging}
