from __future__ import annotations

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from scripted_wix import TOKEN, Handler, Reply, ScriptedWix, bomb, error, token
from wix_facts import (
    ADA,
    APP,
    BADGE,
    EMPTY_PAGE,
    Connect,
    created,
    never_called,
)

from badgejobs import errors
from badgejobs.wix import wire
from badgejobs.wix.auth import AppIdentity
from badgejobs.wix.calls import Call
from badgejobs.wix.deadline import deadline, left
from badgejobs.wix.transport import Answer

pytest_plugins = ["wix_fixtures"]


class Asked:
    """An app's identity over a token endpoint that a test holds in its hand."""

    def __init__(self) -> None:
        self.asked, self.go, self.times = threading.Event(), threading.Event(), 0
        self.outcome: Answer | errors.BadgeJobsError = Answer(
            status=200, headers={}, body=json.dumps(token().body).encode()
        )
        self.identity = AppIdentity(APP, self.answer)

    def answer(self, call: Call) -> Answer:
        assert call.form == wire.TOKEN
        self.times += 1
        self.asked.set()
        assert self.go.wait(20)
        if isinstance(self.outcome, errors.BadgeJobsError):
            raise self.outcome
        return self.outcome

    def await_crowd(self, size: int) -> None:
        """Wait until so many threads wait for the one that asks."""
        for _ in range(2000):
            asking = self.identity._asking
            if asking is not None and len(asking._condition._waiters) == size:  # type: ignore[attr-defined]
                return
            time.sleep(0.005)
        raise AssertionError("they do not wait")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (errors.Ambiguous("no answer"), errors.NotSent),
        (errors.TokenRefused("401"), errors.CredentialsRefused),
        (errors.Refused("invalid_client"), errors.CredentialsRefused),
        (errors.RateLimited("429", seconds=9), errors.RateLimited),
    ],
)
def test_a_token_that_does_not_come_is_bad_news_for_all_who_wait_and_asked_for_once(
    outcome: errors.BadgeJobsError, expected: type[errors.BadgeJobsError]
) -> None:
    """One after the other, eight threads would have waited eight times as long."""
    at = Asked()
    at.outcome = outcome
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(at.identity.headers) for _ in range(8)]
        at.await_crowd(7)
        at.go.set()
        assert {type(one.exception()) for one in waiting} == {expected}
    assert at.times == 1


def test_nobody_waits_for_anothers_token_request_beyond_the_own_deadline() -> None:
    at = Asked()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(at.identity.headers)
        assert at.asked.wait(20)
        with deadline(0.05), pytest.raises(errors.NotSent, match="another thread"):
            at.identity.headers()
        at.go.set()
        assert first.result() == at.identity.headers() == {"Authorization": TOKEN}
    assert at.times == 1


def test_a_thread_that_is_stopped_while_it_asks_leaves_nobody_waiting() -> None:
    class Stopped(BaseException):
        pass

    at = Asked()
    asked_before = at.answer

    def stopped(call: Call) -> Answer:
        asked_before(call)
        raise Stopped

    at.identity = AppIdentity(APP, stopped)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(at.identity.headers)
        assert at.asked.wait(20)
        second = pool.submit(at.identity.headers)
        at.await_crowd(1)
        at.go.set()
        assert isinstance(first.exception(), Stopped)
        assert isinstance(second.exception(), errors.NotSent)


def test_a_token_in_its_last_fifth_serves_while_no_new_one_is_to_be_had(
    wix: ScriptedWix, connect: Connect
) -> None:
    now = [0.0]
    wix.expect(wire.BADGES_QUERY, *[EMPTY_PAGE] * 5)
    wix.expect(wire.TOKEN, token("old", expires_in=1000), Reply(status=503), token("new"))
    client = connect(monotonic=lambda: now[0])
    client.badges()
    for second in (810, 830):  # the first asks in vain, the second does not ask again so soon
        now[0] = second
        client.badges()
    assert len(wix.seen(wire.TOKEN)) == 2
    now[0] = 850
    client.badges()
    used = [one.headers["authorization"] for one in wix.seen(wire.BADGES_QUERY)]
    assert used == ["old", "old", "old", "new"]


def test_a_token_that_has_ended_is_not_used_however_long_the_endpoint_is_away(
    wix: ScriptedWix, connect: Connect
) -> None:
    now = [0.0]
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    wix.expect(wire.TOKEN, token("old", expires_in=1000), Reply(status=503))
    client = connect(monotonic=lambda: now[0])
    client.badges()
    now[0] = 1000
    with pytest.raises(errors.NotSent):
        client.badges()
    assert len(wix.seen(wire.BADGES_QUERY)) == 1


def test_a_secret_that_is_refused_is_told_though_the_old_token_would_still_do(
    wix: ScriptedWix, connect: Connect
) -> None:
    now = [0.0]
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    wix.expect(wire.TOKEN, token(expires_in=1000), Reply(status=401, body={"error": "x"}))
    client = connect(monotonic=lambda: now[0])
    client.badges()
    now[0] = 810
    with pytest.raises(errors.CredentialsRefused):
        client.badges()


