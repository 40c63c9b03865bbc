from __future__ import annotations

import inspect
import logging
import re
from dataclasses import astuple

import pytest
from every_call import EVERY_CALL, OTHERS, Facts
from scripted_wix import (
    REQUEST_ID,
    TOKEN,
    Handler,
    Reply,
    ScriptedWix,
    error,
    hang_up,
    reset,
    token,
)
from wix_facts import API_KEY, APP, EMPTY_PAGE, KEY, SECRET, Connect

from badgejobs import errors
from badgejobs.wix import wire
from badgejobs.wix.client import WixClient

pytest_plugins = ["wix_fixtures"]

FACTS = Facts()
#: What must show nowhere; the app whose comments are meant is public.
CANARIES = {*astuple(FACTS), APP.app_id, APP.instance_id, API_KEY.site_id}
CANARIES |= {SECRET, KEY, TOKEN, "canary-title", "ana@example.com"}
CANARIES -= {FACTS.app, FACTS.revision}


def test_the_list_of_every_call_is_whole() -> None:
    public = {
        name
        for name, _ in inspect.getmembers(WixClient, inspect.isfunction)
        if not name.startswith("_")
    }
    assert public - {"close"} == {*EVERY_CALL, *OTHERS}


def echo(handler: Handler) -> None:
    """Send back all that came, as headers and as something that is no header."""
    mine = [one for one in handler.server.requests if one.connection == handler.number][-1]
    sent = f"{mine.path} {mine.query} {mine.body} {mine.headers}".replace("\n", " ")
    handler.close_connection = True
    handler.wfile.write(f"HTTP/1.1 400 {sent}\r\nx: {sent}\r\n{sent}\r\n\r\n".encode())


def blaming() -> Reply:
    """A refusal that tells all that is known of a member."""
    told = f"{FACTS.member} ana@example.com {FACTS.badge} {TOKEN} {KEY}"
    violation = {"field": f"badgeAssignments[0].{told}", "description": told, "violatedRule": "X"}
    return Reply(
        status=400,
        body={"message": told, "details": {"validationError": {"fieldViolations": [violation]}}},
    )


def answers() -> list[Reply]:
    told = f"{FACTS.member} {TOKEN}"
    return [
        Reply(body={}),
        Reply(body={"results": [{"itemMetadata": {"originalIndex": 0, "success": False,
            "error": {"code": told, "description": told}}}]}),
        Reply(body={"badge": {"id": told}, "order": {"id": told}, "member": {"id": told}}),
        Reply(body=EMPTY_PAGE.body),
        blaming(),
        error(403, told),
        error(404, "MEMBER_NOT_FOUND"),
        error(409, "ABORTED"),
        error(429),
        error(500),
        Reply(body=b"<html>"),
        Reply(act=reset),
        Reply(act=hang_up),
    ]  # fmt: skip


