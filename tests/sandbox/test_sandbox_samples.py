"""The sandbox against exchanges that were written down from Wix's documentation.

The request of each sample, sent to a sandbox in which what it is about exists, must be answered
with the same status and a body of the same shape: the same keys and the same types all the way
down. Values that the server makes differ: ids, stamps, revisions, cursors, texts of errors.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from badgejobs.sandbox.server import running
from badgejobs.sandbox.world import World
from badgejobs.wix import wire

FOLDER: Final = Path(__file__).parents[1] / "wix" / "samples"
NAMES: Final = sorted(path.stem for path in FOLDER.glob("*.json"))

APP: Final = "4e1b7d20-93c5-4a6f-8b12-70d9e5c3a101"
SECRET: Final = "made-up-app-secret"
INSTANCE: Final = "8a30c6f4-1d7e-4b95-a2c8-6f5e4d3c2b02"
SITE: Final = "d5f2e8b1-6a94-4c03-9e7d-1b2a3c4d5e03"
#: Ids of the samples that a sandbox makes itself.
LOYAL: Final = "e07b3c58-49d1-4f6a-8c25-9a1b0c2d3e21"
FIRST: Final = "e07b3c58-49d1-4f6a-8c25-9a1b0c2d3e22"
ANAS: Final = "b8d4f1a6-70c2-4e39-95b7-3c2d1e0f9a31"
SCOPES: Final = (
    wire.SCOPE_READ_BADGES,
    wire.SCOPE_MANAGE_BADGES,
    wire.SCOPE_READ_ORDERS,
    wire.SCOPE_READ_COMMENTS,
    wire.SCOPE_READ_MEMBERS,
    wire.SCOPE_READ_CATALOG_VERSION,
    wire.SCOPE_READ_PRODUCTS,
    wire.SCOPE_READ_PRODUCTS_V3,
    wire.SCOPE_READ_CATEGORIES,
    wire.SCOPE_READ_BLOG,
    wire.SCOPE_READ_REVIEWS,
)
#: How many API requests it takes to set the world up.
_SETTING_UP: Final = 3


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


@dataclass
class Wix:
    """A sandbox in which what the samples are about exists; by what ids, it says itself."""

    address: str
    token: str = ""
    #: From what stands in samples to what stands here.
    names: dict[str, str] = field(default_factory=dict)

    def ask(self, request: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        """Send a sample's request, with the ids that things have here."""
        told = json.dumps(request)
        for there, here in self.names.items():
            told = told.replace(there, here)
        asked = json.loads(told)
        query = f"?{urlencode(asked['query'])}" if asked["query"] else ""
        with closing(http.client.HTTPConnection(self.address, timeout=30)) as wire_to:
            body = None if asked["body"] is None else json.dumps(asked["body"])
            headers = {"Authorization": self.token} if self.token else {}
            wire_to.request(asked["method"], asked["path"] + query, body, headers)
            answer = wire_to.getresponse()
            text = answer.read()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, json.loads(text)

    def post(self, path: str, body: object) -> Any:
        status, _, answer = self.ask({"method": "POST", "path": path, "query": {}, "body": body})
        assert status == 200, answer
        return answer

    def store(self, kind: str, *records: dict[str, Any]) -> None:
        self.post(f"/_sandbox/{kind}", {"instanceId": INSTANCE, kind: list(records)})


@contextmanager
def world(**change: Any) -> Iterator[Wix]:
    """The world of the samples; ``change`` is of the site or of the options of a reset."""
    site = {"siteId": SITE, "instanceId": INSTANCE, "appId": APP, "appSecret": SECRET}
    options = {"queryLagSeconds": 0, "rateLimitRequests": 0}
    options |= {name: change[name] for name in options if name in change}
    scopes = change.get("scopes", SCOPES)
    with running(World()) as url:
        wix = Wix(url.removeprefix("http://"))
        reset = {"sites": [site | {"scopes": list(scopes)}], "options": options}
        wix.post("/_sandbox/reset", reset)
        request = sample("token")["request"]
        wix.token = wix.post(request["path"], request["body"])["access_token"]
        if change.get("settled", True):
            settle(wix)
        yield wix


