from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from scripted_wix import (
    REQUEST_ID,
    Reply,
    ScriptedWix,
    error,
    reset,
    truncated,
)
from wix_facts import (
    ADA,
    API_KEY,
    BADGE,
    BEN,
    EMPTY_PAGE,
    Connect,
    assignment,
    created,
    member,
    never_called,
    no_fence,
)

from badgejobs import errors
from badgejobs.wix import wire

pytest_plugins = ["wix_fixtures"]


def assignments_page(*rows: object, cursor: str | None = None) -> Reply:
    paging = {"count": len(rows), "cursors": {"next": cursor}, "hasNext": cursor is not None}
    return Reply(body={"badgeAssignments": rows, "pagingMetadata": paging})


def test_assignments_are_asked_for_by_both_lists_and_read_to_the_end(
    wix: ScriptedWix, connect: Connect
) -> None:
    foreign = assignment(9, badge="3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1999")
    wix.expect(
        wire.ASSIGNMENTS_QUERY,
        assignments_page(assignment(1), foreign, cursor="c2"),
        assignments_page(assignment(2, BEN.upper()), assignment(1)),
    )
    found = connect(credentials=API_KEY).assignments([BADGE], [ADA, BEN])
    assert [(one.badge_id, one.member_id) for one in found] == [(BADGE, ADA), (BADGE, BEN)]
    assert found[0].created_at == datetime(2026, 2, 3, 8, 30, tzinfo=UTC)
    first, second = (one.body for one in wix.requests)
    assert first == {
        "query": {
            "filter": {"badgeId": {"$in": [BADGE]}, "memberId": {"$in": [ADA, BEN]}},
            "cursorPaging": {"limit": 100},
        }
    }
    assert second == {"query": {"cursorPaging": {"limit": 100, "cursor": "c2"}}}


def test_more_badges_than_a_list_takes_cost_more_calls(wix: ScriptedWix, connect: Connect) -> None:
    badges = [f"3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c{number:04}" for number in range(250)]
    wix.expect(wire.ASSIGNMENTS_QUERY, *[assignments_page()] * 3)
    client = connect(credentials=API_KEY)
    assert client.assignments(badges) == []
    asked = [one.body["query"]["filter"] for one in wix.requests]
    assert [one["badgeId"]["$in"] for one in asked] == [badges[:100], badges[100:200], badges[200:]]
    assert all("memberId" not in one for one in asked)
    assert client.assignments([BADGE], []) == client.assignments([]) == []
    assert client.calls == 3


def test_a_cursor_that_comes_again_ends_the_reading(wix: ScriptedWix, connect: Connect) -> None:
    pages = [assignments_page(cursor=cursor) for cursor in ("a", "b", "a")]
    wix.expect(wire.ASSIGNMENTS_QUERY, *pages)
    with pytest.raises(errors.Ambiguous, match="never end"):
        connect(credentials=API_KEY).assignments([BADGE], [ADA])


def test_an_assignment_that_cannot_be_read_is_not_taken_for_absent(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(wire.ASSIGNMENTS_QUERY, assignments_page({"id": "?", "memberId": "Ana"}))
    with pytest.raises(errors.Ambiguous) as caught:
        connect(credentials=API_KEY).assignments([BADGE], [ADA])
    assert "Ana" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (409, "ALREADY_EXISTS", errors.AlreadyExists),
        (404, "MEMBER_NOT_FOUND", errors.NotFound),
        (400, "INVALID_ARGUMENT", errors.Refused),
        (403, "PERMISSION_DENIED", errors.PermissionMissing),
    ],
)
def test_a_create_that_wix_refuses_did_not_happen(
    wix: ScriptedWix,
    connect: Connect,
    status: int,
    code: str,
    expected: type[errors.BadgeJobsError],
) -> None:
    wix.expect(wire.ASSIGNMENTS, error(status, code))
    with pytest.raises(expected) as caught:
        connect(credentials=API_KEY).create_assignment(BADGE, ADA, fence=no_fence)
    assert not caught.value.may_have_happened
    assert REQUEST_ID in str(caught.value)


