"""`badgejobs bench delta`: how many statements a scan takes; how long is printed only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from databases import Postgres, migrate
from typer.testing import CliRunner

from badgejobs.cli import application
from badgejobs.cli.scanbench.delta import NEW, SOURCE, histories
from badgejobs.cli.scanbench.serving import SITE
from badgejobs.errors import SettingsError, StateError

pytestmark = pytest.mark.slow

SMALL, LARGE = 1_000, 20_000


@contextmanager
def two_databases(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[list[str]]:
    if kind == "sqlite":
        urls = [f"sqlite:///{folder}/{name}.db" for name in "ab"]
        for url in urls:
            migrate(url)
        yield urls
        return
    server: Postgres = request.getfixturevalue("postgres")
    urls = [server.create(empty=False) for _ in range(2)]
    yield urls
    for url in urls:
        server.drop(url)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_scan_of_new_orders_sends_as_many_statements_whatever_is_stored_already(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    with two_databases(request, kind, tmp_path) as urls:
        sizes = dict(zip([(kind, SMALL), (kind, LARGE)], urls, strict=True))
        with histories(sizes, seed=7, buyers=20) as both:
            for cost, history in both:
                history.round(cost)
                with history.store.read() as tx:  # the new ones are forgotten again
                    assert tx.activities.number(SITE, SOURCE) == cost.stored
                    members = tx.activities.members_after(SITE, "", LARGE)
                    assert len(members) == cost.stored // 50
                    assert len(tx.awards.of_members(SITE, members)) >= 3 * len(members)

    few, many = (cost for cost, _ in both)
    assert few.statements == many.statements
    pages = NEW // 100
    assert pages < few.sent < 30 * pages


@pytest.mark.slow
def test_it_prints_both_databases_with_their_ratios_in_one_json_object() -> None:
    line = ["bench", "delta", "--stored", "1000,2000", "--rounds", "1", "--json"]

    ended = CliRunner().invoke(application("bench"), line, catch_exceptions=False)

    told = json.loads(ended.stdout)
    assert [(one["database"], one["stored"]) for one in told["figures"]] == [
        ("sqlite", 1000),
        ("sqlite", 2000),
        ("postgresql", 1000),
        ("postgresql", 2000),
    ]
    for one in told["figures"]:
        assert 0 < one["milliseconds"]["least"] <= one["milliseconds"]["most"]
    firsts = [one for one in told["figures"] if one["stored"] == 1000]
    assert all(one["ratio_of_time"] == one["ratio_of_statements"] == 1 for one in firsts)


@pytest.mark.parametrize("wrong", ["", "many", "0", "10,-5"])
def test_sizes_that_are_none_are_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(SettingsError, match="--stored is a list of numbers such as 10000,100000"):
        CliRunner().invoke(
            application("bench"), ["bench", "delta", "--stored", wrong], catch_exceptions=False
        )


def test_a_size_that_cannot_be_made_is_refused_with_one_that_can(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    migrate(url)
    with (
        pytest.raises(StateError, match="1,500 orders cannot be made: name a multiple of 1,000"),
        histories({("sqlite", 1_500): url}, seed=7),
    ):
        raise AssertionError("it was made")
