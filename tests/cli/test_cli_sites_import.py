"""A table of sites is taken as a whole, told line by line where it is wrong, and repeatable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fleet_desk import FleetDesk

from badgejobs.store.standings import WIX

pytest_plugins = ["cli_fixtures"]

GOOD = """\
name,app,instance,site_id,api_key_file,pack,overrides,comment_apps,requests_per_minute
north,ours,i-1,,,standard,,blog forum,120
south,,,s-2,south.key,premium,,,
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[FleetDesk]:
    """Whose Wix does not answer: a table is taken without it."""
    desk = FleetDesk(tmp_path, "http://127.0.0.1:9")
    desk.add_app()
    desk.write("south.key", "IST.zebra-key")
    yield desk
    desk.store.dispose()


def test_a_table_is_tried_taken_taken_again_and_changed(fleet: FleetDesk) -> None:
    file = str(fleet.write("sites.csv", GOOD))
    tried = fleet.told("sites", "import", file, "--dry-run")
    assert (tried["new"], tried["changed"]) == (["north", "south"], [])
    with fleet.store.read() as tx:
        assert tx.sites.names() == []

    assert fleet.told("sites", "import", file)["new"] == ["north", "south"]
    with fleet.store.read() as tx:
        stands = {one.row.name: one for one in tx.sites.all()}
        due = {(one.site, one.source) for one in tx.scans.overview()}
    assert stands["north"].row.comment_apps == ("blog", "forum")
    assert stands["south"].row.site_id == "s-2"
    assert {("north", "provision"), ("south", "provision")} <= due
    assert b"zebra" not in fleet.everything()

    again = fleet.told("sites", "import", file)
    assert (again["new"], again["changed"], again["unchanged"]) == ([], [], 2)
    with fleet.store.read() as tx:
        assert {one.row.name: one for one in tx.sites.all()} == stands

    fleet.write("sites.csv", GOOD.replace("i-1,,,standard", "i-1,,,premium"))
    assert fleet.told("sites", "import", file)["changed"] == ["north"]


def test_every_complaint_names_line_column_and_cure_and_nothing_is_done(fleet: FleetDesk) -> None:
    lines = [
        "North,ours,i-1,,,standard,,,",
        "north,our,i-1,,,standard,,,",
        "fine,ours,i-3,,,standard,,,",
        "east,ours,,,,standard,,,",
        "west,ours,i-3,,,standard,,,",
        "fine,ours,i-4,,,standard,,,",
        "key,,,s-1,,standard,,,",
        "file,,,s-1,nowhere.key,standard,,,",
        "slow,ours,i-5,,,standard,,,many",
        "pack,ours,i-6,,,,,,",
        "All,our,,,,none,nowhere.yaml,,201",
    ]
    file = fleet.write("sites.csv", "\n".join([GOOD.splitlines()[0], *lines]))

    told = fleet.refused("sites", "import", str(file))

    for line, words in {
        2: "column name: 'North' is not a site's name",
        3: "column app: there is no app 'our'; did you mean 'ours'?",
        5: "column instance: is missing",
        6: "column instance: 'west' and 'fine' are the same site at Wix",
        7: "column name: fine stands in line 4 already",
        8: "column api_key_file: is empty; name the file",
        9: "column api_key_file: the file: there is no file",
        10: "column requests_per_minute: 'many' is no whole number",
        11: "column pack: is empty",
    }.items():
        assert f"{file}:{line}: {words}" in told
    for words in (
        "name: 'All'", "app: there is no app 'our'", "pack: there is no pack 'none'",
        "instance: is missing", "overrides: ", "requests_per_minute: must be",
    ):  # fmt: skip
        assert f"{file}:12: column {words}" in told, "all that is wrong with a row is told"
    assert "10 rows cannot be used; nothing was done" in told
    with fleet.store.read() as tx:
        assert tx.sites.names() == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,pak\n", ":1: there is no column 'pak'; did you mean 'pack'?"),
        ("name,app\n", ":1: lacks the column pack"),
        ("name;app;pack\n", "save the table with commas between the columns"),
        ("name,pack,pack\n", ":1: names the column pack twice"),
        ('name,pack\na,b\n"c,d\n', "is no CSV here"),
        ("name,pack\na,b,c\n", ":2: has 3 cells and the first line 2 columns"),
        ("", ":1: lacks the column name"),
    ],
)
def test_what_is_no_such_table_is_told_so(fleet: FleetDesk, text: str, told: str) -> None:
    file = fleet.write("sites.csv", text)
    assert told in fleet.refused("sites", "import", str(file))


def test_a_site_that_wix_refused_is_asked_for_again_once_it_is_told_otherwise(
    fleet: FleetDesk,
) -> None:
    file = str(fleet.write("sites.csv", GOOD))
    fleet.told("sites", "import", file)
    with fleet.store.begin() as tx:
        for site in ("north", "south"):
            tx.standings.suspend(site, by=WIX, reason="401", probe_in=timedelta(hours=6))
    fleet.write("south.key", "IST.another-key")
    assert fleet.told("sites", "import", file)["changed"] == ["south"]
    with fleet.store.begin() as tx:
        assert tx.standings.due_probes((), 9) == ["south"]
    ended = fleet.run("sites", "change", "north", "--instance", "i-9", "--no-check")
    assert ended.code == 0, ended.err
    with fleet.store.begin() as tx:
        assert tx.standings.due_probes((), 9) == ["north"]


@pytest.mark.parametrize("said", ["remove: [no-such-badge]\n", "badges: [\n", "site: {x: '\0'}\n"])
def test_overrides_that_do_not_fit_the_pack_are_told_with_the_others(
    fleet: FleetDesk, said: str
) -> None:
    fleet.write("north.yaml", said)
    file = fleet.write("sites.csv", GOOD.replace("standard,,", "standard,north.yaml,"))
    shown = fleet.refused("sites", "import", str(file))
    assert f"{file}:2: column overrides: overrides of north" in shown
    assert "1 row cannot be used" in shown
    with fleet.store.read() as tx:
        assert tx.sites.names() == []
