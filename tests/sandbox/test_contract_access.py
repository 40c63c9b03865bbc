from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from contract_calls import BADGES, BADGES_QUERY, badge_body, statuses, together
from sandbox_caller import KEY, ONE, OTHER, Caller, Reply, guid, sandbox, site, token_request

TOKEN = "/oauth2/token"


def ask(wix: Caller) -> Reply:
    return wix.call("POST", BADGES_QUERY, {})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b"not json",
        b"\xff\xfe",
        b"grant_type=client_credentials",
        b'{"instance_id": {}, "client_id": [], "client_secret": 1, "grant_type": null}',
    ],
)
def test_g4_what_does_not_fit_one_site_gets_no_token(raw: bytes) -> None:
    with sandbox() as wix:
        reply = wix.send("POST", TOKEN, raw)
        assert (reply.status, reply.body["error"]) == (400, "invalid_client")
        assert isinstance(reply.body["error_description"], str)
        assert reply.body["error_description"]


def test_g4_every_field_of_a_token_request_must_be_there_and_right() -> None:
    app_two = site(3, appId=guid(0xA0, 2), appSecret="another secret")
    with sandbox() as wix:
        wix.reset(ONE, OTHER, app_two)
        good = token_request(ONE)
        wrong = [{name: value for name, value in good.items() if name != left} for left in good]
        wrong += [good | {name: None} for name in good]
        wrong += [good | {name: f"{value} "} for name, value in good.items()]
        wrong += [
            good | {"instance_id": ONE["siteId"]},
            good | {"instance_id": app_two["instanceId"]},
            good | {"client_secret": app_two["appSecret"]},
            good | {"client_id": app_two["appId"], "client_secret": app_two["appSecret"]},
        ]
        for body in wrong:
            assert wix.call("POST", TOKEN, body).body["error"] == "invalid_client", body
        for one in (ONE, OTHER, app_two):
            wix.log_in(one)
            answer = wix.good("GET", "/apps/v1/instance")
            assert answer["instance"]["instanceId"] == one["instanceId"]


@pytest.mark.parametrize("seconds", [14400, 0.5, 1, 1e9])
def test_g4_a_token_says_how_long_it_lives(seconds: float) -> None:
    with sandbox(tokenLifetimeSeconds=seconds) as wix:
        answer = wix.post(TOKEN, token_request(ONE))
        assert answer.keys() == {"access_token", "token_type", "expires_in"}
        assert (answer["token_type"], answer["expires_in"]) == ("Bearer", seconds)


def test_g4_a_token_stays_valid_however_many_were_issued_after_it() -> None:
    with sandbox(tokenLifetimeSeconds=100) as wix:
        first = wix.token(ONE)
        later = {wix.token(ONE) for _ in range(300)}
        assert len(later | {first}) == 301
        wix.clock.seconds += 99.9
        for token in (first, *sorted(later)[:3]):
            wix.headers["Authorization"] = token
            assert ask(wix).status == 200
        wix.clock.seconds += 0.1
        assert ask(wix).code == "UNAUTHENTICATED"


def test_g4_every_token_lives_until_its_own_end() -> None:
    with sandbox(tokenLifetimeSeconds=100) as wix:
        first = wix.token(ONE)
        wix.clock.seconds += 60
        second = wix.token(ONE)
        wix.clock.seconds += 39
        for token in (first, second, f"Bearer {first}"):
            wix.headers["Authorization"] = token
            assert ask(wix).status == 200
        wix.clock.seconds += 1
        wix.headers["Authorization"] = first
        assert ask(wix).code == "UNAUTHENTICATED"
        wix.headers["Authorization"] = second
        assert ask(wix).status == 200


def test_g5_a_token_stands_bare_or_behind_bearer() -> None:
    with sandbox() as wix:
        token = wix.headers["Authorization"]
        for good in (
            token,
            f"Bearer {token}",
            f"bearer {token}",
            f"Bearer   {token}",
            f"{token}  ",
        ):
            wix.headers["Authorization"] = good
            assert ask(wix).status == 200, good
        for wrong in (
            "",
            "Bearer",
            "Bearer ",
            f"Basic {token}",
            f"Bearer{token}",
            f"Bearer Bearer {token}",
            token[:-1],
            f"{token}x",
            token.lower(),
            f"{token}, {token}",
            "null",
        ):
            wix.headers["Authorization"] = wrong
            assert (ask(wix).status, ask(wix).code) == (401, "UNAUTHENTICATED"), wrong
        del wix.headers["Authorization"]
        assert ask(wix).code == "UNAUTHENTICATED"


def test_g6_a_key_reaches_the_sites_that_have_it_and_no_others() -> None:
    sites = [site(1, apiKey="IST.a"), site(2, apiKey="IST.a"), site(3, apiKey="IST.b")]
    closed = site(4, apiKey=None)
    with sandbox() as wix:
        wix.reset(*sites, closed)
        for key, reached in (("IST.a", {1, 2}), ("IST.b", {3}), ("Bearer IST.b", {3})):
            wix.headers["Authorization"] = key
            for number in (1, 2, 3, 4, 9):
                wix.headers["wix-site-id"] = guid(0xA1, number)
                assert ask(wix).status == (200 if number in reached else 403)
            wix.headers["wix-site-id"] = str(sites[0]["instanceId"])
            assert ask(wix).status == 403
        wix.headers["wix-site-id"] = str(closed["siteId"])
        for nobody in ("", "None", "null", "IST.c"):
            wix.headers["Authorization"] = nobody
            assert ask(wix).status == 401


