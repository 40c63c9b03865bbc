"""Whoever looks first waits no longer than others: the console has looked before it listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ports_in_memory import InMemory
from sqlalchemy import event

from badgejobs.bootstrap import House
from badgejobs.bootstrap.console_explaining import ConsoleExplaining
from badgejobs.bootstrap.console_views import ConsoleViews
from badgejobs.cli.consolebench.yard import Size, fill, house_of, settings_of_a_yard
from badgejobs.cli.rulebench.workload import SITE
from badgejobs.console import warm
from badgejobs.console.rendering import environment
from badgejobs.errors import StateError
from badgejobs.jobs.duties import ALL_DUTIES

BADGE = "first-purchase"
SIZE = Size(activities=1_000, members=200, awards=400, sites=3, runs=20, drift=5, quarantine=5)


@pytest.fixture
def house() -> Iterator[House]:
    with settings_of_a_yard(None) as settings:
        fill(settings, SIZE, seed=7)
        with house_of(settings) as opened:
            yield opened


def test_the_first_look_after_a_start_finds_all_statements_and_templates_ready(
    house: House,
) -> None:
    views, new = ConsoleViews(house, duties=ALL_DUTIES), list[str]()
    warm(views, ConsoleExplaining(house))
    views.forget()

    def sent(_: Any, __: Any, statement: str, ___: Any, context: Any, ____: Any) -> None:
        if context.compiled and context.cache_hit.name == "CACHE_MISS":
            new.append(statement)

    event.listen(house.store.engine_to_watch, "before_cursor_execute", sent)
    of_all: list[Callable[[], object]] = [views.totals, views.sites, views.alerts, views.runs]
    of_one: list[Callable[[str], object]] = [
        views.site, views.badges, views.days, views.steps, views.happenings,
    ]  # fmt: skip
    for look in of_all:
        look()
    for look_at in of_one:
        look_at(SITE)
    views.days(SITE, badge=BADGE)
    views.holders(SITE, BADGE)
    event.remove(house.store.engine_to_watch, "before_cursor_execute", sent)

    assert new == []
    kept = {name for _, name in environment().cache or {}}
    assert kept >= set(environment().list_templates(["html"]))


class _Away(InMemory):
    """A console whose database does not answer."""

    def totals(self) -> Any:
        raise StateError("the database does not answer")


def test_a_console_whose_database_is_away_starts_all_the_same() -> None:
    for ports in (_Away(), InMemory(is_empty=True)):
        warm(ports, ports)
