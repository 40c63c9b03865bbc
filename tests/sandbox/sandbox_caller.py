"""A sandbox on a free port with a hand-moved clock, and a plain caller for it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from badgejobs.sandbox.server import running
from badgejobs.sandbox.world import World

BLOG = "14bcded7-0066-7c35-14d7-466cb3f09103"
KEY = "IST.key"


def guid(family: int, number: int) -> str:
    return f"{family:08x}-0000-4000-8000-{number:012x}"


def site(number: int, **more: Any) -> dict[str, Any]:
    return {
        "siteId": guid(0xA1, number),
        "instanceId": guid(0xA2, number),
        "appId": guid(0xA0, 1),
        "appSecret": "secret-of-the-app",
        "apiKey": KEY,
    } | more


ONE, OTHER = site(1), site(2)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Reply:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def violation(self) -> dict[str, str]:
        assert self.status == 400, self
        found: dict[str, str] = self.body["details"]["validationError"]["fieldViolations"][0]
        return found

    @property
    def code(self) -> str:
        return str(self.body["details"]["applicationError"]["code"])


class Caller:
    """Sends one request after another over one connection."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.address, self.clock = url.removeprefix("http://"), clock
        self.headers: dict[str, str] = {}
        self._connection = http.client.HTTPConnection(self.address, timeout=30)

    def send(self, method: str, path: str, raw: bytes | None = None) -> Reply:
        self._connection.request(method, path, raw, self.headers)
        answer = self._connection.getresponse()
        text = answer.read()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, json.loads(text), headers)

    def call(self, method: str, path: str, body: Any = None) -> Reply:
        return self.send(method, path, None if body is None else json.dumps(body).encode())

    def good(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.call(method, path, body)
        assert reply.status == 200, reply
        return reply.body

    def post(self, path: str, body: Any) -> Any:
        return self.good("POST", path, body)

    def reset(self, *sites: dict[str, Any], **options: Any) -> None:
        self.post("/_sandbox/reset", {"sites": list(sites), "options": options})

    def token(self, where: dict[str, Any]) -> str:
        return str(self.post("/oauth2/token", token_request(where))["access_token"])

    def log_in(self, where: dict[str, Any]) -> None:
        self.headers["Authorization"] = self.token(where)

    def store(self, kind: str, *records: dict[str, Any]) -> None:
        self.post(f"/_sandbox/{kind}", {"instanceId": ONE["instanceId"], kind: list(records)})

    def turn(self, **switches: Any) -> None:
        assert self.post("/_sandbox/switches", switches) == {}

    def state(self) -> Any:
        return self.good("GET", f"/_sandbox/state?instanceId={ONE['instanceId']}")

    def badge(self, title: str = "Loyal Buyer") -> str:
        badge = {"title": title, "backgroundColor": "#1B4D3E", "textColor": "#FFFFFF"}
        return str(self.post("/badges/v4/badges", {"badge": badge})["badge"]["id"])

    def close(self) -> None:
        self._connection.close()


def token_request(where: dict[str, Any], **change: Any) -> dict[str, Any]:
    return {
        "grant_type": "client_credentials",
        "client_id": where["appId"],
        "client_secret": where["appSecret"],
        "instance_id": where["instanceId"],
    } | change


@contextmanager
def sandbox(*, members: int = 0, **options: Any) -> Iterator[Caller]:
    """Two sites, no lag and no rate limit unless asked for; the caller has a token of ONE."""
    clock = Clock()
    with running(World(clock=clock)) as url:
        caller = Caller(url, clock)
        try:
            caller.reset(ONE, OTHER, **{"queryLagSeconds": 0, "rateLimitRequests": 0} | options)
            caller.log_in(ONE)
            caller.store("members", *(member(number) for number in range(members)))
            yield caller
        finally:
            caller.close()


def member(number: int) -> dict[str, Any]:
    return {
        "id": guid(0xB1, number),
        "contactId": guid(0xB4, number),
        "loginEmail": f"m{number}@example.com",
        "status": "APPROVED",
        "profile": {"nickname": f"M{number}"},
    }


def order(number: int, /, **more: Any) -> dict[str, Any]:
    return {
        "id": guid(0xB2, number),
        "number": str(number),
        "createdDate": f"2026-01-03T00:{number % 60:02d}:00.000Z",
        "updatedDate": f"2026-01-04T00:{number % 60:02d}:00.000Z",
        "status": "APPROVED",
        "paymentStatus": "PAID",
    } | more


def comment(number: int, /, **more: Any) -> dict[str, Any]:
    return {
        "id": guid(0xB3, number),
        "appId": BLOG,
        "contextId": "post",
        "resourceId": "post",
        "createdDate": f"2026-01-05T00:{number % 60:02d}:00.000Z",
        "author": {"memberId": guid(0xB1, 0)},
        "content": {"richContent": {}},
        "status": "PUBLISHED",
    } | more
