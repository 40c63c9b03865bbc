from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from scripted_wix import TOKEN, Reply, ScriptedWix, error, reset, token, truncated
from wix_facts import (
    ADA,
    API_KEY,
    APP,
    BADGE,
    EMPTY_PAGE,
    KEY,
    SECRET,
    Connect,
    created,
    never_called,
)

from badgejobs import errors
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials

pytest_plugins = ["wix_fixtures"]


def test_one_token_serves_many_calls_bare_in_the_header(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE, EMPTY_PAGE)
    client = connect()
    client.badges()
    client.badges()
    [asked] = wix.seen(wire.TOKEN)
    assert asked.body == {
        "grant_type": "client_credentials",
        "client_id": APP.app_id,
        "client_secret": SECRET,
        "instance_id": APP.instance_id,
    }
    assert "authorization" not in asked.headers
    first, second = wix.seen(wire.BADGES_QUERY)
    assert first.headers["authorization"] == second.headers["authorization"] == TOKEN
    assert first.headers["accept-encoding"] == "gzip"
    assert client.calls == 2
    assert client.calls_by_path == {wire.BADGES_QUERY: 2}


def test_a_token_is_renewed_at_four_fifths_of_its_life(wix: ScriptedWix, connect: Connect) -> None:
    now = [1000.0]
    wix.expect(wire.BADGES_QUERY, *[EMPTY_PAGE] * 3)
    wix.expect(wire.TOKEN, token("first", expires_in=100), token("second", expires_in=100))
    client = connect(monotonic=lambda: now[0])
    client.badges()
    now[0] += 79
    client.badges()
    now[0] += 2
    client.badges()
    used = [one.headers["authorization"] for one in wix.seen(wire.BADGES_QUERY)]
    assert used == ["first", "first", "second"]


def test_threads_that_start_together_ask_for_one_token(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.BADGES_QUERY, *[EMPTY_PAGE] * 8)
    client = connect()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.badges(), range(8)))
    assert len(wix.seen(wire.TOKEN)) == 1
    assert client.calls == 8


def test_a_401_costs_one_new_token_and_the_same_request_again(
    wix: ScriptedWix, connect: Connect
) -> None:
    paces, fences = [], []
    wix.expect(wire.TOKEN, token("old"), token("new"))
    wix.expect(wire.ASSIGNMENTS, error(401, "UNAUTHENTICATED"), created())
    client = connect(pace=lambda: paces.append(1))
    given = client.create_assignment(BADGE, ADA, fence=lambda: fences.append(1))
    assert given.member_id == ADA
    first, second = wix.seen(wire.ASSIGNMENTS)
    assert first.body == second.body
    assert [first.headers["authorization"], second.headers["authorization"]] == ["old", "new"]
    assert (len(paces), len(fences)) == (2, 2)


def test_a_second_401_is_about_the_credentials(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.BADGES_QUERY, *[error(401, "UNAUTHENTICATED")] * 2)
    with pytest.raises(errors.CredentialsRefused, match="still installed"):
        connect().badges()
    assert len(wix.seen(wire.BADGES_QUERY)) == 2


def test_an_api_key_comes_with_its_site_and_a_401_ends_it_at_once(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE, error(401, "UNAUTHENTICATED"))
    client = connect(credentials=API_KEY)
    client.badges()
    with pytest.raises(errors.CredentialsRefused, match="API Keys Manager"):
        client.badges()
    assert wix.seen(wire.TOKEN) == []
    for one in wix.seen(wire.BADGES_QUERY):
        assert one.headers["authorization"] == KEY
        assert one.headers["wix-site-id"] == API_KEY.site_id
    assert len(wix.seen(wire.BADGES_QUERY)) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refused_secret_names_the_cure(wix: ScriptedWix, connect: Connect, status: int) -> None:
    body = {"error": "invalid_client", "error_description": "no such client"}
    wix.expect(wire.TOKEN, Reply(status=status, body=body))
    with pytest.raises(errors.CredentialsRefused, match=r"invalid_client.*check app id"):
        connect().badges()
    assert wix.seen(wire.BADGES_QUERY) == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=503),
        Reply(body=b"<html>"),
        Reply(body={}),
        Reply(body={"access_token": "a\nb", "expires_in": 5}),
        Reply(body={"access_token": "t", "expires_in": -1}),
        Reply(act=reset),
        Reply(act=truncated),
    ],
)
def test_no_token_means_that_the_create_was_surely_not_sent(
    wix: ScriptedWix, connect: Connect, reply: Reply
) -> None:
    wix.expect(wire.TOKEN, reply)
    with pytest.raises(errors.NotSent) as caught:
        connect().create_assignment(BADGE, ADA, fence=never_called)
    assert not caught.value.may_have_happened
    assert wix.seen(wire.ASSIGNMENTS) == []


def test_a_429_shuts_the_gate_also_at_the_token(wix: ScriptedWix, connect: Connect) -> None:
    shut: list[float] = []
    client = connect(on_rate_limited=shut.append)
    wix.expect(wire.TOKEN, error(429, headers={"Retry-After": "9"}))
    with pytest.raises(errors.RateLimited):
        client.badges()
    wix.expect(wire.BADGES_QUERY, error(429))
    with pytest.raises(errors.RateLimited) as caught:
        client.badges()
    assert caught.value.seconds == 60
    assert shut == [9, 60]
    assert len(wix.seen(wire.BADGES_QUERY)) == 1


@pytest.mark.parametrize("text", ["", "two words", "line\nbreak", "ключ"])
def test_a_key_that_no_header_can_carry_is_refused_by_name(text: str) -> None:
    with pytest.raises(errors.SettingsError, match="api_key"):
        ApiKeyCredentials(api_key=text, site_id="s")
