"""What a person gives and takes by command: exactly once, and no rule undoes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from databases import Clock
from stage import ONE_ORDER, TIMING, Stage, milestone, orders_at_least, rules_of
from wix_double import Fault, lost

from badgejobs.core.activity import Mark
from badgejobs.core.award import Award, Giver, State
from badgejobs.core.byhand import Answer, Wish
from badgejobs.core.identity import keyed
from badgejobs.core.milestone import Lifecycle
from badgejobs.errors import Refused, SettingsError
from badgejobs.flow.byhand import Wanted, grant, revoke, would_grant
from badgejobs.store import SqlStore, open_store
from badgejobs.store.acting import acting

BADGE = "one-order"
ADA = ("ada", BADGE)
REFUNDED = (Mark.APPROVED, Mark.PAID, Mark.REFUNDED)


def shop(store: SqlStore, clock: Clock, lifecycle: Lifecycle | None = None) -> Stage:
    """A site with one badge, bound, whose history is known."""
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=lifecycle or Lifecycle()))
    at.provision()
    at.scan()
    at.decide_due()
    return at


def give(at: Stage, member: str = "ada", note: str = "for the fair") -> Answer:
    with acting(actor="mara", note=note):
        answers = grant(
            at.site, [Wanted(member_id=member, badge=BADGE)], at.rules, at.store,
            quiet_period=TIMING.quiet_period,
        )  # fmt: skip
    return answers[member, BADGE]


def take(at: Stage, member: str = "ada", *, removes_access: bool = False) -> Answer:
    with acting(actor="mara", note="spam"):
        return revoke(
            at.site, (member, BADGE), at.rules, at.wix, at.store,
            quiet_period=TIMING.quiet_period, removes_access=removes_access,
        )  # fmt: skip


def buys(at: Stage, *members: str) -> None:
    for member in members:
        at.wait(seconds=1)
        at.orders.put(at.order(f"{member}-1", member))
    at.scan()


def refunds(at: Stage, member: str) -> None:
    at.wait(seconds=1)
    known = at.orders.records[f"{member}-1"]
    at.orders.put(
        replace(
            known, marks=frozenset(REFUNDED), updated_at=at.clock(), revision=known.revision + 1
        )
    )
    at.scan()


def put(at: Stage, award: Award) -> None:
    """The award as some stage left it."""
    with at.store.begin() as tx:
        known = tx.byhand.known(at.site, [(award.member_id, award.badge)])
        before = known.get((award.member_id, award.badge))
        tx.byhand.write([(before.award if before else None, award)], {})


def stood(at: Stage) -> int:
    return at.wix.standing["One Order", "ada"]


def lines(at: Stage) -> list[tuple[str, State, str, str]]:
    """The history of ada: (actor, state, reason, note)."""
    with at.store.read() as tx:
        changes = tx.awards.history(at.site, "ada")
    return [(one.actor, one.to_state, one.reason, one.note) for one in changes]


def test_a_badge_that_a_person_grants_is_given_once_and_is_theirs(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock)
    assert give(at).wish is Wish.TO_DO
    assert at.assign_all()["claimed"] == 1
    given = at.award()
    assert (given.state, given.giver, given.by_hand) == (State.ASSIGNED, Giver.PERSON, True)
    assert stood(at) == 1
    assert give(at).wish is Wish.ALREADY
    assert at.assign() is None
    assert stood(at) == 1
    assert [(who, state) for who, state, _, _ in lines(at)] == [
        ("mara", State.PENDING),
        ("a person by command", State.INFLIGHT),
        ("a person by command", State.ASSIGNED),
    ]
    assert lines(at)[0][2:] == ("granted by hand", "for the fair")


def test_a_lost_answer_of_a_grant_is_settled_by_reading_and_never_sent_twice(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock)
    at.wix.script("create", Fault(error=lost(), applied=True))
    give(at)
    at.assign_all()
    assert at.award().state is State.UNKNOWN
    later = give(at)
    assert later.wish is Wish.WAIT
    assert later.again_at == at.clock() + TIMING.quiet_period
    at.wait(seconds=121)
    at.assign_all()
    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.PERSON)
    assert stood(at) == 1


def test_what_the_owner_gave_in_the_dashboard_is_found_and_not_given_again(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock)
    at.wix.give(at.wix_id(), "ada")
    give(at)
    assert at.assign_all() == {"claimed": 1, "found": 1}
    assert stood(at) == 1


def test_facts_do_not_enter_into_what_a_person_grants(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, Lifecycle(revokes=True))
    buys(at, "ada")
    give(at)
    refunds(at, "ada")
    assert at.award().state is State.PENDING
    at.rules = rules_of(milestone(BADGE, orders_at_least(9)), version="v2")
    at.decide_due()
    at.assign_all()
    assert at.award().state is State.ASSIGNED
    at.decide_due()
    assert at.unmet() == {}


def test_a_badge_that_a_rule_gave_becomes_a_persons_and_no_rule_takes_it(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, Lifecycle(revokes=True))
    buys(at, "ada")
    at.assign_all()
    assert at.award().giver is Giver.OURS
    assert give(at, note="").wish is Wish.KEPT
    kept = at.award()
    assert (kept.state, kept.giver, kept.by_hand) == (State.ASSIGNED, Giver.PERSON, True)
    assert lines(at)[-1] == ("mara", State.ASSIGNED, "kept by hand", "")
    refunds(at, "ada")
    assert at.unmet() == {}
    assert stood(at) == 1


@pytest.mark.parametrize("state", [State.HELD, State.WITHDRAWN, State.BLOCKED])
def test_what_the_rules_do_not_give_now_a_person_can(
    store: SqlStore, clock: Clock, state: State
) -> None:
    at = shop(store, clock)
    buys(at, "ada")
    put(at, replace(at.award(), state=state, reason="for a reason", attempt=1))
    assert give(at).wish is Wish.TO_DO
    assert (at.award().attempt, at.award().by_hand) == (0, True)
    at.assign_all()
    assert at.award().state is State.ASSIGNED
    assert stood(at) == 1


def test_what_needs_attention_is_looked_for_before_it_is_given(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock)
    buys(at, "ada")
    at.wix.give(at.wix_id(), "ada")
    put(at, replace(at.award(), state=State.NEEDS_ATTENTION, attempt=3))
    give(at)
    assert at.award().state is State.UNKNOWN
    at.assign_all()
    assert at.award().state is State.ASSIGNED
    assert stood(at) == 1


def test_a_badge_that_is_gone_at_wix_cannot_be_granted(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock)
    buys(at, "ada")
    put(at, replace(at.award(), state=State.PAUSED))
    assert give(at) == Answer(wish=Wish.BADGE_GONE)


def test_a_grant_waits_while_a_worker_has_the_award_in_hand(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock)
    buys(at, "ada")
    with store.begin() as tx:
        claimed = tx.awards.claim(at.site, limit=1, holds=timedelta(seconds=45))
    assert claimed
    answer = give(at)
    assert (answer.wish, answer.again_at) == (Wish.WAIT, at.clock() + timedelta(seconds=45))
    assert not at.award().by_hand
    at.wait(seconds=46)
    assert give(at).wish is Wish.TO_DO


def test_a_grant_goes_before_what_the_rules_give(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock)
    at.batch = 1
    buys(at, "bob", "cyd")
    at.wait(seconds=5)
    give(at)
    at.assign()
    assert at.awards("ada", "bob", "cyd") == {
        ADA: State.ASSIGNED,
        ("bob", BADGE): State.PENDING,
        ("cyd", BADGE): State.PENDING,
    }


def test_a_look_at_what_would_be_granted_writes_nothing(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock)
    told = would_grant(
        at.site, [Wanted(member_id="ada", badge=BADGE)], at.rules, store,
        quiet_period=TIMING.quiet_period,
    )  # fmt: skip
    assert told[ADA].wish is Wish.TO_DO
    assert at.awards("ada") == {}
    assert lines(at) == []


def test_a_badge_without_a_rule_or_without_a_badge_at_wix_is_refused_with_the_cure(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER)
    with pytest.raises(SettingsError, match="badgejobs sync shop"):
        give(at)
    with pytest.raises(SettingsError, match="they have: one-order"):
        grant(
            at.site, [Wanted(member_id="ada", badge="gold")], at.rules, store,
            quiet_period=TIMING.quiet_period,
        )  # fmt: skip


def test_of_a_member_who_was_erased_nothing_is_recorded_again(
    database_url: str, clock: Clock
) -> None:
    store = open_store(database_url, clock=clock, digest=keyed(b"key"))
    at = shop(store, clock)
    with store.begin() as tx:
        tx.erasing.erase(at.site, "ada")
    with pytest.raises(Refused, match="erased"):
        give(at)
    with pytest.raises(Refused, match="erased"):
        take(at)
    assert give(at, "bob").wish is Wish.TO_DO
    assert at.awards("ada") == {}
    store.dispose()


# ---------------------------------------------------------------- places


def places(at: Stage) -> tuple[int, int]:
    with at.store.read() as tx:
        return tx.awards.places(at.site, BADGE)


def test_who_is_granted_a_badge_with_a_limit_stands_in_no_line_and_leaves_theirs_to_another(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, Lifecycle(first=1))
    buys(at, "ada", "bob")
    assert at.awards("ada", "bob") == {ADA: State.PENDING, ("bob", BADGE): State.HELD}
    give(at)
    assert at.awards("ada", "bob") == {ADA: State.PENDING, ("bob", BADGE): State.PENDING}
    at.assign_all()
    assert at.awards("ada", "bob") == {ADA: State.ASSIGNED, ("bob", BADGE): State.ASSIGNED}


def test_who_is_not_to_have_a_badge_uses_no_place_of_it(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, Lifecycle(first=1))
    buys(at, "ada", "bob")
    assert take(at).wish is Wish.NOT_TO_BE_GIVEN
    assert at.awards("ada", "bob") == {ADA: State.TAKEN, ("bob", BADGE): State.PENDING}
    assert places(at) == (0, 1)
    assert take(at, "cyd").wish is Wish.NOT_TO_BE_GIVEN
    assert places(at) == (0, 1)


# ---------------------------------------------------------------- taking


def test_a_badge_that_a_person_revokes_is_to_be_taken_whoever_gave_it(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock)
    buys(at, "ada")
    at.assign_all()
    assert take(at).wish is Wish.TO_DO
    award = at.award()
    assert (award.state, award.by_hand, award.reason) == (
        State.REVOKING, True, "revoked by hand"
    )  # fmt: skip
    assert take(at) == Answer(wish=Wish.TO_DO)
    assert lines(at)[-1] == ("mara", State.REVOKING, "revoked by hand", "spam")
    # settled, it is a person's word, and kept as such
    put(at, award.revoking(at.clock(), TIMING, claim="x").removed())
    assert (at.award().state, at.award().reason) == (State.TAKEN, "revoked by hand")
    assert lines(at)[-1][0] == "a person by command"


def test_what_was_revoked_by_hand_no_rule_gives_again_and_a_person_can(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock)
    buys(at, "ada")
    at.assign_all()
    at.wait(seconds=300)
    take(at)
    at.wix.take(at.wix_id(), "ada")
    put(at, at.award().removed())
    at.decide_due()
    buys(at, "ada")
    assert at.award().state is State.TAKEN
    # Wix may show it still: who was sure of it now would find what is gone
    assert give(at).wish is Wish.WAIT
    at.wait(seconds=121)
    assert give(at).wish is Wish.TO_DO
    assert at.award().period == 2
    at.assign_all()
    assert at.award().state is State.ASSIGNED
    assert stood(at) == 1


def test_a_badge_that_waits_to_be_given_is_given_no_more(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock)
    buys(at, "ada")
    assert take(at).wish is Wish.NOT_TO_BE_GIVEN
    assert at.award().state is State.TAKEN
    at.decide_due()
    assert at.assign() is None
    assert take(at).wish is Wish.ALREADY


def test_a_badge_of_which_nothing_is_recorded_is_taken_where_wix_shows_it(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock)
    standing = at.wix.give(at.wix_id(), "ada")
    assert take(at).wish is Wish.TO_DO
    award = at.award()
    assert (award.state, award.giver) == (State.REVOKING, Giver.PERSON)
    assert award.assignment_id == standing.id


def test_who_never_had_a_badge_is_not_to_be_given_it(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock)
    assert take(at).wish is Wish.NOT_TO_BE_GIVEN
    buys(at, "ada")
    assert at.award().state is State.TAKEN
    assert lines(at) == [("mara", State.TAKEN, "revoked by hand", "spam")]


def test_a_badge_that_opens_pages_is_taken_only_where_that_is_said(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, Lifecycle(stated=True))
    buys(at, "ada")
    at.assign_all()
    at.wix.open_pages(at.wix_id())  # a moment ago: no reading has told of it
    with pytest.raises(Refused, match="--yes-this-removes-access"):
        take(at)
    assert at.award().state is State.ASSIGNED
    assert take(at, removes_access=True).wish is Wish.TO_DO


def test_a_revocation_waits_while_a_create_is_under_way(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock)
    buys(at, "ada")
    at.wix.script("create", lost())
    at.assign_all()
    assert at.award().state is State.UNKNOWN
    assert take(at).wish is Wish.WAIT
    assert at.award().state is State.UNKNOWN


def test_a_badge_that_is_gone_at_wix_is_not_to_be_given_when_it_is_made_anew(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock)
    buys(at, "ada", "bob")
    at.wix.drop_badge(at.wix_id())
    assert take(at).wish is Wish.NOT_TO_BE_GIVEN
    put(at, replace(at.award("bob"), state=State.ASSIGNED, giver=Giver.OURS, assignment_id="x"))
    assert take(at, "bob").wish is Wish.NOT_TO_BE_GIVEN
    assert at.awards("ada", "bob") == {ADA: State.TAKEN, ("bob", BADGE): State.TAKEN}


def test_what_a_rule_is_taking_a_person_takes_for_good(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock)
    buys(at, "ada")
    at.assign_all()
    put(at, replace(at.award(), state=State.REVOKING, reason="expired"))
    assert take(at).wish is Wish.TO_DO
    assert at.award().by_hand
    put(at, replace(at.award(), by_hand=False, claim="x", claimed_until=at.clock()))
    assert take(at).wish is Wish.WAIT


@pytest.mark.parametrize("cleared", [False, True])
def test_what_was_taken_a_moment_ago_is_given_by_hand_though_queries_show_it_still(
    store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch, *, cleared: bool
) -> None:
    at = shop(store, clock, Lifecycle(stated=True, revokes=True))
    buys(at, "ada")
    at.assign_all()
    shown = at.wix.assignments([at.wix_id()])
    assert shown
    if cleared:
        take(at)
        at.revoke_all()
        with store.begin() as tx:
            assert tx.comparing.clear_overrides(at.site, [ADA]) == 1
    else:
        refunds(at, "ada")
        at.revoke_all()
        at.wait(seconds=1)
        known = at.orders.records["ada-1"]
        marks = frozenset({Mark.APPROVED, Mark.PAID})
        revision = known.revision + 1
        at.orders.put(replace(known, marks=marks, updated_at=clock(), revision=revision))
        at.scan()
        assert at.award().state is State.PENDING
    assert give(at).wish is Wish.TO_DO

    with monkeypatch.context() as lagging:
        lagging.setattr(at.wix, "assignments", lambda *_: shown)
        at.assign_all()
    assert at.award().state is State.PENDING
    at.wait(minutes=3)
    at.assign_all()

    assert at.wix.standing == {("One Order", "ada"): 1}
    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.PERSON)


def test_what_stands_and_is_not_shown_yet_is_taken_by_hand_once_it_is(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock)
    buys(at, "ada")
    at.wix.lag = timedelta(seconds=60)
    at.wix.meanwhile("before create", lambda: at.wix.give(at.wix_id(), "ada"))
    at.assign_all()
    assert at.award().assignment_id is None
    assert take(at).wish is Wish.TO_DO
    at.revoke_all()
    assert at.award().state is State.REVOKING
    at.wait(minutes=3)
    at.revoke_all()
    assert at.award().state is State.TAKEN
    assert at.wix.standing == {}
