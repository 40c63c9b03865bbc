"""The views of the console over a record as the measurements fill it: one large site of many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from badgejobs.bootstrap import House
from badgejobs.bootstrap.console_views import ConsoleViews
from badgejobs.cli.consolebench.yard import Size, fill, house_of, settings_of_a_yard
from badgejobs.cli.rulebench.workload import SITE
from badgejobs.core.overview import Page
from badgejobs.errors import SettingsError
from badgejobs.jobs.duties import ALL_DUTIES

Row = TypeVar("Row")

BADGE = "first-purchase"
SIZE = Size(
    activities=4_000, members=1_000, awards=2_000, sites=120, runs=200, drift=120, quarantine=70
)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with settings_of_a_yard(None) as settings:
        fill(settings, SIZE, seed=7)
        with house_of(settings) as opened:
            yield opened


@pytest.fixture
def views(house: House) -> ConsoleViews:
    return ConsoleViews(house, duties=ALL_DUTIES)


def pages(look: Callable[[str | None], Page[Row]]) -> Iterator[Page[Row]]:
    after = None
    while True:
        page = look(after)
        yield page
        if (after := page.after) is None:
            return


def test_pages_give_every_row_once_and_their_places_tell_no_member(views: ConsoleViews) -> None:
    [gold] = [one for one in views.badges(SITE) if one.badge == BADGE]
    lists: dict[str, tuple[Callable[[str | None], Page[object]], int]] = {
        "holders": (lambda after: views.holders(SITE, BADGE, after=after), gold.holders),
        "drift": (lambda after: views.drift(SITE, after=after), SIZE.drift),
        "quarantine": (lambda after: views.quarantine(SITE, after=after), SIZE.quarantine),
        "runs": (lambda after: views.runs(after=after), SIZE.runs),
        "sites": (lambda after: views.sites(after=after), SIZE.sites),
    }
    for name, (look, number) in lists.items():
        told = list(pages(look))
        rows = [row for page in told for row in page.rows]
        assert (name, len(rows)) == (name, number)
        assert len(told) > 1
        # what a row says when it is printed leaves members out
        members = {one for row in rows if (one := getattr(row, "member", None))}
        places = " ".join(page.after or "" for page in told) + "".join(map(repr, rows))
        assert not any(one in places for one in members)

    place = views.holders(SITE, BADGE, limit=5).after
    first = views.drift(SITE)
    assert views.drift(SITE, after=place).rows == first.rows, "it is another list's place"
    assert views.drift(SITE, after="nonsense").rows == first.rows


def test_a_page_of_sites_and_the_totals_take_as_many_statements_as_one_site(
    house: House, views: ConsoleViews
) -> None:
    def statements(look: Callable[[], object]) -> int:
        look()
        with house.store.statements() as counted:
            look()
        return sum(n for text, n in counted.items() if not text.startswith(("PRAGMA", "BEGIN")))

    one = statements(lambda: views.sites(limit=1))
    assert statements(lambda: views.sites(limit=100)) == one
    assert statements(views.totals) <= one + 2
    assert statements(lambda: views.site(SITE)) <= one


def test_totals_are_the_sum_of_the_lines_and_show_the_worst_first(views: ConsoleViews) -> None:
    totals = views.totals()
    lines = [row for page in pages(lambda after: views.sites(after=after)) for row in page.rows]
    for name in ("pending", "unknown", "needs_attention", "drift", "quarantined", "alerts"):
        assert getattr(totals, name) == sum(getattr(one, name) for one in lines), name
    assert (totals.sites, totals.holders) == (SIZE.sites, sum(one.holders for one in lines))
    assert [one.alerts for one in totals.worst] == [1] * 5
    large = views.site(SITE)
    assert large in lines
    assert (large.drift, large.quarantined, large.budget_used) == (
        SIZE.drift,
        SIZE.quarantine,
        None,
    )
    assert large.holders == sum(one.holders for one in views.badges(SITE))
    found = views.sites(search=" SHOP-011 ").rows
    assert [one.site for one in found] == [f"shop-011{n}" for n in range(10)]


def test_a_site_that_there_is_not_is_told_so_and_badges_of_the_rules_are_there_before_any_award(
    house: House, views: ConsoleViews
) -> None:
    for look in (views.site, views.badges, views.days, views.steps, views.happenings, views.drift):
        with pytest.raises(SettingsError, match="there is no site 'nobody'"):
            look("nobody")
    with settings_of_a_yard(None) as settings, house_of(settings) as empty:
        empty.store.migrate()
        found = ConsoleViews(empty, duties=ALL_DUTIES).badges(SITE)
    assert [(one.badge, one.holders, one.percent) for one in found][:1] == [(BADGE, 0, None)]
    assert found[0].title == "First Purchase"
    assert len(found) == len(views.badges(SITE))
