from __future__ import annotations

import json
from typing import Any

import pytest
from sandbox_caller import KEY, ONE, OTHER, sandbox, site

INFO = "/oauth2/token-info"
QUERY = "/badges/v4/badges/query"


def test_token_info_tells_what_a_token_stands_for_and_needs_no_authorization() -> None:
    with sandbox(tokenLifetimeSeconds=100) as wix:
        token = wix.token(OTHER)
        del wix.headers["Authorization"]
        told = wix.post(INFO, {"token": token})
        assert told == {
            "active": True,
            "subjectType": "APP",
            "subjectId": OTHER["appId"],
            "iat": told["iat"],
            "exp": told["iat"] + 100,
            "clientId": OTHER["appId"],
            "siteId": OTHER["siteId"],
            "instanceId": OTHER["instanceId"],
        }


@pytest.mark.parametrize("body", [{"token": "made-up"}, {"token": KEY}, {"token": None}, {}, [], 7])
def test_token_info_of_what_is_no_token_is_an_oauth_error(body: Any) -> None:
    with sandbox() as wix:
        reply = wix.call("POST", INFO, body)
        assert (reply.status, reply.body["error"]) == (400, "invalid_token")


def test_token_info_ends_with_the_token_and_does_not_count_against_the_rate_limit() -> None:
    with sandbox(tokenLifetimeSeconds=10, rateLimitRequests=1) as wix:
        token = wix.headers["Authorization"]
        for _ in range(5):
            wix.post(INFO, {"token": token})
        wix.post(QUERY, {})
        assert wix.call("POST", QUERY, {}).status == 429
        wix.clock.seconds += 10
        assert wix.call("POST", INFO, {"token": token}).body["error"] == "invalid_token"


def test_no_token_of_a_token_info_request_gets_into_the_log() -> None:
    with sandbox() as wix:
        token = wix.headers["Authorization"]
        wix.post(INFO, {"token": token})
        log = wix.good("GET", "/_sandbox/log")["requests"]
        entry = log[-1]
        assert (entry["path"], entry["body"]) == (INFO, {"token": "***"})
        assert (entry["instanceId"], entry["status"]) == (ONE["instanceId"], 200)
        assert token not in json.dumps(log)


def test_the_installation_names_the_scopes_that_are_granted() -> None:
    with sandbox() as wix:

        def granted(scopes: list[str] | None) -> Any:
            wix.reset(site(1, scopes=scopes))
            wix.log_in(ONE)
            return wix.good("GET", "/apps/v1/instance")["instance"]["permissions"]

        assert "SCOPE.DC-MEMBERS.MANAGE-BADGES" in granted(None)
        assert granted(["SCOPE.DC-MEMBERS.READ-BADGES"]) == ["SCOPE.DC-MEMBERS.READ-BADGES"]
        assert granted([]) == []
