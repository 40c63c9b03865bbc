from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from stage import ONE_ORDER, TIMING, TWO_ORDERS, Clock, Stage, orders_at_least, rules_of
from wix_double import Fault, WorkerKilled, lost

from badgejobs.core.award import State
from badgejobs.core.milestone import Lifecycle, Milestone
from badgejobs.errors import Ambiguous, Later, NotSent, Refused
from badgejobs.flow.decide import MEMBERS_A_BATCH, take_up
from badgejobs.flow.provision import unbound
from badgejobs.flow.reconcile import CHUNK
from badgejobs.flow.verdicts import OPENS_PAGES
from badgejobs.store import SqlStore

#: What these stages ask of a database is tried on both in the store's own tests.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OWNERS = Milestone(badge="vip", title="VIP", look=None, condition=orders_at_least(1))


def test_badges_that_the_site_lacks_are_created_and_bound_once(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)

    assert (at.provision().created, at.provision().created) == (2, 0)

    assert at.wix.titles == ["One Order", "Two Orders"]
    assert unbound(at.site, at.rules, store) == ()
    assert len(at.wix.named("badges")) == 1, "what is bound is not looked up again"


def test_a_badge_that_stands_under_the_title_is_bound_and_not_made_again(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, OWNERS)
    standing = at.wix.stand("  VIP ")

    assert (at.provision().found, at.wix_id()) == (1, standing.id)
    assert at.wix.named("create_badge") == []


def test_a_badge_renamed_in_the_dashboard_stays_bound(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, OWNERS)
    standing = at.wix.stand("VIP")
    at.provision()
    at.wix.rename(standing.id, "Very Important")
    at.wix.stand("VIP")

    at.provision()

    assert at.wix_id() == standing.id
    assert at.wix.titles == ["VIP", "Very Important"]


