from __future__ import annotations

import pytest
from scripted_wix import Reply, ScriptedWix, error, hang_up
from wix_facts import API_KEY, EMPTY_PAGE, Connect

from badgejobs import errors
from badgejobs.wix import wire
from badgejobs.wix.calls.assignments import NOBODY
from badgejobs.wix.protocol import PathUnknown

pytest_plugins = ["wix_fixtures"]


def test_a_probe_tells_which_permission_is_missing(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    wix.expect(wire.ORDERS_SEARCH, error(403, "PERMISSION_DENIED"))
    wix.expect(wire.COMMENTS_COUNT, Reply(body={"count": 3}))
    gone = Reply(status=404, body=b"<html>")
    wix.expect(wire.ASSIGNMENTS_BULK_DELETE, error(403, "PERMISSION_DENIED"), gone)
    client = connect()
    found = client.probe(comment_app=wire.COMMENT_APPS["blog"])
    assert found[wire.SCOPE_READ_BADGES] is None
    assert found[wire.SCOPE_READ_COMMENTS] is None
    assert wire.SCOPE_READ_ORDERS in str(found[wire.SCOPE_READ_ORDERS])
    assert wire.SCOPE_MANAGE_BADGES in str(found[wire.SCOPE_MANAGE_BADGES])
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    wix.expect(wire.ORDERS_SEARCH, error(403))
    again = client.probe()
    assert "answered 404" in str(again[wire.SCOPE_MANAGE_BADGES]), "a path, and no end of it all"


NOTHING = Reply(body={"badgeAssignments": [], "pagingMetadata": {"count": 0, "hasNext": False}})
DOCS_QUERY = "/v4/badge-assignments/query"


@pytest.mark.parametrize(
    ("sdk", "docs", "expected"),
    [
        (NOTHING, error(404, "NOT_FOUND"), (type(None), errors.NotFound)),
        (Reply(status=404, body=b"<html>"), NOTHING, (PathUnknown, type(None))),
        (NOTHING, NOTHING, (type(None), type(None))),
        (error(404), error(404), (errors.NotFound, errors.NotFound)),
        (error(403), Reply(act=hang_up), (errors.PermissionMissing, errors.Ambiguous)),
    ],
)
def test_both_spellings_are_asked_whichever_is_in_use(
    wix: ScriptedWix, connect: Connect, sdk: Reply, docs: Reply, expected: tuple[type, type]
) -> None:
    for used in wire.Spelling:
        wix.expect(wire.ASSIGNMENTS_QUERY, sdk)
        wix.expect(DOCS_QUERY, docs)
        found = connect(credentials=API_KEY, assignment_paths=used).probe_assignment_paths()
        assert (type(found[wire.Spelling.SDK]), type(found[wire.Spelling.DOCS])) == expected
    assert len(wix.requests) == 4
    for one in wix.requests:
        assert one.body["query"]["cursorPaging"] == {"limit": 1}
        assert set(one.body["query"]["filter"].values()) == {NOBODY}
