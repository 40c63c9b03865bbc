"""What the console does and shows over a real site: in whose name, how long, at whose pace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_desk import Desk, LiveWix, member_id
from sqlalchemy import update

from badgejobs.bootstrap import House
from badgejobs.bootstrap.console_views import ConsoleViews
from badgejobs.cli.console_acts import ConsoleActs
from badgejobs.cli.opening import opened
from badgejobs.cli.sharing import Sharing
from badgejobs.config import load_settings
from badgejobs.core.award import State
from badgejobs.errors import Later, RemovesAccess
from badgejobs.jobs import work
from badgejobs.jobs.duties import ALL_DUTIES
from badgejobs.service.broker import ensure_broker
from badgejobs.store.ledger_tables import award

pytest_plugins = ["cli_fixtures"]

ADA = member_id(1)
BADGE = "first-purchase"
OPENS = """\
version: 1
badges:
  - id: first-purchase
    badge: {title: First Purchase, permissions: true}
    when: {count: orders, gte: 1}
    lifecycle: {revoke: never}
"""


@pytest.fixture
def house(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The house of a console that is there before any broker."""
    del home  # the settings of this machine are out of sight
    monkeypatch.chdir(desk.folder)
    with opened(load_settings()) as house:
        yield house


def synced(desk: Desk) -> None:
    ended = desk.run("sync", "shop")
    assert ended.code == 0, ended.err


def acts_of(house: House) -> ConsoleActs:
    return ConsoleActs(house.settings, house)


def starters(house: House, kind: str) -> set[str]:
    with house.store.read() as tx:
        return {one.started_by for one in tx.runs.recent("shop", 50) if one.kind == kind}


def test_what_is_tried_again_by_the_console_stands_under_the_name_of_who_asked(
    desk: Desk, live_wix: LiveWix, house: House
) -> None:
    live_wix.buys(1, 1)
    synced(desk)
    with house.store.begin() as tx:
        tx._connection.execute(update(award).values(state=State.BLOCKED))

    told = acts_of(house).retry("shop", who="Olga")

    assert told.startswith("1 awards are tried again")
    with house.store.read() as tx:
        last = tx.awards.history("shop", ADA)[-1]
    assert (last.actor, last.to_state) == ("Olga", State.PENDING)


def test_a_source_that_the_console_has_read_is_read_in_the_name_of_who_asked(
    desk: Desk, live_wix: LiveWix, house: House
) -> None:
    live_wix.buys(1, 1)
    synced(desk)
    acts_of(house).scan("shop", "orders", who="Olga")
    work.run_scan(house, "shop", "orders", by="worker")
    work.run_scan(house, "shop", "orders", by="worker")
    assert starters(house, "scan orders") >= {"worker, asked by console (Olga)", "worker"}


def test_a_badge_given_by_the_console_is_brought_to_wix_in_a_run_that_names_it_and_no_other_award(
    desk: Desk, live_wix: LiveWix, house: House
) -> None:
    live_wix.buys(1, 1)
    synced(desk)
    live_wix.buys(2, 1)
    work.run_scan(house, "shop", "orders", by="worker")
    told = acts_of(house).grant("shop", ADA, "third-purchase", who="Olga", note="the fair")
    assert told == "Given; no rule takes it."
    assert "console (Olga)" in starters(house, "assign")
    with house.store.read() as tx:
        others = [one.actor for one in tx.awards.history("shop", member_id(2))]
    assert set(others) == {"rules"}
    assert live_wix.given() == 3


def test_no_act_of_the_console_waits_for_a_pause_that_takes_long(
    desk: Desk, live_wix: LiveWix, house: House
) -> None:
    live_wix.buys(1, 1)
    synced(desk)
    house.throttle.shut("shop", 60)
    for act in (acts_of(house).grant, acts_of(house).revoke):
        with pytest.raises(Later, match="nothing was done; try again in"):
            act("shop", ADA, BADGE, who="Olga", note="the fair")


def test_a_badge_that_opens_pages_by_its_rules_says_so_before_and_after_wix_was_asked(
    desk: Desk, live_wix: LiveWix, house: House
) -> None:
    desk.write("rules.yaml", OPENS)
    live_wix.buys(1, 1)
    views = ConsoleViews(house, duties=ALL_DUTIES)
    assert [one.opens_pages for one in views.badges("shop")] == [True]
    synced(desk)
    assert [one.opens_pages for one in views.badges("shop")] == [True]
    with pytest.raises(RemovesAccess):
        acts_of(house).revoke("shop", ADA, BADGE, who="Olga", note="spam")


def test_a_console_that_was_there_before_the_broker_shows_what_the_workers_used_of_the_budget(
    desk: Desk, live_wix: LiveWix, house: House
) -> None:
    live_wix.buys(1, 1)
    synced(desk)
    given = acts_of(house).grant("shop", ADA, "third-purchase", who="Olga", note="the fair")
    assert given == "Given; no rule takes it."
    now = [0.0]
    with Sharing(house.settings, house, clock=lambda: now[0]) as share:
        views = ConsoleViews(house, duties=ALL_DUTIES, before_budgets=share)
        now[0] += 6
        assert views.site("shop").budget_used is None
        with ensure_broker(house.settings.state_dir):
            synced(desk)  # beside a broker it keeps the pace of all
            assert views.site("shop").budget_used is None, "it is not looked for each time"
            now[0] += 6
            used = views.site("shop").budget_used
            assert used
            # and what it has done itself counts for the workers too
            acts_of(house).revoke("shop", ADA, "third-purchase", who="Olga", note="a slip")
            assert live_wix.given() == 1
            assert (views.site("shop").budget_used or 0) > used
