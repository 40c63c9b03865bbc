"""Several processes on one site at once, as when an operator and workers come together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from jobs_stage import NORTH, LiveShops
from jobs_yard import PATIENCE_SECONDS, Yard

from badgejobs.wix import wire

pytest_plugins = ["jobs_fixtures"]

MEMBERS = 40
PROCESSES = 4


@pytest.fixture
def yard(shops: LiveShops, tmp_path: Path) -> Iterator[Yard]:
    with ExitStack() as undo:
        yield Yard(tmp_path, shops.url, undo)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_four_processes_on_one_site_send_one_create_for_each_award(
    yard: Yard, shops: LiveShops
) -> None:
    yard.command("migrate")
    yard.command("sync", NORTH)  # the badges are there
    for member in range(1, MEMBERS + 1):
        shops.buys(member, 3)
    yard.command("scan", NORTH, "--foreground")

    started = [yard.start("badgejobs", "assign", NORTH, "--foreground") for _ in range(PROCESSES)]
    codes = {one.process.wait(4 * PATIENCE_SECONDS) for one in started}

    assert codes <= {0, 3}, started[0].said()  # 3: another one has them in hand
    given = shops.given()
    assert len(given) == len(set(given)) == 2 * MEMBERS
    asked = [
        (one["memberId"], one["badgeId"])
        for entry in shops.world.journal.entries
        if entry.path in (wire.ASSIGNMENTS, wire.ASSIGNMENTS_BULK_CREATE)
        for one in entry.body.get("badgeAssignments") or [entry.body.get("badgeAssignment")]
    ]
    assert len(asked) == len(set(asked)) == 2 * MEMBERS
