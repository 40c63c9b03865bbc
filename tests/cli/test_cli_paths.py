from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from command_desk import Desk, Ended, LiveWix

from badgejobs.wix import wire

pytest_plugins = ["cli_fixtures"]

DOCS = {"BADGEJOBS_WIX_ASSIGNMENT_PATHS": "docs"}
MANAGE = f"shop: {wire.SCOPE_MANAGE_BADGES}"


def told(ended: Ended) -> dict[str, dict[str, Any]]:
    return {one["check"]: one for one in json.loads(ended.out)["checks"]}


def admin(live_wix: LiveWix, call: str, body: object) -> None:
    urllib.request.urlopen(  # noqa: S310 - the sandbox of this test
        f"{live_wix.url}/_sandbox/{call}", data=json.dumps(body).encode(), timeout=20
    ).close()


def test_doctor_says_which_path_answers(desk: Desk, live_wix: LiveWix) -> None:
    found = told(desk.run("doctor", "--json"))["shop: assignments"]
    assert (found["ok"], found["finding"]) == (True, "can be read at /badges/v4/assignments")
    admin(live_wix, "switches", {"assignmentPaths": "both"})
    found = told(desk.run("doctor", "--json"))["shop: assignments"]
    assert found["ok"]
    assert found["finding"].endswith(", and at /v4/badge-assignments as well")


@pytest.mark.slow
def test_doctor_finds_the_other_spelling_and_its_cure_cures(desk: Desk, live_wix: LiveWix) -> None:
    admin(live_wix, "switches", {"assignmentPaths": "docs"})
    live_wix.buys(1, times=1)
    ended = desk.run("doctor", "--json")
    assert ended.code == 1
    [wrong] = [one for one in told(ended).values() if not one["ok"]]
    assert wrong["check"] == "shop: assignments"
    assert wrong["finding"] == (
        "Wix does not know /badges/v4/assignments, and answers at /v4/badge-assignments"
    )
    assert wrong["cure"] == (
        'set wix_assignment_paths = "docs" (BADGEJOBS_WIX_ASSIGNMENT_PATHS=docs)'
    )
    assert desk.run("sync", "shop").code != 0, "as it is, nothing can be given"
    assert live_wix.given() == 0

    healthy = desk.run("doctor", "--json", **DOCS)
    assert healthy.code == 0, healthy.out
    assert told(healthy)["shop: assignments"]["finding"] == "can be read at /v4/badge-assignments"
    assert told(healthy)[MANAGE]["ok"]
    synced = desk.run("sync", "shop", "--json", **DOCS)
    assert synced.code == 0, synced.err
    assert live_wix.given() == 1
    assert wire.ASSIGNMENTS_QUERY in synced.out, "counted by the SDK's spelling"


def test_doctor_finds_a_setting_that_is_wrong_for_this_wix(desk: Desk) -> None:
    ended = desk.run("doctor", "--json", **DOCS)
    found = told(ended)["shop: assignments"]
    assert (ended.code, found["ok"]) == (1, False)
    assert 'wix_assignment_paths = "sdk"' in found["cure"]


@pytest.mark.parametrize(
    ("status", "finding"),
    [
        (404, "Wix knows neither /badges/v4/assignments nor /v4/badge-assignments"),
        (503, "POST /badges/v4/assignments/query answered 503"),
    ],
)
def test_doctor_says_so_when_neither_spelling_answers(
    desk: Desk, live_wix: LiveWix, status: int, finding: str
) -> None:
    fault = {"kind": "status", "status": status, "count": 9}
    paths = ("/badges/v4/assignments/query", "/v4/badge-assignments/query")
    admin(live_wix, "faults", {"faults": [fault | {"path": path} for path in paths]})
    ended = desk.run("doctor", "--json")
    found = told(ended)
    assert (ended.code, found["shop: assignments"]["ok"]) == (1, False)
    assert finding in found["shop: assignments"]["finding"]
    assert found["shop: assignments"]["cure"]
    assert MANAGE not in found, "it stands on a path that does not answer"


def test_config_show_tells_the_spelling_and_where_it_is_from(lonely_desk: Desk) -> None:
    shown = json.loads(lonely_desk.run("config", "show", "--json").out)
    assert shown["wix_assignment_paths"] == {"value": "sdk", "origin": "default"}
