"""What is done to one site of several alone, and how the sandbox counts a site's requests."""

from __future__ import annotations

from typing import Any

from sandbox_caller import ONE, OTHER, Caller, sandbox, token_request

SEARCH = "/ecom/v1/orders/search"


def most(wix: Caller, where: dict[str, Any]) -> int:
    found = wix.good("GET", f"/_sandbox/stats?instanceId={where['instanceId']}")
    return int(found["mostInWindow"])


def test_a_fault_with_an_instance_hits_that_site_alone_and_its_request_for_a_token() -> None:
    with sandbox() as wix:
        fault = {"path": "*", "kind": "status", "status": 429, "forever": True}
        wix.post("/_sandbox/faults", {"faults": [fault | {"instanceId": ONE["instanceId"]}]})

        assert wix.call("POST", SEARCH, {}).status == 429
        assert wix.call("POST", "/oauth2/token", token_request(ONE)).status == 429
        wix.log_in(OTHER)
        assert wix.call("POST", SEARCH, {}).status == 200


def test_an_instance_that_is_no_guid_is_refused_by_its_name() -> None:
    with sandbox() as wix:
        fault = {"path": "*", "kind": "status", "instanceId": "shop"}
        reply = wix.call("POST", "/_sandbox/faults", {"faults": [fault]})

        assert reply.violation["field"] == "faults[0].instanceId"


def test_the_most_requests_in_a_window_count_refused_ones_and_forget_older_ones() -> None:
    with sandbox(rateLimitRequests=3, rateLimitWindowSeconds=60) as wix:
        for _ in range(5):
            wix.call("POST", SEARCH, {})
        assert (most(wix, ONE), most(wix, OTHER)) == (5, 0)

        wix.clock.seconds += 60
        for _ in range(2):
            wix.call("POST", SEARCH, {})
        assert most(wix, ONE) == 5


def test_made_up_orders_can_be_laid_under_one_site_alone() -> None:
    with sandbox() as wix:
        wix.post("/_sandbox/seed", {"instanceId": ONE["instanceId"], "seed": "orders:30"})

        by_change = {"sort": [{"fieldName": "updatedDate", "order": "ASC"}]}
        assert len(wix.post(SEARCH, {"search": by_change})["orders"]) > 20
        wix.log_in(OTHER)
        assert not wix.post(SEARCH, {})["orders"]
        reply = wix.call(
            "POST", "/_sandbox/seed", {"instanceId": ONE["instanceId"], "seed": "real"}
        )
        assert reply.violation["field"] == "seed"
