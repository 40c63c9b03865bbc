"""A record that cannot be understood spoils nothing else, and a person sees it and acts on it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from command_desk import INSTANCE, Desk, LiveWix, orders_of

from badgejobs.core.source import Track
from badgejobs.core.watermark import Watermark
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.faults.scripted import Fault
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.stamps import stamp
from badgejobs.store import open_store
from badgejobs.wix import wire

pytest_plugins = ["cli_fixtures"]


def sell(live_wix: LiveWix, number: int, **fields: Any) -> tuple[list[str], datetime]:
    """One member's paid orders, ten milliseconds between two, the first with ``fields``.

    Returns their ids, and when the last was changed.
    """
    site, now = live_wix.world.sites[INSTANCE], live_wix.world.clock()
    live_wix.buys(1, 0)
    orders = orders_of(1, number)
    first, step = datetime.now(UTC).replace(microsecond=0), timedelta(milliseconds=10)
    for place, order in enumerate(orders):
        at = stamp(first + place * step)
        dates = dict.fromkeys(("createdDate", "updatedDate", "purchasedDate"), at)
        body = order | dates | (fields if place == 0 else {})
        site.orders.put(Record(body, site.orders.fields), now)
    return [order["id"] for order in orders], first + (number - 1) * step


def told(desk: Desk, *arguments: str, code: int = 0) -> dict[str, Any]:
    ended = desk.run(*arguments, "--json")
    assert ended.code == code, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


@pytest.mark.slow
def test_of_100_orders_one_is_set_aside_and_counts_once_it_is_understood(
    desk: Desk, live_wix: LiveWix
) -> None:
    assert desk.run("sync", "shop").code == 0
    (poisoned, *_), newest = sell(live_wix, 100)
    live_wix.world.faults.add([Fault(path=wire.ORDERS_SEARCH, kind=FaultKind.UNKNOWN_ENUM)])

    synced = desk.run("sync", "shop")

    assert synced.code == 0, synced.err
    assert "1 records could not be understood" in synced.err
    store = open_store(f"sqlite:///{desk.folder}/state/badgejobs.db")
    with store.read() as tx:
        assert tx.activities.number("shop", "orders") == 99
        [live] = [one for one in tx.scans.overview("shop")
                  if (one.source, one.track) == ("orders", Track.LIVE)]  # fmt: skip
    store.dispose()
    assert isinstance(live.place, Watermark)
    assert live.place.reached
    # Wix tells its time in whole seconds, and no place is beyond it
    assert newest.replace(microsecond=0) <= live.place.reached <= newest
    line = "1 record of orders could not be understood; `badgejobs quarantine list shop` says why"
    assert line in desk.run("status", "shop").out.splitlines()
    assert told(desk, "status")["quarantine"] == [{"site": "shop", "source": "orders", "number": 1}]
    [record] = told(desk, "quarantine", "list", "shop")["records"]
    assert (record["source"], record["activity_id"]) == ("orders", poisoned)
    assert record["reason"].startswith("status: ")
    assert f"orders/{poisoned}" in desk.run("quarantine", "list").out

    retried = told(desk, "quarantine", "retry", "shop")

    assert (retried["asked"], retried["understood"], retried["error"]) == (1, 1, None)
    assert told(desk, "status")["quarantine"] == []
    assert desk.run("quarantine", "list").out.strip() == "every record was understood"
    [run] = told(desk, "runs", "--source", "quarantine")["runs"]
    assert (run["started_by"], run["numbers"]["calls"], run["numbers"]["new"]) == ("cli", 1, 1)


@pytest.mark.slow
def test_what_is_dropped_is_neither_shown_nor_asked_for(desk: Desk, live_wix: LiveWix) -> None:
    (poisoned, _), _ = sell(live_wix, 2, paymentStatus="HALF_PAID")
    assert desk.run("sync", "shop").code == 0
    name = f"orders/{poisoned}"

    looked = told(desk, "quarantine", "drop", "shop", name)
    assert (looked["named"], looked["dropped"]) == (1, 0)
    assert len(told(desk, "quarantine", "list")["records"]) == 1
    assert told(desk, "quarantine", "drop", "shop", name, "--yes")["dropped"] == 1

    assert told(desk, "status")["quarantine"] == []
    assert told(desk, "quarantine", "list")["records"] == []
    assert "dropped" in desk.run("quarantine", "list", "--dropped").out
    assert told(desk, "quarantine", "retry", "shop")["asked"] == 0
    # by its name it is asked for, and stays where it is
    assert told(desk, "quarantine", "retry", "shop", name)["quarantined"] == 1
    assert told(desk, "quarantine", "list")["records"] == []


@pytest.mark.slow
def test_what_has_no_id_waits_for_the_next_full_reading_and_that_is_said(
    desk: Desk, live_wix: LiveWix
) -> None:
    sell(live_wix, 3)
    live_wix.world.faults.add([Fault(path=wire.ORDERS_SEARCH, kind=FaultKind.BROKEN_RECORD)])
    assert desk.run("sync", "shop").code == 0

    ended = desk.run("quarantine", "retry", "shop")

    assert ended.code == 0, ended.err
    assert "0 of 0 records understood" in ended.out
    assert "1 record of orders cannot be asked for alone" in ended.err


@pytest.mark.parametrize("command", [["retry"], ["drop", "--yes"]])
@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("c2b7a6d4", "write SOURCE/ID"),
        ("orders/c2b7a6d4", "orders/c2b7a6d4 is not in quarantine; `badgejobs quarantine list"),
    ],
)
def test_a_record_that_is_not_there_is_a_clear_error(
    lonely_desk: Desk, command: list[str], record: str, words: str
) -> None:
    first, *options = command
    ended = lonely_desk.run("quarantine", first, "shop", record, *options)
    assert ended.code == 4
    assert words in ended.err
