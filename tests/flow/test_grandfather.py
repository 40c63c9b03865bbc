"""What a change of the rules means for those who hold a badge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from databases import Clock
from refunds import buys, refund
from stage import FREE, TWO_ORDERS, Stage, milestone, orders_at_least, rules_of

from badgejobs.bootstrap.site_rules import SiteRules
from badgejobs.bootstrap.told import FromFile
from badgejobs.core.award import State
from badgejobs.core.guard import Guard
from badgejobs.core.lifecycle import held_as_before
from badgejobs.core.milestone import Lifecycle, Milestone, OnChange, Ruleset
from badgejobs.errors import DatabaseUnavailable
from badgejobs.store import SqlStore

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TAKES = Lifecycle(stated=True, revokes=True)
TWO = replace(TWO_ORDERS, lifecycle=TAKES)
THREE = replace(TWO, condition=orders_at_least(3))
THREE_ANEW = replace(THREE, lifecycle=replace(TAKES, on_change=OnChange.REEVALUATE))


def given(store: SqlStore, clock: Clock, *members: str) -> Stage:
    at = Stage(store, clock, TWO, page_size=100)
    at.earn(*members)
    at.decide_due()
    at.assign_all()
    return at


def changed(at: Stage, now: Milestone, before: Milestone) -> None:
    """The rules change, and those who were given the badge before are known."""
    earlier = {"v1": {before.badge: held_as_before(before, now)}}
    if now.lifecycle.on_change is OnChange.REEVALUATE:
        earlier = {}
    at.rules = replace(rules_of(now, version="v2"), earlier=earlier)
    at.wait(minutes=1)
    at.decide_due()


def test_whoever_was_given_a_badge_is_held_to_the_words_of_then(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    changed(at, THREE, TWO)
    buys(at, "bob", 2)
    at.revoke_all()
    assert at.wix.standing == {("Two Orders", "ada"): 1}
    assert at.awards("bob") == {}, "who comes later is held to the new words"
    assert at.unmet() == {}

    refund(at, "ada-1")
    at.revoke_all()

    assert at.wix.standing == {}, "the old words take it too"


def test_whoever_lost_it_earns_it_anew_by_the_new_words_alone(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    changed(at, THREE, TWO)
    refund(at, "ada-1")
    at.revoke_all()
    buys(at, "ada", 1, first=3)
    at.wait(minutes=3)
    at.assign_all()
    assert at.wix.standing == {}

    buys(at, "ada", 1, first=4)
    at.assign_all()

    assert at.wix.standing == {("Two Orders", "ada"): 1}
    assert at.award().rules_version == "v2"


def test_reevaluate_holds_everybody_to_the_new_words_and_asks_the_guard(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, *(f"m{n}" for n in range(12)))
    changed(at, THREE_ANEW, TWO)

    assert at.revoke_all(Guard()) == {"claimed": 12, "held_back": 12}
    assert len(at.wix.standing) == 12
    at.wait(hours=1)
    at.scan()

    assert at.revoke_all(FREE)["revoked"] == 12


def test_words_that_take_nothing_are_for_those_who_come_later(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    never = replace(TWO, lifecycle=replace(TAKES, revokes=False))
    changed(at, never, TWO)

    refund(at, "ada-1")
    at.revoke_all()

    assert at.award().state is State.REVOKED


def test_a_tier_of_old_words_keeps_the_tier_below_from_being_shown_beside_it(
    store: SqlStore, clock: Clock
) -> None:
    gold = replace(TWO, ladder="l")
    plain = milestone("silver", orders_at_least(1))
    silver = replace(plain, lifecycle=TAKES, ladder="l", above=(gold,))
    at = Stage(store, clock, gold, silver, page_size=100)
    at.earn("ada")
    at.decide_due()
    at.assign_all()
    assert at.wix.standing == {("Two Orders", "ada"): 1}
    new = replace(gold, condition=orders_at_least(5))
    below = replace(silver, above=(new,))
    earlier = {"v1": {gold.badge: held_as_before(gold, new)}}
    at.rules = replace(rules_of(new, below, version="v2"), earlier=earlier)
    at.wait(minutes=1)
    at.decide_due()
    at.assign_all()
    assert at.wix.standing == {("Two Orders", "ada"): 1}

    refund(at, "ada-1")
    at.assign_all()
    with store.begin() as tx:
        tx.bindings.decide_anew(at.site)
    at.decide_due()
    at.revoke_all()

    assert at.wix.standing == {("Silver", "ada"): 1}


# ---------------------------------------------------------------- read from the record

FILE = """\
version: 1
policies: {orders: {guests: never}}
badges:
  - id: two-orders
    badge: {title: TITLE}
    when: {count: orders, gte: GTE}
    lifecycle: {revoke: when_unmet, on_rule_change: CHANGE}
