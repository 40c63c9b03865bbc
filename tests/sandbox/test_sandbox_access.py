from __future__ import annotations

import re

import pytest
from sandbox_caller import KEY, ONE, OTHER, guid, sandbox, site, token_request

QUERY = "/badges/v4/badges/query"


@pytest.mark.parametrize(
    "change",
    [
        {"client_secret": "wrong"},
        {"client_id": guid(0, 9)},
        {"instance_id": guid(0, 9)},
        {"grant_type": "password"},
        {"instance_id": None},
    ],
)
def test_a_token_needs_credentials_that_fit_one_site(change: dict[str, str]) -> None:
    with sandbox() as wix:
        reply = wix.call("POST", "/oauth2/token", token_request(ONE, **change))
        assert (reply.status, reply.body["error"]) == (400, "invalid_client")


def test_every_token_lives_until_its_own_end() -> None:
    with sandbox(tokenLifetimeSeconds=100) as wix:
        first = wix.token(ONE)
        wix.clock.seconds += 60
        second = wix.token(ONE)
        wix.clock.seconds += 39
        for token in (first, second, f"Bearer {first}"):
            wix.headers["Authorization"] = token
            wix.post(QUERY, {})
        wix.clock.seconds += 1
        wix.headers["Authorization"] = first
        assert wix.call("POST", QUERY, {}).code == "UNAUTHENTICATED"
        wix.headers["Authorization"] = second
        wix.post(QUERY, {})


def test_an_api_key_needs_a_site_that_it_reaches() -> None:
    with sandbox() as wix:
        wix.badge("Only on one")
        wix.headers["Authorization"] = KEY
        assert wix.call("POST", QUERY, {}).status == 403
        wix.headers["wix-site-id"] = guid(0xA1, 9)
        assert wix.call("POST", QUERY, {}).status == 403
        wix.headers["wix-site-id"] = OTHER["siteId"]
        assert wix.post(QUERY, {})["badges"] == []
        wix.headers["wix-site-id"] = ONE["siteId"]
        assert len(wix.post(QUERY, {})["badges"]) == 1


def test_checks_come_in_the_agreed_order() -> None:
    with sandbox() as wix:
        wix.reset(site(1, scopes=["SCOPE.DC-MEMBERS.READ-BADGES"]), rateLimitRequests=3)
        assert wix.call("POST", "/no/such/path", {}).status == 401
        wix.log_in(ONE)
        assert wix.call("POST", "/no/such/path", {}).status == 404
        assert wix.send("POST", "/badges/v4/badges", b"not json").code == "PERMISSION_DENIED"
        assert wix.send("POST", QUERY, b"[]").violation["field"] == "body"
        limited = wix.call("POST", "/no/such/path", {})
        assert (limited.status, limited.body) == (429, {"message": "", "details": {}})
        wix.post("/_sandbox/faults", {"faults": [{"path": "*", "kind": "status", "status": 502}]})
        assert wix.call("POST", QUERY, {}).status == 502


def test_the_rate_window_rolls_and_refused_requests_do_not_count() -> None:
    with sandbox(rateLimitRequests=3, rateLimitWindowSeconds=60) as wix:
        wix.post(QUERY, {})
        wix.clock.seconds += 30
        wix.post(QUERY, {})
        assert wix.call("GET", "/badges/v4/badges/malformed").status == 400
        for _ in range(5):
            limited = wix.call("POST", QUERY, {})
            assert limited.status == 429
            assert "retry-after" not in limited.headers
        wix.clock.seconds += 30
        wix.post(QUERY, {})
        assert wix.call("POST", QUERY, {}).status == 429
        wix.log_in(OTHER)
        wix.post(QUERY, {})


def test_every_answer_has_its_own_request_id_a_date_and_json() -> None:
    with sandbox() as wix:
        replies = [
            wix.call("POST", QUERY, {}),
            wix.call("GET", "/nowhere"),
            wix.call("POST", "/oauth2/token", {}),
            wix.send("POST", QUERY, b'{"query": NaN}'),
            wix.send("POST", QUERY, b"[" * 100_000),
        ]
        ids = [reply.headers["x-wix-request-id"] for reply in replies]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"\d{10}\.\d+", one) for one in ids)
        assert all("date" in reply.headers for reply in replies)
        assert all(
            reply.headers["content-type"].startswith("application/json") for reply in replies
        )


def test_the_installation_tells_who_the_caller_is() -> None:
    with sandbox() as wix:
        answer = wix.good("GET", "/apps/v1/instance")
        assert answer["instance"]["instanceId"] == ONE["instanceId"]