def settle(wix: Wix) -> None:
    """Let everything exist that the samples speak of."""
    wide = sample("member-get")["response"]["body"]["member"]
    other = sample("members-query")["response"]["body"]["members"][1]
    wix.store("members", wide, wide | {"id": other["id"], "profile": other["profile"]})
    first, second = sample("orders-search")["response"]["body"]["orders"]
    more = [second | {"id": f"{second['id'][:-3]}{number:03}"} for number in range(100, 201)]
    wix.store("orders", first, *more)
    transactions = sample("order-payments")["response"]["body"]["orderTransactions"]
    wix.store("payments", {"id": first["id"]} | transactions)
    wix.store("comments", *sample("comments-query")["response"]["body"]["comments"])
    for kind in ("products", "collections", "posts", "reviews"):
        wix.store(kind, *sample(f"{kind}-query")["response"]["body"][kind])
    badges = sample("badges-query")["response"]["body"]["badges"]
    for badge in badges:
        given = {name: badge[name] for name in ("title", "description")}
        given |= {name: badge[name] for name in ("backgroundColor", "textColor")}
        made = wix.post(wire.BADGES, {"badge": given})["badge"]
        wix.names[badge["id"]] = made["id"]
    [standing] = sample("assignments-query")["response"]["body"]["badgeAssignments"]
    pair = {"badgeId": standing["badgeId"], "memberId": standing["memberId"]}
    made = wix.post(wire.ASSIGNMENTS, {"badgeAssignment": pair})["badgeAssignment"]
    wix.names[standing["id"]] = made["id"]


def shape(value: Any) -> Any:
    """What is left of JSON without its values; of a list, what its items look like."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in sorted(value.items())}
    if isinstance(value, list):
        return sorted({json.dumps(shape(one)) for one in value})
    return "number" if type(value) in {int, float} else type(value).__name__


#: What has to be otherwise than in the common world for some samples to come about.
SPECIAL: Final[dict[str, dict[str, Any]]] = {
    "error-permission": {"scopes": [wire.SCOPE_READ_BADGES], "settled": False},
    "error-rate-limit": {"rateLimitRequests": _SETTING_UP},
}


#: Samples of Catalog V3: the key of their records, and as what these are stored.
V3: Final = {
    "products-query-v3": ("products", "products"),
    "categories-query": ("categories", "collections"),
}


def prepared(wix: Wix, name: str) -> None:
    """Bring about what only this sample needs."""
    if name == "orders-search-next":
        page = wix.post(**_sent(sample("orders-search")))
        wix.names["bWFkZS11cC0x"] = page["metadata"]["cursors"]["next"]
    if name in V3:
        wix.post("/_sandbox/site", {"instanceId": INSTANCE, "catalogVersion": "V3_CATALOG"})
        kind, stored = V3[name]
        wix.store(stored, *sample(name)["response"]["body"][kind])
    if name == "token-info":
        wix.names["OauthNG.JWS.made-up.access-token"] = wix.token
    if name == "error-unauthenticated":
        wix.token = "no token that was ever given out"
    if name == "error-unavailable":
        path = sample(name)["request"]["path"]
        fault = {"path": path, "kind": "status", "status": 503}
        wix.post("/_sandbox/faults", {"faults": [fault]})


def _sent(of: dict[str, Any]) -> dict[str, Any]:
    return {"path": of["request"]["path"], "body": of["request"]["body"]}


@pytest.mark.parametrize(
    "name",
    NAMES,
)
def test_the_sandbox_answers_each_sample_in_its_shape(name: str) -> None:
    of = sample(name)
    with world(**SPECIAL.get(name, {})) as wix:
        prepared(wix, name)
        status, headers, body = wix.ask(of["request"])
    assert (status, shape(body)) == (of["response"]["status"], shape(of["response"]["body"]))
    assert headers["content-type"].split(";")[0] == "application/json"
    assert re.fullmatch(r"\d{10}\.\d+", headers["x-wix-request-id"])


def test_a_shape_holds_keys_and_types_and_nothing_else() -> None:
    one = {"a": [{"b": 1, "c": None}, {"b": 2, "c": None}], "d": True, "e": "x"}
    assert shape(one) == shape({"e": "y", "d": False, "a": [{"c": None, "b": 1.5}]})
    for other in (
        one | {"d": 1},
        one | {"e": None},
        one | {"f": 1},
        one | {"a": []},
        one | {"a": [{"b": 1}]},
        one | {"a": [*one["a"], {"b": "1", "c": None}]},  # type: ignore[misc]
    ):
        assert shape(one) != shape(other)
