"""`badgejobs bench backfill`: calls, memory and what a kill costs; how fast is printed only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from databases import migrate
from typer.testing import CliRunner

from badgejobs.cli import application
from badgejobs.cli.scanbench.databases import unused
from badgejobs.cli.scanbench.serving import SITE
from badgejobs.errors import StateError
from badgejobs.store import open_store

ORDERS, KILLS = 8_000, 2


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_first_reading_that_is_killed_goes_on_with_the_page_it_was_at_and_stays_small() -> None:
    line = ["bench", "backfill", "--orders", str(ORDERS), "--kill", "--kills", str(KILLS)]

    ended = CliRunner().invoke(
        application("bench"), [*line, "--seed", "7", "--json"], catch_exceptions=False
    )

    told = json.loads(ended.stdout)
    calls = told["calls"]["by_path"]
    assert told["stored"] == ORDERS
    assert len(told["killed_at_page"]) == KILLS
    assert 0 <= told["pages_read_again"] <= KILLS
    # one a page, and those that kills cost
    assert calls.pop("/ecom/v1/orders/search") <= ORDERS // 100 + KILLS
    assert calls.pop("/oauth2/token") <= 1 + KILLS
    assert calls == {}
    assert told["database_megabytes"] > ORDERS / 10_000
    assert told["peak_megabytes"] < 250
    assert told["sandbox_peak_megabytes"] < 150


def test_a_database_that_was_measured_before_is_refused_and_an_empty_one_is_made_ready(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    migrate(url)
    with unused(url) as store, store.begin() as tx:
        tx.bindings.bind_site(SITE, "a sandbox")

    with pytest.raises(StateError, match="measured before: name an empty one"), unused(url):
        raise AssertionError("it was taken")

    fresh = f"sqlite:///{tmp_path}/b.db"
    with unused(fresh):
        open_store(fresh).check_schema()