def test_twin_titles_are_refused_with_both_ids(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    one, other = at.wix.stand("One Order"), at.wix.stand("One Order ")

    refused = at.provision().error

    assert isinstance(refused, Refused)
    assert one.id in str(refused)
    assert other.id in str(refused)
    assert at.wix.named("create_badge") == []


def test_a_badge_that_must_exist_and_does_not_is_refused_with_the_cure(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, OWNERS)

    refused = at.provision().error
    assert isinstance(refused, Refused)
    assert "create it in the dashboard" in str(refused)
    assert at.wix.titles == []


def test_one_badge_that_cannot_be_bound_keeps_no_other_back(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, OWNERS, ONE_ORDER)

    assert isinstance(at.provision().error, Refused)

    assert at.wix.titles == ["One Order"]
    at.earn("ada")
    at.assign_all()
    assert at.wix.standing == {("One Order", "ada"): 1}


def test_a_badge_that_opens_pages_is_given_to_nobody_until_its_rule_says_when_it_goes(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, OWNERS, ONE_ORDER)
    opens_pages = at.wix.stand("VIP", permissions_enabled=True)

    refused = at.provision().error
    at.earn("ada")
    at.assign_all()

    assert isinstance(refused, Refused)
    assert "write lifecycle: {revoke: never}" in str(refused)
    assert at.wix.standing == {("One Order", "ada"): 1}
    at.rules = rules_of(replace(OWNERS, lifecycle=Lifecycle(stated=True)), ONE_ORDER, version="v2")
    assert at.provision().error is None
    assert at.wix_id("vip") == opens_pages.id
    at.assign_all()
    assert at.wix.standing["VIP", "ada"] == 1


def test_a_bound_badge_that_comes_to_open_pages_is_held_back_until_its_rule_says_when_it_goes(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    at.earn("ada")
    at.assign_all()
    at.wix.open_pages(at.wix_id("two-orders"))
    at.reconcile()
    take_up_all(at)
    at.earn("bob")

    at.assign_all()

    assert set(at.wix.standing) == {
        ("One Order", "ada"), ("Two Orders", "ada"), ("One Order", "bob")
    }  # fmt: skip
    assert at.award("bob", "two-orders").reason == OPENS_PAGES
    said = replace(TWO_ORDERS, lifecycle=Lifecycle(stated=True))
    at.rules = rules_of(ONE_ORDER, said, version="v2")
    take_up_all(at)
    at.assign_all()
    assert at.wix.standing["Two Orders", "bob"] == 1


def test_a_held_back_badge_is_let_go_when_its_rule_writes_out_what_it_meant_before(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TWO_ORDERS)
    at.earn("ada")
    at.assign_all()
    at.wix.open_pages(at.wix_id("two-orders"))
    at.reconcile()
    take_up_all(at)
    at.earn("bob")
    assert at.award("bob", "two-orders").reason == OPENS_PAGES
    said = replace(TWO_ORDERS, lifecycle=Lifecycle(stated=True))

    at.rules = rules_of(said, version=at.rules.version)
    take_up_all(at)
    at.assign_all()

    assert at.wix.standing["Two Orders", "bob"] == 1


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("error", [lost(), WorkerKilled()])
@pytest.mark.parametrize("lag", [0, 60])
def test_a_lost_answer_to_the_making_of_a_badge_makes_no_twin(
    store: SqlStore, clock: Clock, error: BaseException, applied: bool, lag: int
) -> None:
    at = Stage(store, clock)
    at.wix.lag = timedelta(seconds=lag)
    at.wix.script("create_badge", Fault(error=error, applied=applied))

    with pytest.raises(type(error)):
        at.provision()
    for _ in range(6):
        at.wait(seconds=25)
        try:
            at.provision()
        except Later as wait:
            assert wait.seconds <= TIMING.quiet_period.total_seconds()  # noqa: PT017 - in a loop

    assert at.wix.titles == ["One Order"]
    assert len(at.wix.named("create_badge")) == (1 if applied else 2)
    assert unbound(at.site, at.rules, store) == ()


def test_a_making_that_surely_failed_costs_only_a_wait(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.wix.script("create_badge", NotSent("no route"))
    with pytest.raises(NotSent):
        at.provision()
    at.wait(seconds=120)

    at.provision()

    assert at.wix.titles == ["One Order"]


def take_up_all(at: Stage, *, batches: int = 1) -> tuple[int, int, int]:
    """Calls, awards opened and awards withdrawn until every member is decided."""
    calls = opened = withdrawn = 0
    done = False
    while not done:
        one, done = take_up(at.site, at.rules, at.store, batches=batches)
        calls, opened, withdrawn = calls + 1, opened + one.opened, withdrawn + one.withdrawn
        assert calls < 20
    return calls, opened, withdrawn


def crowd(at: Stage, members: int) -> None:
    """So many members with an order each, recorded and decided by nobody."""
    rows = [at.order(f"o{n}", f"m{n:04}") for n in range(members)]
    with at.store.begin() as tx:
        tx.activities.record(rows, site=at.site, source="orders", generation=0)


def test_a_new_rule_sees_the_past_of_every_member(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    members = 2 * MEMBERS_A_BATCH + 1
    crowd(at, members)

    assert take_up_all(at) == (3, members, 0)
    assert take_up_all(at) == (1, 0, 0), "and once is enough"


@pytest.mark.parametrize("members", [0, 1, MEMBERS_A_BATCH - 1, MEMBERS_A_BATCH])
def test_a_last_batch_of_any_size_ends_it(store: SqlStore, clock: Clock, members: int) -> None:
    at = Stage(store, clock)
    crowd(at, members)

    assert take_up_all(at, batches=50) == (1, members, 0)


def test_a_take_up_that_is_cut_off_goes_on_where_it_was(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    crowd(at, 2 * MEMBERS_A_BATCH)
    one, done = take_up(at.site, at.rules, store, batches=1)

    assert (one.opened, done) == (MEMBERS_A_BATCH, False)
    with store.begin() as tx:
        assert tx.bindings.applied(at.site) == ("v1", f"m{MEMBERS_A_BATCH - 1:04}")
    two, _ = take_up(at.site, at.rules, store, batches=1)
    assert two.opened == MEMBERS_A_BATCH


def test_rules_that_change_while_they_are_taken_up_start_from_the_first_member(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    crowd(at, 2 * MEMBERS_A_BATCH)
    take_up(at.site, at.rules, store, batches=1)
    at.rules = rules_of(ONE_ORDER, TWO_ORDERS, version="v2")

    _, opened, _ = take_up_all(at)

    assert opened == MEMBERS_A_BATCH, "those of the second half"
    with store.begin() as tx:
        assert tx.bindings.applied(at.site) == ("v2", None)


def test_a_rule_made_harder_withdraws_what_waits_and_leaves_what_was_given(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.provision()
    at.orders.put(at.order("a", "ada"))
    at.scan()
    at.assign_all()
    at.wait(minutes=1)
    at.orders.put(at.order("b", "bob"))
    at.scan()
    harder = Milestone(
        badge="one-order", title="One Order", look=None, condition=orders_at_least(2)
    )
    at.rules = rules_of(harder, version="v2")

    assert take_up_all(at)[1:] == (0, 1)

    assert at.awards("ada", "bob") == {
        ("ada", "one-order"): State.ASSIGNED,
        ("bob", "one-order"): State.WITHDRAWN,
    }
    assert at.wix.standing == {("One Order", "ada"): 1}


def test_a_line_that_is_lowered_and_raised_again_gives_once_and_leaves_what_was_given(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    hard, easy = (replace(ONE_ORDER, condition=orders_at_least(number)) for number in (10, 8))
    at.rules = rules_of(hard, version="ten")
    at.provision()
    at.orders.put(*(at.order(f"a{number}", "ada") for number in range(8)))
    at.orders.put(*(at.order(f"b{number}", "bob") for number in range(10)))
    at.scan()
    at.assign_all()
    assert at.wix.standing == {("One Order", "bob"): 1}

    at.rules = rules_of(easy, version="eight")
    assert take_up_all(at)[1:] == (1, 0)
    at.assign_all()
    both = {("One Order", "ada"): 1, ("One Order", "bob"): 1}
    assert at.wix.standing == both

    for rules in (rules_of(hard, version="ten"), rules_of(easy, version="eight")):
        at.rules = rules
        assert take_up_all(at)[1:] == (0, 0)
        at.assign_all()
        assert at.wix.standing == both
        assert set(at.wix.sent.values()) == {1}


def test_an_older_fact_found_later_corrects_earned_at_and_awards_nothing_anew(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.assign_all()
    at.wait(days=1)
    at.orders.put(at.order("older", at=clock() - timedelta(days=90), updated_at=clock()))

    assert at.scan().opened == 0

    assert at.award().earned_at == clock() - timedelta(days=90)
    assert at.assign() is None


def test_a_second_run_of_everything_makes_no_create(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    for _ in range(3):
        at.earn("ada", "bob", "cyd")
        at.scan(at.comments)
        take_up_all(at)
        at.recover()
        at.assign_all()
        at.reconcile()
        at.wait(hours=7)

    assert len(at.wix.named("create", "create_many")) == 1
    assert len(at.wix.named("create_badge")) == 2
    assert set(at.wix.standing.values()) == {1}


def test_reconcile_counts_what_is_missing_extra_and_double_and_repairs_nothing(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.wix.second_create = "row"
    at.earn("ada", "bob")
    at.assign_all()
    badge = at.wix_id()
    at.wix.give(badge, "ada")
    at.wix.give(badge, "eve")
    # The owner takes bob's badge away.
    at.wix.take(badge, "bob")
    at.wait(minutes=5)
    before = at.wix.standing

    drift = at.reconcile()

    assert (drift.agreed, drift.missing, drift.extra, drift.duplicate) == (1, 1, 1, 1)
    assert at.wix.standing == before
    at.assign_all()
    assert at.wix.standing == before, "what a person took is not given again"


def test_reconcile_agrees_over_more_members_than_it_looks_up_at_once(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    crowd(at, CHUNK + 1)
    at.provision()
    take_up_all(at, batches=50)
    at.assign_all()

    drift = at.reconcile()

    assert (drift.agreed, drift.missing, drift.extra, drift.duplicate) == (CHUNK + 1, 0, 0, 0)


def test_reconcile_lets_everyone_be_decided_anew(store: SqlStore, clock: Clock) -> None:
    """An order placed in the future earns when its time has come, with no bell at all."""
    at = Stage(store, clock)
    at.provision()
    at.orders.put(at.order("o1", at=clock() + timedelta(hours=2), updated_at=clock()))
    at.scan()
    take_up_all(at)
    at.wait(hours=3)
    at.reconcile()

    assert take_up_all(at)[1] == 1


def test_reconcile_of_a_site_without_badges_asks_wix_nothing(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)

    assert at.reconcile().agreed == 0
    assert at.wix.calls == []


def test_a_reconcile_that_cannot_read_says_so(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.provision()
    at.wix.script("assignments", lost())

    with pytest.raises(Ambiguous):
        at.reconcile()