def row(index: int, member: str | None = None, code: str | None = None) -> dict[str, Any]:
    meta: dict[str, Any] = {"originalIndex": index, "success": code is None}
    if code is not None:
        return {"itemMetadata": meta | {"error": {"code": code, "description": "x"}}}
    if member is None:
        return {"itemMetadata": meta | {"id": assignment(index)["id"]}}
    return {"itemMetadata": meta, "item": assignment(index, member)}


def test_bulk_results_go_by_their_index_and_what_is_not_told_is_unknown(
    wix: ScriptedWix, connect: Connect
) -> None:
    pairs = [(BADGE, member(number)) for number in range(9)]
    rows: list[Any] = [
        row(6, code="SOMETHING_ELSE"),
        row(3, code="INVALID_ARGUMENT"),
        row(2, code="MEMBER_NOT_FOUND"),
        row(1, code="ALREADY_EXISTS"),
        row(0, member(0)),
        row(4),  # success without entity
        row(5, member(7)),  # says it is about someone else
        row(7, member(7)),
        row(7, member(7)),  # twice: which is true?
        row(99, member(1)),
        "nonsense",
        {"itemMetadata": {"success": True}},
    ]
    answer = {
        "results": rows,
        "bulkActionMetadata": {"totalSuccesses": 3, "totalFailures": 6, "undetailedFailures": 1},
    }
    wix.expect(wire.ASSIGNMENTS_BULK_CREATE, Reply(body=answer))
    told = connect(credentials=API_KEY).create_assignments(pairs, fence=no_fence)
    assert [type(one.error) for one in told] == [
        type(None),
        errors.AlreadyExists,
        errors.NotFound,
        errors.Refused,
        type(None),
        errors.Ambiguous,
        errors.Ambiguous,
        errors.Ambiguous,
        errors.Ambiguous,  # no row: one of the undetailed failures
    ]
    assert all((one.assignment is None) == (one.error is not None) for one in told)
    assert told[0].assignment is not None
    assert told[0].assignment.member_id == member(0)
    [sent] = wix.requests
    assert sent.body["returnEntity"] is True
    assert [one["memberId"] for one in sent.body["badgeAssignments"]] == [m for _, m in pairs]


A, B = assignment(1, member(0)), assignment(1, member(1))


def told_row(number: int, **more: Any) -> dict[str, Any]:
    """A row of success about the pair of that number, with what else it says."""
    said = {"originalIndex": number, "success": True, "id": A["id"]}
    return {"itemMetadata": said | more.pop("metadata", {})} | more


@pytest.mark.parametrize(
    "rows",
    [
        [told_row(0, metadata={"id": 7}), row(0, code="NOT_FOUND")],
        [told_row(0, item=A), told_row(1, item=B)],
        [told_row(0, item=A, metadata={"id": assignment(3)["id"]})],
        [told_row(0, item=A, metadata={"error": {"code": "INTERNAL"}})],
    ],
    ids=["unreadable and refused", "one id for two", "two ids for one", "success and error"],
)
def test_a_bulk_answer_that_contradicts_itself_is_believed_in_nothing(
    wix: ScriptedWix, connect: Connect, rows: list[Any]
) -> None:
    wix.expect(wire.ASSIGNMENTS_BULK_CREATE, Reply(body={"results": rows}))
    pairs = [(BADGE, member(0)), (BADGE, member(1))]
    told = connect(credentials=API_KEY).create_assignments(pairs, fence=no_fence)
    assert isinstance(told[0].error, errors.Ambiguous)
    assert isinstance(told[1].error, errors.Ambiguous)


def test_totals_that_tell_of_fewer_than_the_rows_are_not_believed(
    wix: ScriptedWix, connect: Connect
) -> None:
    answer = {"results": [row(0, member(0))], "bulkActionMetadata": {"totalSuccesses": 0}}
    wix.expect(wire.ASSIGNMENTS_BULK_CREATE, Reply(body=answer))
    client = connect(credentials=API_KEY)
    [told] = client.create_assignments([(BADGE, member(0))], fence=no_fence)
    assert isinstance(told.error, errors.Ambiguous)


def test_a_list_that_counts_more_than_it_shows_is_no_proof_of_absence(
    wix: ScriptedWix, connect: Connect
) -> None:
    answer = {"badgeAssignments": [], "pagingMetadata": {"count": 5, "hasNext": False}}
    wix.expect(wire.ASSIGNMENTS_QUERY, Reply(body=answer))
    with pytest.raises(errors.Ambiguous):
        connect(credentials=API_KEY).assignments([BADGE], [member(0)])