def test_while_one_thread_renews_a_token_the_others_go_on_with_the_old_one(
    wix: ScriptedWix, connect: Connect
) -> None:
    now, renewing, go_on = [0.0], threading.Event(), threading.Event()

    def slow(handler: Handler) -> None:
        renewing.set()
        assert go_on.wait(20)
        handler.answer(token("new"))

    wix.expect(wire.BADGES_QUERY, *[EMPTY_PAGE] * 3)
    wix.expect(wire.TOKEN, token("old", expires_in=1000), Reply(act=slow))
    client = connect(monotonic=lambda: now[0])
    client.badges()
    now[0] = 810
    with ThreadPoolExecutor(1) as pool:
        renews = pool.submit(client.badges)
        assert renewing.wait(20)
        client.badges()
        go_on.set()
        renews.result()
    used = [one.headers["authorization"] for one in wix.seen(wire.BADGES_QUERY)]
    assert used == ["old", "old", "new"]


@pytest.mark.parametrize(
    "body",
    [
        {"access_token": "t\n", "expires_in": 5},
        {"access_token": "t\r\nwix-site-id: x", "expires_in": 5},
        {"access_token": "t t", "expires_in": 5},
        {"access_token": "токен", "expires_in": 5},
        {"access_token": "", "expires_in": 5},
        {"access_token": "t" * 16_001, "expires_in": 5},
        {"access_token": None, "expires_in": 5},
        {"access_token": "t", "expires_in": 0},
        {"access_token": "t", "expires_in": None},
        {"access_token": "t", "expires_in": float("nan")},
        {"access_token": "t", "expires_in": float("inf")},
        {"error": "invalid_client"},
        [],
    ],
)
def test_a_token_that_no_header_can_carry_or_that_has_no_end_is_none(
    wix: ScriptedWix, connect: Connect, body: object
) -> None:
    wix.expect(wire.TOKEN, Reply(body=body))
    with pytest.raises(errors.NotSent):
        connect().create_assignment(BADGE, ADA, fence=never_called)
    assert [one.path for one in wix.requests] == [wire.TOKEN]


@pytest.mark.parametrize(
    "reply",
    [
        bomb(9 * 1024 * 1024),
        Reply(body=b" " * (9 * 1024 * 1024)),
        Reply(status=404, body=b"<html>no such route</html>"),
        Reply(status=400, body={"error": "temporarily_unavailable"}),
        Reply(status=302, headers={"Location": "http://127.0.0.1:9/"}),
    ],
)
def test_trouble_on_the_way_to_a_token_does_not_blame_the_credentials(
    wix: ScriptedWix, connect: Connect, reply: Reply
) -> None:
    wix.expect(wire.TOKEN, reply)
    with pytest.raises(errors.NotSent):
        connect().badges()
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    assert connect().badges() == []


def test_a_request_and_its_token_share_one_deadline(wix: ScriptedWix, connect: Connect) -> None:
    """A request that begins behind a slow token must not take the whole time again."""
    left_to_it: list[float] = []

    def later(handler: Handler) -> None:
        handler.server.stopping.wait(0.2)
        handler.answer(token())

    wix.expect(wire.TOKEN, Reply(act=later))
    wix.expect(wire.ASSIGNMENTS, created())
    client = connect(request_deadline=timedelta(seconds=60))
    client.create_assignment(BADGE, ADA, fence=lambda: left_to_it.append(left()))
    assert 0 < left_to_it[0] <= 59.8


def test_a_401_in_many_threads_costs_one_new_token(wix: ScriptedWix, connect: Connect) -> None:
    together = threading.Barrier(4)

    def all_at_once(handler: Handler) -> None:
        together.wait(20)
        handler.answer(error(401, "UNAUTHENTICATED"))

    wix.expect(wire.TOKEN, token("old"), token("new"))
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE, *[Reply(act=all_at_once)] * 4, *[EMPTY_PAGE] * 4)
    client = connect()
    client.badges()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.badges(), range(4)))
    used = Counter(one.headers["authorization"] for one in wix.seen(wire.BADGES_QUERY))
    assert used == {"old": 5, "new": 4}
    assert len(wix.seen(wire.TOKEN)) == 2


def test_a_token_that_was_refused_while_its_renewal_failed_is_not_taken_up_again() -> None:
    now = [0.0]
    held: list[dict[str, str]] = []

    def answer(call: Call) -> Answer:
        if not held:
            return Answer(status=200, headers={}, body=json.dumps(token().body).encode())
        # Another thread's request with the token is answered 401 just now.
        identity.refused(held[0], errors.TokenRefused("401"))
        raise errors.Ambiguous(f"no answer to {call.form}")

    identity = AppIdentity(APP, answer, monotonic=lambda: now[0])
    held.append(dict(identity.headers()))
    now[0] = 0.9 * 14_400
    with pytest.raises(errors.NotSent):
        identity.headers()
