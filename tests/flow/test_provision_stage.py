from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from stage import ONE_ORDER, TIMING, TWO_ORDERS, Clock, Stage, milestone, orders_at_least, rules_of
from wix_double import Fault, WorkerKilled, lost

from badgejobs.core.alert import Kind
from badgejobs.core.award import BADGE_GONE, Giver, State
from badgejobs.core.ledger import Bound
from badgejobs.core.milestone import Lifecycle, Look, Milestone
from badgejobs.core.wixfacts import WixBadge
from badgejobs.errors import (
    AlreadyExists,
    Ambiguous,
    Later,
    NotSent,
    Paced,
    Refused,
    StaleRevision,
)
from badgejobs.flow.gone import CHUNK
from badgejobs.flow.provision import Provisioned, Renamed, provision, provision_anew, unbound
from badgejobs.store import SqlStore

#: What these stages ask of a database is tried on both in the store's own tests.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

RED = Look(title="One Order", description="Thank you", background="#AA0000", icon="https://x/1.png")
DRESSED = replace(ONE_ORDER, look=RED)
FIVE = tuple(milestone(f"tier-{number}", orders_at_least(number)) for number in range(1, 6))


def dressed(at: Stage, **changes: str) -> None:
    """The rules file gives the one badge another look."""
    look = replace(RED, **changes)
    at.rules = rules_of(replace(DRESSED, look=look, title=look.title), version=str(look))


def read_anew(at: Stage) -> Provisioned:
    return provision(
        at.site,
        at.rules,
        at.wix,
        at.store,
        quiet_period=TIMING.quiet_period,
        read_anew=True,
    )


def anew(at: Stage, badge: str = "one-order") -> Provisioned:
    return provision_anew(
        at.site, at.rules, badge, at.wix, at.store, quiet_period=TIMING.quiet_period
    )


def bound(at: Stage, badge: str | None = None) -> Bound:
    with at.store.begin() as tx:
        return tx.bindings.bound(at.site)[badge or at.rules.milestones[0].badge]


def alerts(at: Stage) -> list[tuple[Kind, str]]:
    with at.store.read() as tx:
        return [(one.kind, one.subject) for one in tx.alerts.open([at.site])]


def shown(at: Stage) -> list[str]:
    """The titles in the order in which Wix shows them."""
    return [at.wix.get_badge(one).title for one in at.wix.order]


def calls(at: Stage) -> int:
    return len(at.wix.calls)


# ---------------------------------------------------------------- titles


@pytest.mark.parametrize("title", ["one order", "One  Order", " ONE\u00a0ORDER"])
@pytest.mark.parametrize("look", [ONE_ORDER.look, None])
def test_a_near_title_is_refused_with_the_cure_and_gets_no_twin(
    store: SqlStore, clock: Clock, title: str, look: Look | None
) -> None:
    at = Stage(store, clock, replace(ONE_ORDER, look=look))
    near = at.wix.stand(title)

    refused = at.provision().error

    assert isinstance(refused, Refused)
    assert near.id in str(refused)
    assert "write the title in the rules as it stands at Wix, or rename one" in str(refused)
    assert at.wix.titles == [title]
    at.wix.rename(near.id, "One Order")
    assert at.provision().error is None
    assert at.wix_id() == near.id