"""


def written(title: str = "Two", gte: int = 2, change: str = "grandfather") -> str:
    return FILE.replace("TITLE", title).replace("GTE", str(gte)).replace("CHANGE", change)


@pytest.fixture
def rules_in(store: SqlStore, tmp_path: Path) -> Callable[[str], Ruleset]:
    """Reads rules for the site ``shop`` by a process that has just begun."""

    def read(text: str) -> Ruleset:
        path = tmp_path / "rules.yaml"
        path.write_text(text)
        rules = SiteRules(
            "shop",
            FromFile(path=path),
            store,
            sources=frozenset({"orders"}),
            clock=lambda: 10_000_000_000.0,
        )
        return rules.in_force()

    return read


def taken_up(store: SqlStore, clock: Clock, rules: Ruleset) -> None:
    """Awards are given under these rules."""
    at = Stage(store, clock)
    at.rules = rules
    at.earn("ada")
    at.decide_due()
    at.assign_all()
    assert at.award().state is State.ASSIGNED


def test_the_words_of_then_are_read_again_from_the_record(
    store: SqlStore, clock: Clock, rules_in: Callable[[str], Ruleset]
) -> None:
    old = rules_in(written())
    assert old.earlier == {}
    taken_up(store, clock, old)

    new = rules_in(written(gte=3))

    (kept,) = new.earlier[old.version].values()
    assert kept.condition == old.milestones[0].condition
    assert new.held_to(new.milestones[0], old.version) == kept
    assert new.held_to(new.milestones[0], new.version) == new.milestones[0]
    assert rules_in(written(gte=3, change="reevaluate")).earlier == {}
    assert rules_in(written(title="Couple")).earlier == {}, "a look is no other meaning"


def test_a_version_that_cannot_be_read_any_more_takes_nothing(
    store: SqlStore, clock: Clock, rules_in: Callable[[str], Ruleset]
) -> None:
    old = rules_in(written())
    taken_up(store, clock, replace(old, text="version: 1\nbadges: nonsense\n"))

    new = rules_in(written(gte=3))

    (kept,) = new.earlier[old.version].values()
    assert not kept.lifecycle.revokes
    at = Stage(store, clock)
    at.rules = new
    clock.advance(minutes=1)
    with store.begin() as tx:
        tx.bindings.decide_anew(at.site)
    at.decide_due()
    assert at.unmet() == {}


def test_what_nobody_holds_any_more_is_not_read(
    store: SqlStore, rules_in: Callable[[str], Ruleset]
) -> None:
    rules = rules_in(written())
    with store.begin() as tx:
        tx.versions.note("shop", rules.version, rules.text)

    assert rules_in(written(gte=3)).earlier == {}


def test_where_the_record_cannot_be_read_nothing_is_decided_by_the_rules_in_force_alone(
    store: SqlStore,
    clock: Clock,
    rules_in: Callable[[str], Ruleset],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken_up(store, clock, rules_in(written()))

    def away() -> None:
        raise DatabaseUnavailable("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(store, "read", away)
        with pytest.raises(DatabaseUnavailable):
            rules_in(written(gte=3))
    assert rules_in(written(gte=3)).earlier
