"""What holds for each request that the client can make."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from every_call import EVERY_CALL, Facts
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_wix import Reply, ScriptedWix, error, hang_up, reset, token, truncated
from wix_facts import API_KEY, APP, Connect, no_fence

from badgejobs import errors
from badgejobs.wix import bodies, wire
from badgejobs.wix.client import WixClient

pytest_plugins = ["wix_fixtures"]

FACTS = Facts()


@pytest.mark.parametrize("name", EVERY_CALL)
def test_nothing_is_sent_twice_but_after_a_401(
    wix: ScriptedWix, connect: Connect, name: str
) -> None:
    use = EVERY_CALL[name]
    path = use.path(FACTS)
    client = connect(credentials=API_KEY)
    for reply in (
        Reply(act=reset),
        Reply(act=hang_up),
        Reply(act=truncated),
        Reply(status=302, headers={"Location": wix.url}),
        Reply(body=b"<html>"),
        *[error(status) for status in (400, 401, 403, 408, 409, 429, 500, 502, 503, 504)],
    ):
        before = len(wix.requests)
        wix.expect(path, reply, reply)
        with pytest.raises(errors.BadgeJobsError):
            use.act(client, FACTS)
        assert len(wix.requests) == before + 1
        wix.script[path].clear()
    wix.expect(wire.TOKEN, token("old"), token("new"))
    wix.expect(path, error(401), error(401))
    with pytest.raises(errors.CredentialsRefused):
        use.act(connect(credentials=APP), FACTS)
    assert [one.headers["authorization"] for one in wix.seen(path)[-2:]] == ["old", "new"]


@pytest.mark.parametrize("name", EVERY_CALL)
def test_a_write_has_a_connection_of_its_own_and_reads_share_one(
    wix: ScriptedWix, connect: Connect, name: str
) -> None:
    use = EVERY_CALL[name]
    client = connect(credentials=API_KEY)
    wix.expect(use.path(FACTS), *[error(403)] * 3)
    for _ in range(3):
        with pytest.raises(errors.PermissionMissing):
            use.act(client, FACTS)
    assert len({one.connection for one in wix.requests}) == (3 if use.writes else 1)
    assert {one.method for one in wix.requests} == {use.method}
    assert client.calls_by_path == {use.form: 3}


@pytest.mark.parametrize("name", EVERY_CALL)
def test_a_lost_answer_leaves_a_question(wix: ScriptedWix, connect: Connect, name: str) -> None:
    use = EVERY_CALL[name]
    wix.expect(use.path(FACTS), Reply(act=reset))
    with pytest.raises(errors.Ambiguous):
        use.act(connect(credentials=API_KEY), FACTS)


@pytest.mark.parametrize("name", EVERY_CALL)
def test_what_cannot_be_sent_surely_did_not_happen(connect: Connect, name: str) -> None:
    client = connect(credentials=API_KEY, base_url="http://127.0.0.1:9")
    with pytest.raises(errors.NotSent):
        EVERY_CALL[name].act(client, FACTS)
    assert client.calls == 0


#: Names of fields that answers have, so that arbitrary JSON gets past the first look.
FIELDS = sorted(
    {
        *("orders", "order", "comments", "comment", "badges", "badge", "badgeAssignments"),
        *("badgeAssignment", "members", "member", "orderTransactions", "commentReplies"),
        *("products", "collections", "categories", "posts", "properties", "catalogVersion"),
        *("collectionIds", "allCategoriesInfo", "referenceId", "memberId", "name", "timeZone"),
        *("metadata", "pagingMetadata", "results", "instance", "site", "count", "total"),
        *("cursors", "next", "hasNext", "itemMetadata", "replies", "message", "details"),
        *bodies.Order.model_json_schema()["properties"],
        *bodies.Comment.model_json_schema()["properties"],
    }
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([FACTS.badge, FACTS.order, "2026-02-03T00:00:00Z", "PAID", "PUBLISHED"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
    ),
    max_leaves=25,
)


@settings(max_examples=60)
@given(
    answer=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4),
    status=st.sampled_from([200, 200, 200, 400, 404, 409, 500]),
)
def test_whatever_json_comes_back_is_read_or_one_of_our_errors(
    answer: dict[str, Any], status: int
) -> None:
    body = json.dumps(answer).encode()
    client = WixClient(
        base_url=wire.BASE_URL,
        credentials=API_KEY,
        pace=no_fence,
        request_deadline=timedelta(seconds=5),
        transport=httpx.MockTransport(lambda _: httpx.Response(status, content=body)),
    )
    for use in EVERY_CALL.values():
        with contextlib.suppress(errors.BadgeJobsError):
            use.act(client, FACTS)