def admitted(times: deque[float], now: float, number: int, seconds: float) -> bool:
    """The rule again, in plain words: fewer than ``number`` in the ``seconds`` up to now."""
    return sum(now - seconds < one <= now for one in times) < number


@pytest.mark.parametrize("seed", range(4))
def test_g9_no_window_holds_more_than_the_limit_and_no_request_is_refused_without_need(
    seed: int,
) -> None:
    chance = random.Random(seed)
    number, seconds = chance.randint(1, 6), chance.choice([0.25, 8, 60])
    with sandbox(rateLimitRequests=number, rateLimitWindowSeconds=seconds) as wix:
        times: deque[float] = deque()
        for _ in range(150):
            # Eighths are exact in binary, so that both sides of a boundary are met.
            wix.clock.seconds += chance.choice([0, 0, 0.125, 0.125, 1, seconds, seconds / 2])
            now = wix.clock.seconds
            expected = admitted(times, now, number, seconds)
            assert ask(wix).status == (200 if expected else 429), (seed, now)
            if expected:
                times.append(now)
        for start in times:
            assert sum(start <= one < start + seconds for one in times) <= number


def test_g2_g9_a_request_above_the_limit_is_told_nothing_but_its_status() -> None:
    with sandbox() as wix:
        limited(wix)
        assert ask(wix).status == 200
        above = ask(wix)
        assert (above.status, above.body) == (429, {"message": "", "details": {}})
        assert "retry-after" not in above.headers
        assert above.headers["x-wix-request-id"]


def test_g9_of_requests_at_the_same_time_exactly_the_limit_is_admitted() -> None:
    with sandbox(rateLimitRequests=17) as wix:
        by_key = {"Authorization": KEY, "wix-site-id": str(ONE["siteId"])}

        def keyed(caller: Caller) -> Reply:
            caller.headers = by_key
            return ask(caller)

        replies = together(wix, [ask, keyed] * 20)
        assert statuses(replies) == [200] * 17 + [429] * 23
        wix.headers["Authorization"] = wix.token(OTHER)
        assert ask(wix).status == 200


@pytest.mark.parametrize(
    ("send", "status"),
    [
        (ask, 200),
        (lambda wix: wix.call("POST", BADGES, badge_body(title="")), 400),
        (lambda wix: wix.send("POST", BADGES, b"not json"), 400),
        (lambda wix: wix.call("GET", f"{BADGES}/{guid(0, 9)}"), 404),
        (lambda wix: wix.call("GET", "/no/such/path"), 404),
        (lambda wix: wix.call("POST", "/ecom/v1/orders/search", {}), 403),
        (lambda wix: fault(wix, kind="slow", delaySeconds=0), 200),
    ],
)
def test_g9_every_authorized_request_counts(send: Callable[[Caller], Reply], status: int) -> None:
    with sandbox() as wix:
        limited(wix)
        assert send(wix).status == status
        assert ask(wix).status == 429


@pytest.mark.parametrize("kind", ["reset-after-write", "bad-json"])
def test_g9_a_request_whose_answer_is_lost_counts(kind: str) -> None:
    with sandbox() as wix:
        limited(wix)
        with pytest.raises((ConnectionError, ValueError)):
            fault(wix, kind=kind)
        wix.close()
        assert ask(wix).status == 429


def test_g9_what_is_not_admitted_or_not_processed_does_not_count() -> None:
    with sandbox() as wix:
        limited(wix)
        authorization = wix.headers["Authorization"]
        assert fault(wix, kind="status", status=500).status == 500
        with pytest.raises(ConnectionError):
            fault(wix, kind="reset-before-write")
        wix.close()
        wix.token(ONE)
        assert wix.call("POST", TOKEN, {}).status == 400
        wix.state()
        for nobody in (KEY, "made-up"):
            wix.headers["Authorization"] = nobody
            assert ask(wix).status in (401, 403)
        wix.headers["Authorization"] = authorization
        assert ask(wix).status == 200
        for _ in range(3):
            wix.clock.seconds += 59.875
            assert ask(wix).status == 429
            wix.clock.seconds += 0.125
            assert ask(wix).status == 200


def test_g9_a_limit_of_zero_is_none() -> None:
    with sandbox(rateLimitRequests=0, rateLimitWindowSeconds=1000) as wix:
        assert {ask(wix).status for _ in range(250)} == {200}


def limited(wix: Caller) -> None:
    """One site whose badges may be reached, once in a minute."""
    scopes = ["SCOPE.DC-MEMBERS.READ-BADGES", "SCOPE.DC-MEMBERS.MANAGE-BADGES"]
    wix.reset(site(1, scopes=scopes), rateLimitRequests=1, rateLimitWindowSeconds=60)
    wix.log_in(ONE)


def fault(wix: Caller, **what: Any) -> Reply:
    """The answer to a request that is hit by a fault."""
    wix.post("/_sandbox/faults", {"faults": [{"path": BADGES_QUERY} | what]})
    return ask(wix)
