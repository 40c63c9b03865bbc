from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sandbox_caller import BLOG, ONE, Caller, comment, guid, sandbox

from badgejobs.sandbox import switches

SWITCHES = "/_sandbox/switches"
BADGES = "/badges/v4/badges"
QUERY = "/badges/v4/badges/query"
CREATE = "/badges/v4/assignments"
DOCS = "/v4/badge-assignments"
COUNT = "/comments/v1/comments/count"
INFO = "/oauth2/token-info"


def badge(title: str = "Loyal Buyer") -> dict[str, Any]:
    return {"badge": {"title": title, "backgroundColor": "#000000", "textColor": "#ffffff"}}


def positions(wix: Caller) -> dict[str, Any]:
    shown = wix.good("GET", SWITCHES)["switches"]
    return {name: switch["position"] for name, switch in shown.items()}


def test_every_switch_is_shown_with_its_positions_and_its_meaning() -> None:
    with sandbox() as wix:
        shown = wix.good("GET", SWITCHES)["switches"]
        assert shown.keys() == {*switches.KNOWN, "duplicateMode"}
        assert shown["badCredentialsStatus"]["positions"] == [400, 401]
        assert shown["unknownOnCreate"]["positions"] == [404, 400, "accept"]
        assert shown["countLimit"]["positions"] == [None, "a whole number, 0 or more"]
        for name, switch in shown.items():
            assert switch["position"] == switch["default"], name
            assert len(switch["meaning"]) > 20, name


def test_switches_turn_only_what_is_named_and_reset_puts_them_back() -> None:
    with sandbox() as wix:
        before = positions(wix)
        wix.turn(assignmentPaths="docs", countLimit=0)
        wix.turn(countLimit=7)
        assert positions(wix) == before | {"assignmentPaths": "docs", "countLimit": 7}
        wix.turn()
        wix.turn(countLimit=None)
        assert positions(wix) == before | {"assignmentPaths": "docs"}
        wix.reset(ONE)
        assert positions(wix) == before


def test_the_mode_of_duplicates_is_shown_and_stays_an_option_of_reset() -> None:
    with sandbox(duplicateMode="second-row") as wix:
        assert positions(wix)["duplicateMode"] == "second-row"
        assert wix.call("POST", SWITCHES, {"duplicateMode": "conflict"}).status == 400
        assert positions(wix)["duplicateMode"] == "second-row"
        wrong = {"sites": [], "options": {"badCredentialsStatus": 401}}
        assert wix.call("POST", "/_sandbox/reset", wrong).status == 400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"badCredentialStatus": 401}, "is no switch; there are assignmentPaths, "),
        ({"badCredentialsStatus": 403}, "must be one of 400, 401"),
        ({"badCredentialsStatus": "401"}, "must be one of 400, 401"),
        ({"badCredentialsStatus": 401.0}, "must be one of 400, 401"),
        ({"assignmentPaths": "SDK"}, "must be one of sdk, both, docs"),
        ({"assignmentPaths": ["sdk"]}, "must be one of sdk, both, docs"),
        ({"unknownOnCreate": None}, "must be one of 404, 400, accept"),
        ({"countLimit": -1}, "must be one of null, a whole number, 0 or more"),
        ({"countLimit": True}, "must be one of null, a whole number"),
        ({"countLimit": 1.5}, "must be one of null, a whole number"),
        ({"consistentHeader": True}, "must be one of off, on"),
    ],
)
def test_a_wrong_switch_is_refused_with_the_choice_and_turns_none(
    change: dict[str, Any], words: str
) -> None:
    with sandbox() as wix:
        before = positions(wix)
        both = {"commentsDefaultLimit": 100} | change | {"slugCollisions": "suffix"}
        refused = wix.call("POST", SWITCHES, both).violation
        assert refused["field"] == next(iter(change))
        assert words in refused["description"]
        assert positions(wix) == before
        no_object: list[Any] = [None, [], "on"]
        for body in no_object:
            assert wix.call("POST", SWITCHES, body).status == 400


def test_every_position_that_is_no_default_is_turned_to_by_a_test_beside() -> None:
    """Held against the text of the tests, where a loop names its position ``=status`` or so."""
    files = sorted(Path(__file__).parent.glob("test_sandbox_switched_*.py"))
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    for name, switch in switches.KNOWN.items():
        for position in switch.positions or (None, 3):
            if position != switch.default or position is None:
                turned = rf"\b{name}=(?:{re.escape(repr(position))}|[a-z]+)(?!\w)"
                assert re.search(turned.replace("'", '"'), text), (name, position)


def test_no_answer_of_the_api_names_a_switch() -> None:
    """With every switch away from its default, all refusals that they make are looked at."""
    with sandbox(members=1, rateLimitRequests=40) as wix:
        wix.badge("Taken")
        wix.store("comments", comment(1))
        wix.turn(
            **{
                name: switch.positions[-1] if switch.positions else 0
                for name, switch in switches.KNOWN.items()
            },
        )
        wix.turn(cursorWithFilter="refuse", assignmentPaths="docs", unknownOnCreate=400)
        paging = {"cursorPaging": {"cursor": "x"}}
        pair = {"badgeId": guid(0, 1), "memberId": guid(0, 1)}
        requests: list[tuple[str, str, Any]] = [
            ("POST", "/oauth2/token", {}),
            ("POST", INFO, {"token": "x"}),
            ("POST", CREATE, {}),
            ("POST", f"{BADGES}/order", {}),
            ("POST", QUERY, {"query": paging | {"filter": {"title": "x"}}}),
            ("POST", QUERY, {"query": {"filter": {"title": {"$hasAll": []}}}}),
            ("POST", BADGES, badge("Taken")),
            ("POST", BADGES, badge("Free")),
            ("PATCH", f"{BADGES}/{guid(0, 1)}", {"badge": {"revision": "9"}}),
            ("POST", DOCS, {"badgeAssignment": pair}),
            ("POST", "/v4/bulk/badge-assignments/create", {"badgeAssignments": [pair]}),
            ("POST", COUNT, {"appId": BLOG}),
            ("GET", "/ecom/v1/payments/orders/x", None),
        ]
        replies = [wix.call(*request) for request in requests]
        while (last := wix.call("POST", QUERY, {})).status != 429:
            pass
        replies.append(last)
        seen = json.dumps([(reply.body, list(reply.headers)) for reply in replies]).lower()
        assert [reply.status for reply in replies][:4] == [401, 200, 404, 404]
        for name, switch in switches.KNOWN.items():
            if name != "undetailedFailures":  # Wix's own name of a field
                assert name.lower() not in seen
            assert switch.attribute not in seen
        assert "switch" not in seen
        assert "sandbox" not in seen