def test_a_malformed_id_does_not_cost_the_others_their_badge(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(wire.ASSIGNMENTS_BULK_CREATE, Reply(body={"results": [row(0, ADA), row(1, BEN)]}))
    client = connect(credentials=API_KEY)
    told = client.create_assignments(
        [(BADGE, ADA), (BADGE, "../orders"), (BADGE, BEN)], fence=no_fence
    )
    assert [one.assignment and one.assignment.member_id for one in told] == [ADA, None, BEN]
    assert isinstance(told[1].error, errors.Refused)
    with pytest.raises(errors.Refused):
        client.create_assignment(BADGE, "../orders", fence=no_fence)
    [none] = client.create_assignments([("x", "y")], fence=never_called)
    assert isinstance(none.error, errors.Refused)
    assert client.calls == 1


def test_a_bulk_answer_that_is_lost_leaves_all_unknown(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.ASSIGNMENTS_BULK_CREATE, Reply(act=reset), Reply(body={"results": 3}))
    client = connect(credentials=API_KEY)
    for _ in range(2):
        with pytest.raises(errors.Ambiguous):
            client.create_assignments([(BADGE, ADA), (BADGE, BEN)], fence=no_fence)


# ---------------------------------------------------------------- taking away

GONE = assignment(1)["id"]
ONE = wire.ASSIGNMENT.replace("{id}", GONE)


def test_an_assignment_is_taken_away_by_its_id(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(ONE, Reply(body={}))
    found = connect(credentials=API_KEY).delete_assignment(GONE, fence=no_fence)
    assert (found.was_there, found.error) == (True, None)
    [asked] = wix.requests
    assert (asked.method, asked.body, asked.query) == ("DELETE", None, {})


def test_an_assignment_that_wix_does_not_know_is_gone_already(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(ONE, error(404, "BADGE_ASSIGNMENT_NOT_FOUND"))
    found = connect(credentials=API_KEY).delete_assignment(GONE, fence=no_fence)
    assert (found.was_there, found.error) == (False, None)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(act=reset),
        Reply(act=truncated),
        Reply(status=204),
        Reply(body=b""),
        Reply(body={"message": "x", "details": {}}),
        error(500),
        # a path that is unknown would make every assignment look gone
        error(404),
        Reply(status=404, body=b"<html>"),
    ],
)
def test_a_delete_without_a_clear_answer_may_have_happened(
    wix: ScriptedWix, connect: Connect, reply: Reply
) -> None:
    wix.expect(ONE, reply)
    with pytest.raises(errors.Ambiguous):
        connect(credentials=API_KEY).delete_assignment(GONE, fence=no_fence)
    assert len(wix.requests) == 1


def test_deletes_are_fenced_and_each_has_its_own_connection(
    wix: ScriptedWix, connect: Connect
) -> None:
    def shut() -> None:
        raise errors.Fenced("the claim ran out")

    client = connect(credentials=API_KEY)
    with pytest.raises(errors.Fenced):
        client.delete_assignment(GONE, fence=shut)
    with pytest.raises(errors.Fenced):
        client.delete_assignments([GONE], fence=shut)
    assert wix.requests == []
    wix.expect(ONE, *[Reply(body={})] * 2)
    for _ in range(2):
        client.delete_assignment(GONE, fence=no_fence)
    assert len({one.connection for one in wix.requests}) == 2


def test_bulk_deletes_go_by_their_index_and_what_is_not_told_is_unknown(
    wix: ScriptedWix, connect: Connect
) -> None:
    ids = [assignment(number)["id"] for number in range(9)]

    def told(index: int, named: str | None = None, code: str | None = None) -> dict[str, Any]:
        meta: dict[str, Any] = {"originalIndex": index, "success": code is None}
        if code is not None:
            meta["error"] = {"code": code, "description": "x", "data": {}}
        return {"itemMetadata": meta | ({"id": named} if named else {})}

    rows: list[Any] = [
        told(6, code="SOMETHING_ELSE"),
        told(3, code="INVALID_ARGUMENT"),
        told(2, code="BADGE_ASSIGNMENT_NOT_FOUND"),
        told(0, ids[0].upper()),
        told(4),  # success, and no word on which
        told(5, ids[7]),  # says it is about another one
        told(7, ids[7]),
        told(7, code="BADGE_ASSIGNMENT_NOT_FOUND"),  # twice: which is true?
        told(1, code="PERMISSION_DENIED"),
        "nonsense",
    ]
    wix.expect(wire.ASSIGNMENTS_BULK_DELETE, Reply(body={"results": rows}))
    found = connect(credentials=API_KEY).delete_assignments(ids, fence=no_fence)
    assert [(one.was_there, type(one.error)) for one in found] == [
        (True, type(None)),
        (True, errors.PermissionMissing),
        (False, type(None)),
        (True, errors.Refused),
        (True, type(None)),
        (True, errors.Ambiguous),
        (True, errors.Ambiguous),
        (True, errors.Ambiguous),
        (True, errors.Ambiguous),
    ]
    assert wix.requests[0].body == {"badgeAssignmentIds": ids}


def test_a_malformed_id_does_not_keep_the_others_from_being_taken(
    wix: ScriptedWix, connect: Connect
) -> None:
    rows = [{"itemMetadata": {"originalIndex": index, "success": True}} for index in range(2)]
    wix.expect(wire.ASSIGNMENTS_BULK_DELETE, Reply(body={"results": rows}))
    client = connect(credentials=API_KEY)
    found = client.delete_assignments([GONE, "../orders", BADGE], fence=no_fence)
    assert [type(one.error) for one in found] == [type(None), errors.Refused, type(None)]
    [none] = client.delete_assignments(["x"], fence=never_called)
    assert isinstance(none.error, errors.Refused)
    assert client.delete_assignments([], fence=never_called) == []
    assert client.calls == 1


def test_a_bulk_delete_whose_answer_is_lost_may_have_happened(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(wire.ASSIGNMENTS_BULK_DELETE, Reply(act=reset), Reply(body={"results": 3}))
    client = connect(credentials=API_KEY)
    for _ in range(2):
        with pytest.raises(errors.Ambiguous):
            client.delete_assignments([GONE], fence=no_fence)


# ---------------------------------------------------------------- the other spelling


def test_every_path_of_assignments_is_spelled_as_the_setting_says_and_counted_as_the_sdk_does(
    wix: ScriptedWix, connect: Connect
) -> None:
    client = connect(credentials=API_KEY, assignment_paths=wire.Spelling.DOCS)
    wix.expect("/v4/badge-assignments", created())
    wix.expect("/v4/badge-assignments/query", assignments_page())
    wix.expect(f"/v4/badge-assignments/{GONE}", Reply(body={}), error(403))
    wix.expect("/v4/bulk/badge-assignments/create", Reply(body={"results": [row(0, ADA)]}))
    wix.expect("/v4/bulk/badge-assignments/delete", Reply(body={"results": []}))
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    client.create_assignment(BADGE, ADA, fence=no_fence)
    client.assignments([BADGE], [ADA])
    client.delete_assignment(GONE, fence=no_fence)
    client.create_assignments([(BADGE, ADA)], fence=no_fence)
    client.delete_assignments([GONE], fence=no_fence)
    client.badges()
    with pytest.raises(errors.PermissionMissing, match=r"DELETE /v4/badge-assignments/\{id\} "):
        client.delete_assignment(GONE, fence=no_fence)
    assert client.calls_by_path == {
        wire.ASSIGNMENTS: 1,
        wire.ASSIGNMENTS_QUERY: 1,
        wire.ASSIGNMENT: 2,
        wire.ASSIGNMENTS_BULK_CREATE: 1,
        wire.ASSIGNMENTS_BULK_DELETE: 1,
        wire.BADGES_QUERY: 1,
    }


@pytest.mark.parametrize("reply", [error(404, "NOT_FOUND"), Reply(status=404, body=b"<html>")])
def test_a_query_whose_path_is_unknown_names_the_cure(
    wix: ScriptedWix, connect: Connect, reply: Reply
) -> None:
    wix.expect(wire.ASSIGNMENTS_QUERY, reply)
    with pytest.raises(errors.BadgeJobsError, match="badgejobs doctor"):
        connect(credentials=API_KEY).assignments([BADGE], [ADA])