def test_an_exact_title_counts_though_a_near_one_stands_beside_it(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.wix.stand("ONE ORDER")
    exact = at.wix.stand("One Order")

    assert at.provision().found == 1
    assert at.wix_id() == exact.id


def test_a_badge_that_another_one_is_bound_to_keeps_only_its_own_rule_back(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.provision()
    at.rules = rules_of(replace(ONE_ORDER, badge="other"), ONE_ORDER, TWO_ORDERS, version="v2")

    made = at.provision()

    assert "cannot both be the Wix badge" in str(made.error)
    assert [one.badge for one in unbound(at.site, at.rules, store)] == ["other"]
    assert at.wix.titles == ["One Order", "Two Orders"]


def test_a_title_changed_at_wix_is_told_once_and_stays(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, DRESSED)
    at.provision()
    at.wix.rename(at.wix_id(), "Erste Bestellung")

    told = read_anew(at)

    assert told.renamed == (Renamed(badge="one-order", was="One Order", title="Erste Bestellung"),)
    assert read_anew(at).renamed == ()
    assert bound(at).title == "Erste Bestellung"
    dressed(at, description="Thanks a lot")
    at.provision()
    assert at.wix.titles == ["Erste Bestellung"], "the file's title did not change"
    dressed(at, description="Thanks a lot", title="Order No. 1")
    at.provision()
    assert at.wix.titles == ["Order No. 1"]
    assert read_anew(at).renamed == (), "our own change is nothing to tell"


# ---------------------------------------------------------------- looks


def test_nothing_is_asked_where_nothing_changed(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, DRESSED, TWO_ORDERS)
    at.provision()
    before = calls(at)

    for _ in range(3):
        at.wait(hours=1)
        at.provision()

    assert calls(at) == before


def test_a_look_that_the_file_changes_is_brought_with_exactly_what_differs(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, DRESSED)
    at.provision()
    assert at.wix.named("update_badge", "get_badge") == [], "it was created as it shall look"
    dressed(at, background="#00AA00", description="")

    assert at.provision().changed == 1

    look = at.wix.get_badge(at.wix_id()).look
    assert look == replace(RED, background="#00AA00", description="")
    assert at.provision().changed == 0
    assert len(at.wix.named("update_badge")) == 1


def test_a_look_changed_in_the_dashboard_stays_until_the_file_changes(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, DRESSED)
    at.provision()
    by_hand = at.wix.get_badge(at.wix_id())
    at.wix.update_badge(by_hand.id, by_hand.revision, background="#123456", text="#000000")

    read_anew(at)
    assert at.wix.get_badge(at.wix_id()).look.background == "#123456"

    dressed(at, description="Thanks a lot")
    at.provision()
    look = at.wix.get_badge(at.wix_id()).look
    assert (look.background, look.description) == ("#AA0000", "Thanks a lot")
    assert look.text == "#000000", "the file never said which"


def test_a_badge_found_by_its_title_is_brought_to_the_look_that_the_file_says(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, DRESSED)
    at.wix.stand("One Order", Look(title="One Order", description="?", text="#222222"))

    made = at.provision()

    assert (made.found, made.changed) == (1, 1)
    assert at.wix.get_badge(at.wix_id()).look == replace(RED, text="#222222")


def test_a_badge_that_the_file_only_names_is_never_changed(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, replace(ONE_ORDER, look=None))
    stands = at.wix.stand("One Order", Look(title="One Order", background="#010203"))
    at.provision()
    at.rules = rules_of(replace(ONE_ORDER, look=None, title="Other"), version="v2")

    at.provision()

    assert at.wix.get_badge(stands.id) == stands
    assert at.wix.named("update_badge", "move_badge") == []
    assert bound(at).look is None


def test_a_look_that_the_file_gives_up_is_the_owners_from_then_on(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, DRESSED)
    at.provision()
    at.rules = rules_of(replace(DRESSED, look=None), version="v2")

    at.provision()

    assert bound(at).look is None
    assert at.wix.named("update_badge") == []


def test_somebody_who_changes_it_meanwhile_costs_one_more_reading(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, DRESSED)
    at.provision()
    at.wix.script("update_badge", StaleRevision("changed"))
    dressed(at, background="#00AA00")

    assert at.provision().changed == 1
    assert at.wix.get_badge(at.wix_id()).look.background == "#00AA00"
    assert len(at.wix.named("get_badge")) == 3, "two of ours, and one of this test"


def test_two_stale_revisions_leave_it_for_the_next_time(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, DRESSED)
    at.provision()
    at.wix.script("update_badge", StaleRevision("changed"), StaleRevision("changed"))
    dressed(at, background="#00AA00")

    first = at.provision()

    assert isinstance(first.error, StaleRevision)
    assert len(at.wix.named("update_badge")) == 2
    assert (at.provision().changed, at.provision().changed) == (1, 0)


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_to_an_update_is_settled_by_reading(
    store: SqlStore, clock: Clock, applied: bool
) -> None:
    at = Stage(store, clock, DRESSED)
    at.provision()
    at.wix.script("update_badge", Fault(error=lost(), applied=applied))
    dressed(at, background="#00AA00")

    first = at.provision()

    assert isinstance(first.error, Ambiguous) is not applied
    at.provision()
    assert at.wix.get_badge(at.wix_id()).look.background == "#00AA00"
    assert len(at.wix.named("update_badge")) == (1 if applied else 2)


@pytest.mark.parametrize("error", [AlreadyExists("another has it"), Refused("no"), NotSent("-")])
def test_a_look_that_cannot_be_brought_stops_no_award(
    store: SqlStore, clock: Clock, error: Exception
) -> None:
    at = Stage(store, clock, DRESSED)
    at.provision()
    at.wix.script("update_badge", error)
    dressed(at, title="Taken")
    at.rules = rules_of(*at.rules.milestones, TWO_ORDERS, version="v3")

    made = at.provision()

    assert made.error
    assert made.created == 1
    at.earn("ada")
    at.assign_all()
    assert at.wix.standing["Two Orders", "ada"] == 1
    assert bound(at).look == replace(RED, title="Taken"), "and it was tried again"


# ---------------------------------------------------------------- order


def in_file(at: Stage, *numbers: int) -> None:
    at.rules = rules_of(*(FIVE[number - 1] for number in numbers), version=str(numbers))


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        ((1, 2, 3, 4, 5), (1, 2, 3, 4, 5), 0),
        ((1, 2, 3, 4, 5), (5, 1, 2, 3, 4), 1),
        ((1, 2, 3, 4, 5), (2, 3, 4, 5, 1), 1),
        ((1, 2, 3, 4, 5), (5, 4, 3, 2, 1), 4),
        ((1, 2, 3, 4, 5), (1, 3, 5), 0),
        ((1, 2, 4), (1, 2, 3, 4), 1),
        ((2,), (1, 2), 1),
        ((), (3, 1, 2), 2),
    ],
)
def test_badges_stand_in_the_order_of_the_file_by_as_few_moves_as_can_be(
    store: SqlStore, clock: Clock, before: tuple[int, ...], after: tuple[int, ...], moves: int
) -> None:
    at = Stage(store, clock)
    at.wix.stand("The owner's")
    in_file(at, *before)
    at.provision()
    in_file(at, *after)

    assert at.provision().moved == moves

    titles = [FIVE[number - 1].title for number in after]
    assert [title for title in shown(at) if title in titles] == titles
    assert at.provision().moved == 0


