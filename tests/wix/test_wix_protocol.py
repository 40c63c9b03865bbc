from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgejobs import errors
from badgejobs.wix import calls, protocol, wire
from badgejobs.wix.protocol import TooManyToCount, decipher, pause

DATE = "Tue, 03 Feb 2026 08:15:00 GMT"
NOW = datetime(2026, 2, 3, 8, 15, tzinfo=UTC)


def error_body(code: str) -> bytes:
    return json.dumps({"message": "m", "details": {"applicationError": {"code": code}}}).encode()


EMPTY = b'{"message":"","details":{}}'


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, error_body("UNAUTHENTICATED"), errors.TokenRefused),
        (403, b"", errors.PermissionMissing),
        (403, error_body("PERMISSION_DENIED"), errors.PermissionMissing),
        (404, error_body("BADGE_NOT_FOUND"), errors.NotFound),
        (409, error_body("BADGE_ASSIGNMENT_ALREADY_EXISTS"), errors.AlreadyExists),
        (400, error_body("ALREADY_EXISTS"), errors.AlreadyExists),
        (500, error_body("ALREADY_EXISTS"), errors.AlreadyExists),
        (409, error_body("ABORTED"), errors.Ambiguous),
        (409, b"", errors.Ambiguous),
        (400, EMPTY, errors.Refused),
        (422, b"<html>", errors.Refused),
        (428, error_body("TOO_MANY_TO_COUNT"), TooManyToCount),
        (429, EMPTY, errors.RateLimited),
        *[(status, EMPTY, errors.Ambiguous) for status in (408, 425, 500, 502, 503, 504, 599)],
        *[(status, b"{}", errors.Ambiguous) for status in (100, 201, 202, 204, 301, 302, 600)],
        (502, b"<html>Bad gateway</html>", errors.Ambiguous),
        *[
            (200, body, errors.Ambiguous)
            for body in (
                b"",
                b"<html>",
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
    ],
)
def test_every_answer_is_an_error_of_one_remedy(
    status: int, body: bytes, expected: type[errors.BadgeJobsError]
) -> None:
    with pytest.raises(expected) as caught:
        decipher(status, {"x-wix-request-id": "1734427301.19"}, body)
    assert type(caught.value) is expected
    assert "request id 1734427301.19" in str(caught.value)


def test_a_200_with_a_json_object_is_given_on_byte_by_byte() -> None:
    body = b'{"badges": [], "pagingMetadata": {"count": 0}}'
    assert decipher(200, {}, body) is body


def test_half_an_emoji_does_not_make_a_page_unreadable() -> None:
    body = decipher(200, {}, b'{"orders": [{"id": "1", "note": "\\ud83d"}]}')
    assert json.loads(body) == {"orders": [{"id": "1", "note": "?"}]}


def test_a_400_to_a_cursor_is_about_the_cursor() -> None:
    with pytest.raises(errors.CursorRefused):
        decipher(400, {}, EMPTY, cursor_sent=True)
    with pytest.raises(errors.NotFound):
        decipher(404, {}, EMPTY, cursor_sent=True)


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


@pytest.mark.parametrize("shape", [[], {}, {"details": []}, {"details": {"validationError": 3}}])
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


def test_an_item_that_failed_for_wixs_own_trouble_is_not_refused_for_good() -> None:
    assert type(protocol.item_error("INTERNAL")) is errors.Ambiguous
    assert type(protocol.item_error("MEMBER_NOT_FOUND")) is errors.NotFound
    assert type(protocol.item_error("X_ALREADY_EXISTS")) is errors.AlreadyExists
    assert type(protocol.item_error("INVALID_ARGUMENT", "no")) is errors.Refused


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