@pytest.mark.parametrize("name", EVERY_CALL)
def test_a_server_that_sends_all_back_in_an_illegal_answer_gets_none_of_it_into_log_or_error(
    wix: ScriptedWix, connect: Connect, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """The log of the HTTP library itself shows at DEBUG what came; that is all it shows."""
    use = EVERY_CALL[name]
    wix.expect(use.path(FACTS), Reply(act=echo))
    client = connect()
    with (
        caplog.at_level(logging.DEBUG, logger="badgejobs"),
        pytest.raises(errors.Ambiguous) as caught,
    ):
        use.act(client, FACTS)
    logged = [one.getMessage() for one in lines(caplog)]
    assert len(logged) == 2
    everything = "\n".join([str(caught.value), repr(caught.value), *logged])
    for canary in CANARIES:
        assert canary not in everything


@pytest.mark.parametrize("name", EVERY_CALL)
def test_whatever_comes_back_no_id_secret_or_person_shows_in_log_or_error(
    wix: ScriptedWix, connect: Connect, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    use, shown, asked = EVERY_CALL[name], list[str](), 0
    with caplog.at_level(logging.DEBUG):
        for credentials in (APP, API_KEY):
            client = connect(credentials=credentials)
            for reply in answers():
                wix.script[use.path(FACTS)].clear()
                wix.expect(use.path(FACTS), reply, reply)
                try:
                    use.act(client, FACTS)
                except errors.BadgeJobsError as caught:
                    shown += said(caught)
            asked += client.calls
            shown += [repr(client), str(vars(client))]
    assert len(shown) > 20
    assert len(lines(caplog)) >= asked
    everything = "\n".join([*shown, caplog.text])
    assert f"{use.method} {use.form}" in everything
    for canary in CANARIES:
        assert canary not in everything


def test_a_token_request_shows_nothing_either(
    wix: ScriptedWix, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    shown = list[str]()
    with caplog.at_level(logging.DEBUG):
        for reply in [*answers(), Reply(body={"access_token": 7}), token()]:
            for path in (wire.TOKEN, wire.TOKEN_INFO):
                wix.expect(path, reply)
            client = connect()
            for _ in range(2):
                try:
                    client.token_info()
                except errors.BadgeJobsError as caught:
                    shown += said(caught)
    assert len(lines(caplog)) > 20
    everything = "\n".join([*shown, caplog.text])
    for canary in CANARIES:
        assert canary not in everything


def test_credentials_do_not_show_their_secret() -> None:
    shown = f"{APP!r} {APP} {API_KEY!r} {API_KEY}"
    assert APP.instance_id in shown
    assert SECRET not in shown
    assert KEY not in shown


def test_each_request_is_one_line_with_path_status_duration_and_wixs_name_for_it(
    wix: ScriptedWix, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    query = wire.COMMENTS_BY_RESOURCE
    page = {"comments": [], "pagingMetadata": {"count": 0, "hasNext": False}}
    gone = wire.BADGE.replace("{id}", FACTS.badge)
    wix.expect(query, Reply(body=page))
    wix.expect(gone, error(404, "BADGE_NOT_FOUND"), error(500), Reply(act=reset), error(429))
    wix.expect(wire.BADGES_QUERY, error(401, "UNAUTHENTICATED"), EMPTY_PAGE)
    client = connect()
    with caplog.at_level(logging.DEBUG, logger="badgejobs"):
        client.list_comments(FACTS.app, context_id="c", resource_id="r")
        for _ in range(4):
            with pytest.raises(errors.BadgeJobsError):
                client.get_badge(FACTS.badge)
        client.badges()
    known = f"request id {REQUEST_ID}"
    assert [
        (one.levelname, re.sub(r" in \d+ ms,", "", one.getMessage())) for one in lines(caplog)
    ] == [
        ("DEBUG", f"POST /oauth2/token: 200 {known}"),
        ("DEBUG", f"GET /comments/v1/comments/list-by-resource: 200 {known}"),
        ("INFO", f"GET /badges/v4/badges/{{id}}: 404, NotFound {known}"),
        ("WARNING", f"GET /badges/v4/badges/{{id}}: 500, Ambiguous {known}"),
        ("WARNING", "GET /badges/v4/badges/{id}: no answer, Ambiguous request id none"),
        ("INFO", f"GET /badges/v4/badges/{{id}}: 429, RateLimited {known}"),
        ("INFO", f"POST /badges/v4/badges/query: 401, TokenRefused {known}"),
        ("DEBUG", f"POST /oauth2/token: 200 {known}"),
        ("DEBUG", f"POST /badges/v4/badges/query: 200 {known}"),
    ]


def test_a_line_names_the_path_that_was_asked_in_its_spelling(
    wix: ScriptedWix, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(credentials=API_KEY, assignment_paths=wire.Spelling.DOCS)
    with caplog.at_level(logging.DEBUG, logger="badgejobs"), pytest.raises(errors.Ambiguous):
        EVERY_CALL["delete_assignment"].act(client, FACTS)
    [line] = lines(caplog)
    assert line.getMessage().startswith("DELETE /v4/badge-assignments/{id}: 500")


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [one for one in caplog.records if one.name.startswith("badgejobs.wix")]


def said(error: BaseException | None) -> list[str]:
    """All that an error could show, with those behind it."""
    found = []
    while error is not None:
        found += [str(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return found
