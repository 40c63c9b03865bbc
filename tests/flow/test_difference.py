"""What changed rules would do is told beforehand, and is then what they do."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from databases import Clock
from sqlalchemy import select
from stage import ONE_ORDER, TWO_ORDERS, Stage, milestone, orders_at_least, rules_of

from badgejobs.core.award import State
from badgejobs.core.milestone import Lifecycle, Milestone, Ruleset
from badgejobs.flow.decide import MEMBERS_A_BATCH
from badgejobs.flow.difference import Difference, difference
from badgejobs.store import SqlStore
from badgejobs.store.tables import METADATA

BADGE = "one-order"


def shop(store: SqlStore, clock: Clock, *milestones: Milestone, members: int = 6) -> Stage:
    """A site whose member m3 has three orders, m2 two, and so on, all read and given."""
    at = Stage(store, clock, *milestones, page_size=50)
    at.provision()
    at.decide_due()
    for number in range(members):
        for n in range(number):
            at.wait(seconds=1)
            at.orders.put(at.order(f"m{number}-{n}", f"m{number}"))
    at.scan()
    at.decide_due()
    return at


def everything(at: Stage) -> dict[str, list[Any]]:
    """Every row of every table."""
    with at.store.read() as tx:
        return {
            name: sorted(map(str, tx._connection.execute(select(table))))
            for name, table in METADATA.tables.items()
        }


def states(at: Stage) -> Counter[tuple[str, State]]:
    with at.store.read() as tx:
        return Counter(tx.awards.states(at.site))


def foretold(at: Stage, rules: Ruleset) -> dict[str, Difference]:
    """The difference, which changes nothing."""
    before = everything(at)
    told = difference(at.site, rules, at.store)
    assert everything(at) == before
    return told


def test_a_softer_rule_gives_to_as_many_as_were_foretold(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, milestone(BADGE, orders_at_least(4)))
    at.assign_all()
    softer = rules_of(milestone(BADGE, orders_at_least(2)), version="v2")
    told = foretold(at, softer)
    assert told == {BADGE: Difference(awards=2)}
    at.rules = softer
    at.decide_due()
    assert states(at) == {(BADGE, State.ASSIGNED): 2, (BADGE, State.PENDING): 2}
    assert foretold(at, softer) == {BADGE: Difference()}
    assert not foretold(at, softer)[BADGE].is_any


def test_a_harder_rule_withdraws_what_was_not_sent(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, ONE_ORDER)
    harder = rules_of(milestone(BADGE, orders_at_least(5)), version="v2")
    assert foretold(at, harder) == {BADGE: Difference(withdrawn=4)}
    at.rules = harder
    at.decide_due()
    assert states(at) == {(BADGE, State.PENDING): 1, (BADGE, State.WITHDRAWN): 4}


def test_a_new_badge_and_one_that_is_in_the_rules_no_more_are_told_each(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, ONE_ORDER)
    told = foretold(at, rules_of(TWO_ORDERS, version="v2"))
    assert told == {"two-orders": Difference(awards=4), BADGE: Difference(withdrawn=5)}


def test_of_a_badge_with_a_limit_only_those_are_foretold_who_will_have_a_place(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, TWO_ORDERS)
    limited = replace(ONE_ORDER, lifecycle=Lifecycle(first=2))
    rules = rules_of(TWO_ORDERS, limited, version="v2")
    assert foretold(at, rules)[BADGE] == Difference(awards=2)
    at.rules = rules
    at.decide_due()
    assert states(at)[BADGE, State.PENDING] == 2
    # fewer places than were given out: who has one still loses it
    fewer = rules_of(TWO_ORDERS, replace(ONE_ORDER, lifecycle=Lifecycle(first=1)), version="v3")
    assert foretold(at, fewer)[BADGE] == Difference(held=1)
    at.rules = fewer
    at.decide_due()
    assert states(at)[BADGE, State.PENDING] == 1


def test_who_would_lose_a_badge_is_told_and_so_is_who_keeps_it_by_the_earlier_rule(
    store: SqlStore, clock: Clock
) -> None:
    lapses = Lifecycle(revokes=True, stated=True)
    earlier = replace(ONE_ORDER, lifecycle=lapses)
    at = shop(store, clock, earlier)
    at.assign_all()
    harder = replace(milestone(BADGE, orders_at_least(4)), lifecycle=lapses)
    (told,) = foretold(at, rules_of(harder, version="v2")).values()
    assert told.taken_now + told.taken_later == 3
    kept = replace(rules_of(harder, version="v2"), earlier={"v1": {BADGE: earlier}})
    assert foretold(at, kept)[BADGE].grandfathered == 5


@pytest.mark.parametrize("spare", [0, 1])
def test_every_member_is_looked_at_once_however_many_there_are(
    store: SqlStore, clock: Clock, spare: int
) -> None:
    at = shop(store, clock, TWO_ORDERS, members=0)
    number = MEMBERS_A_BATCH + spare
    at.record(*(at.order(f"o{n}", f"member-{n:04}") for n in range(number)))
    heard = list[int]()
    rules = rules_of(TWO_ORDERS, ONE_ORDER, version="v2")
    told = difference(at.site, rules, store, heard=heard.append)
    assert told[BADGE] == Difference(awards=number)
    assert heard[-1] == number