@pytest.mark.parametrize("error", [lost(), Paced("later", seconds=3)])
def test_an_order_that_is_cut_off_is_brought_to_its_end(
    store: SqlStore, clock: Clock, error: Exception
) -> None:
    at = Stage(store, clock)
    in_file(at, 1, 2, 3, 4, 5)
    at.provision()
    in_file(at, 5, 4, 3, 2, 1)
    at.wix.script("move_badge", None, None, error)

    first = at.provision()
    second = at.provision()

    assert (first.moved, first.error, second.moved, second.error) == (2, error, 2, None)
    assert shown(at) == [one.title for one in reversed(FIVE)]


# ---------------------------------------------------------------- binding


def test_two_workers_who_provision_at_once_make_one_badge(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    other = list[BaseException]()

    def provision_too() -> None:
        try:
            at.provision()
        except Later as late:
            other.append(late)

    at.wix.meanwhile("create_badge", provision_too)

    assert at.provision().created == 1

    assert len(other) == 1
    assert at.wix.titles == ["One Order"]
    at.wait(seconds=130)
    assert at.provision().created == 0


def test_a_worker_whose_list_is_older_than_what_another_bound_makes_no_twin(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    list_now = at.wix.badges

    def list_late() -> list[WixBadge]:
        at.wix.badges = list_now  # type: ignore[method-assign]
        before = list_now()
        at.provision()
        return before

    at.wix.badges = list_late  # type: ignore[method-assign]

    with pytest.raises(Later):
        at.provision()
    assert at.wix.titles == ["One Order"]


# ---------------------------------------------------------------- gone


def gone_with(at: Stage, *members: str) -> str:
    """The badge was given to these members, and then the owner deleted it."""
    at.earn(*members)
    at.assign_all()
    was = at.wix_id()
    at.wix.drop_badge(was)
    return was


def rounds(at: Stage, number: int) -> None:
    for _ in range(number):
        at.wait(hours=1)
        at.provision()
        at.decide_due()
        at.assign_all()


def test_a_badge_deleted_while_it_is_given_pauses_with_one_alert_and_is_not_made_again(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    gone_with(at, "ada")
    at.earn("bob")
    at.assign_all()

    assert at.awards("ada", "bob") == dict.fromkeys(
        [("ada", "one-order"), ("bob", "one-order")], State.PAUSED
    )
    assert alerts(at) == [(Kind.BADGE_GONE, "one-order")]
    told = bound(at).gone_at
    at.earn("cyd")
    rounds(at, 10)

    assert at.award("cyd").state is State.HELD
    assert at.award("cyd").reason == BADGE_GONE
    assert alerts(at) == [(Kind.BADGE_GONE, "one-order")]
    assert bound(at).gone_at == told
    assert at.wix.titles == []
    assert len(at.wix.named("create_badge")) == 1
    assert len(at.wix.sent) == 2, "nobody is sent to it any more"


def test_the_alert_names_the_cure(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    gone_with(at, "ada")
    read_anew(at)

    with store.read() as tx:
        [alert] = tx.alerts.open([at.site])
    assert "badgejobs provision shop --recreate one-order" in alert.text


def test_a_reading_notices_what_is_gone_and_a_list_that_lags_is_not_believed(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    at.wix.lag = timedelta(minutes=5)
    at.provision()

    assert read_anew(at).gone == (), "the list does not show either yet"

    at.wait(minutes=6)
    at.wix.drop_badge(at.wix_id("two-orders"))
    assert read_anew(at).gone == ("two-orders",)
    assert alerts(at) == [(Kind.BADGE_GONE, "two-orders")]


def test_what_cannot_be_confirmed_is_not_gone(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    gone_with(at, "ada")
    at.wix.script("get_badge", lost())

    assert read_anew(at).gone == ()
    assert at.award().state is State.ASSIGNED
    assert read_anew(at).gone == ("one-order",)


def test_a_reading_that_fails_stops_nothing_else(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, DRESSED)
    at.provision()
    dressed(at, background="#00AA00")
    at.wix.script("badges", lost())

    made = read_anew(at)

    assert (isinstance(made.error, Ambiguous), made.changed) == (True, 1)


@pytest.mark.parametrize("name", ["get_badge", "update_badge", "move_badge"])
def test_a_badge_found_gone_while_it_is_dressed_or_moved_waits_like_any_other(
    store: SqlStore, clock: Clock, name: str
) -> None:
    at = Stage(store, clock, DRESSED, TWO_ORDERS)
    at.earn("ada")
    at.assign_all()
    was = at.wix_id()
    look = replace(RED, background="#00AA00") if name != "move_badge" else RED
    at.rules = rules_of(TWO_ORDERS, replace(DRESSED, look=look), version="v2")
    if name == "get_badge":
        at.wix.drop_badge(was)
    else:
        at.wix.meanwhile(name, lambda: at.wix.drop_badge(was))

    made = at.provision()

    assert (made.gone, made.error) == (("one-order",), None)
    assert at.award("ada", "one-order").state is State.PAUSED
    at.provision()
    assert at.provision().error is None


def test_the_other_badges_of_a_batch_are_given_though_one_is_gone(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    at.earn("ada", "bob")
    at.wix.drop_badge(at.wix_id("one-order"))

    at.assign_all()

    assert set(at.wix.standing) == {("Two Orders", "ada"), ("Two Orders", "bob")}
    assert alerts(at) == [(Kind.BADGE_GONE, "one-order")]


def test_a_lost_answer_of_a_badge_that_is_gone_waits_with_it(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.script("create", lost())
    at.assign_all()
    assert at.award().state is State.UNKNOWN
    at.wix.drop_badge(at.wix_id())
    read_anew(at)

    assert at.award().state is State.PAUSED


def test_what_a_worker_that_died_had_in_hand_waits_once_it_is_free(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.script("create", Fault(error=WorkerKilled()))
    with pytest.raises(WorkerKilled):
        at.assign()
    at.wix.drop_badge(at.wix_id())
    read_anew(at)
    assert at.award().state is State.INFLIGHT
    with pytest.raises(Later):
        anew(at)

    at.wait(minutes=5)
    at.recover()
    at.provision()

    assert at.award().state is State.PAUSED
    anew(at)
    at.decide_due()
    at.assign_all()
    assert at.wix.standing == {("One Order", "ada"): 1}


def test_retry_leaves_what_waits_for_a_badge_that_is_gone(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    at.earn("ada")
    at.wix.drop_badge(at.wix_id("one-order"))
    at.wix.members_gone.add("ada")
    at.assign_all()
    assert at.award("ada", "two-orders").state is State.BLOCKED

    with store.begin() as tx:
        assert tx.awards.revive(at.site) == 1

    assert at.award("ada", "one-order").state is State.PAUSED
    assert at.award("ada", "two-orders").state is State.PENDING


def test_very_many_awards_of_a_badge_that_is_gone_wait_and_begin_anew_in_short_transactions(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    many = CHUNK + 2
    at.provision()
    at.record(*(at.order(f"o{n}", f"m{n}") for n in range(many)))
    at.decide_due()
    at.assign_all()
    at.wix.drop_badge(at.wix_id())

    read_anew(at)
    with store.begin() as tx:
        assert tx.awards.states(at.site) == {("one-order", State.PAUSED): many}

    anew(at)
    at.decide_due()
    at.assign_all()
    assert sum(at.wix.standing.values()) == len(at.wix.standing) == many


def test_an_alert_ends_with_its_rule(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    gone_with(at, "ada")
    read_anew(at)
    at.rules = rules_of(TWO_ORDERS, version="v2")

    at.provision()

    assert alerts(at) == []


# ---------------------------------------------------------------- anew


def test_a_badge_created_anew_is_given_once_to_those_who_earn_it(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    was = gone_with(at, "ada", "bob")
    at.earn("cyd")
    at.assign_all()

    made = anew(at)
    at.decide_due()
    at.assign_all()

    assert (made.created, made.gone, made.error) == (1, (), None)
    assert at.wix_id() != was
    assert alerts(at) == []
    assert at.wix.standing == {("One Order", member): 1 for member in ("ada", "bob", "cyd")}
    assert at.award("ada").giver is Giver.OURS
    assert ("one-order", State.WITHDRAWN, "badge created anew") in at.history("ada")
    rounds(at, 3)
    assert set(at.wix.standing.values()) == {1}


def test_who_earns_it_no_more_and_whom_a_person_took_it_from_do_not_get_it_anew(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    gone_with(at, "ada", "bob", "cyd")
    with store.begin() as tx:
        tx.awards.turn_all(
            at.site,
            "one-order",
            lambda one: one.taken(reason="-") if one.member_id == "bob" else one,
            of={State.ASSIGNED},
            limit=100,
        )
    at.orders.put(*(replace(at.order(f"cyd-{n}", "cyd", marks=(), revision=2)) for n in (1, 2)))
    at.wait(hours=1)
    at.scan()
    read_anew(at)

    anew(at)
    at.decide_due()
    at.assign_all()

    assert at.wix.standing == {("One Order", "ada"): 1}
    assert at.award("bob").state is State.TAKEN
    assert at.award("cyd").state is State.WITHDRAWN


def test_what_a_person_wished_for_is_given_again_whatever_the_facts_say(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    gone_with(at, "ada")
    read_anew(at)
    with store.begin() as tx:
        tx.awards.turn_all(
            at.site,
            "one-order",
            lambda one: replace(one, by_hand=True),
            of={State.PAUSED},
            limit=100,
        )

    anew(at)

    after = at.award()
    assert (after.state, after.by_hand, after.attempt, after.sent_at) == (
        State.PENDING, True, 0, None,
    )  # fmt: skip


def test_the_places_of_a_limit_stay_with_those_who_had_them(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=Lifecycle(first=2)))
    at.earn("ada", "bob", "cyd")
    at.decide_due()
    at.assign_all()
    had = {member for _, member in at.wix.standing}
    assert len(had) == 2
    at.wix.drop_badge(at.wix_id())
    read_anew(at)

    anew(at)
    at.decide_due()
    at.assign_all()

    assert {member for _, member in at.wix.standing} == had
    with store.begin() as tx:
        assert tx.awards.places(at.site, "one-order")[0] == 2


def test_a_badge_that_the_owner_made_anew_by_hand_is_taken(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    gone_with(at, "ada")
    read_anew(at)
    theirs = at.wix.stand("One Order")

    made = anew(at)

    assert (made.created, made.found, at.wix_id()) == (0, 1, theirs.id)
    assert len(at.wix.named("create_badge")) == 1


def test_a_list_that_still_shows_the_gone_badge_does_not_bind_it_again(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    was = gone_with(at, "ada")
    read_anew(at)
    ghost = replace(at.wix.stand("One Order"), id=was)
    at.wix.drop_badge(at.wix.order[-1])
    real = at.wix.badges

    at.wix.badges = lambda: [*real(), ghost]  # type: ignore[method-assign]

    assert anew(at).created == 1
    assert at.wix_id() != was


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("error", [lost(), WorkerKilled()])
def test_a_lost_answer_while_it_is_created_anew_makes_no_twin(
    store: SqlStore, clock: Clock, error: BaseException, applied: bool
) -> None:
    at = Stage(store, clock)
    gone_with(at, "ada")
    read_anew(at)
    at.wix.lag = timedelta(seconds=60)
    at.wix.script("create_badge", Fault(error=error, applied=applied))

    with pytest.raises(type(error)):
        anew(at)
    with pytest.raises(Later):
        anew(at)
    at.wait(seconds=121)
    anew(at)
    at.decide_due()
    at.assign_all()

    assert at.wix.titles == ["One Order"]
    assert at.wix.standing == {("One Order", "ada"): 1}


def test_two_persons_who_create_it_anew_at_once_make_one_badge(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    gone_with(at, "ada")
    read_anew(at)
    late = list[Later]()

    def too() -> None:
        try:
            anew(at)
        except Later as error:
            late.append(error)

    at.wix.meanwhile("create_badge", too)
    anew(at)

    assert len(late) == 1
    assert at.wix.titles == ["One Order"]


@pytest.mark.parametrize(
    ("badge", "word"), [("one-order", "is not gone at Wix"), ("other", "no rule of shop")]
)
def test_only_what_is_gone_is_created_anew(
    store: SqlStore, clock: Clock, badge: str, word: str
) -> None:
    at = Stage(store, clock)
    at.provision()

    with pytest.raises(Refused, match=word):
        anew(at, badge)

    assert at.wix.titles == ["One Order"]


def test_a_badge_of_the_owners_that_is_gone_is_not_ours_to_create(
    store: SqlStore, clock: Clock
) -> None:
    owners = Milestone(badge="vip", title="VIP", look=None, condition=orders_at_least(1))
    at = Stage(store, clock, owners)
    at.wix.stand("VIP")
    gone_with(at, "ada")

    with pytest.raises(Refused, match="create it in the dashboard"):
        anew(at, "vip")

    at.wix.stand("VIP")
    anew(at, "vip")
    at.decide_due()
    at.assign_all()
    assert at.wix.standing == {("VIP", "ada"): 1}
