"""What an operator looks at is what happened, counted by hand, each row once page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeVar

from databases import Clock

from badgejobs.core.activity import Unreadable
from badgejobs.core.award import Award, Giver, State, Timing
from badgejobs.core.byhand import Answer, granted, revoked
from badgejobs.core.drift import Drift, Kind
from badgejobs.core.ledger import Earned
from badgejobs.core.overview import Day, DriftLine, QuarantineLine, RunLine, Step
from badgejobs.store import SqlStore, acting

Row = TypeVar("Row")

#: The last second of a day of UTC.
LATE = datetime(2026, 2, 27, 23, 59, 59, 999_999, tzinfo=UTC)


def opened(store: SqlStore, badge: str, *members: str, hold: str = "") -> None:
    with store.begin() as tx:
        tx.bindings.bind("s", badge, f"wix-{badge}")
        earned = [
            Earned(member_id=one, badge=badge, earned_at=tx.now, hold=hold) for one in members
        ]
        tx.awards.open("s", earned, rules_version="v1")


def settled(store: SqlStore, becomes: Callable[[Award], Award]) -> None:
    """All that waits is sent, and becomes that."""
    with store.begin() as tx:
        claimed = tx.awards.claim("s", limit=9, holds=timedelta(minutes=1))
        assert claimed
        sent = [becomes(one.sent(tx.now, Timing())) for one in claimed.awards]
        tx.awards.settle(sent, claim=claimed.token)


def given(one: Award) -> Award:
    return one.given("a", Giver.OURS)


def world(store: SqlStore, clock: Clock) -> None:
    """Over four days, gold: three given, one of them taken, and iron: one given, two not yet."""
    clock.now = LATE
    opened(store, "gold", "ada", "bob")
    settled(store, given)
    clock.now = LATE + timedelta(microseconds=1)  # the next day of UTC
    opened(store, "gold", "cid")
    opened(store, "iron", "ada")
    settled(store, given)
    clock.advance(days=1)
    opened(store, "iron", "bob", hold="limit")
    opened(store, "iron", "cid")
    settled(store, lambda one: one.lost(clock(), Timing(), reason="the answer was lost"))
    clock.advance(hours=9)
    with store.begin() as tx, acting(actor="ann by command"):
        ada = tx.awards.of_members("s", ["ada"])["ada", "gold"]
        tx.comparing.write([(ada, ada.taken(reason="taken by a person"))])


def test_badges_days_and_happenings_of_a_small_world_are_as_counted_by_hand(
    store: SqlStore, clock: Clock
) -> None:
    world(store, clock)
    with store.begin() as tx:
        tx.bindings.bind("s", "new", "wix-new")
        tx.bindings.note_titles("s", {"gold": "Gold Member"})
        tx.bindings.note_places("s", {"iron": 1, "gold": 2})
        tx.progress.replace("s", {"gold": {0: 5, 10: 3}})
        # another site's are not mixed in
        tx.awards.open(
            "t", [Earned(member_id="ada", badge="gold", earned_at=tx.now)], rules_version="v1"
        )
    with store.read() as tx:
        iron, gold, new = tx.views.badges("s")
        assert (iron.badge, gold.badge, new.badge) == ("iron", "gold", "new")
        assert gold.states == {State.ASSIGNED: 2, State.TAKEN: 1}
        assert (gold.title, gold.holders, gold.members, gold.percent) == ("Gold Member", 2, 8, 25)
        assert gold.last_given_at == LATE + timedelta(microseconds=1)
        assert (iron.title, iron.holders, iron.members) == ("iron", 1, None)
        assert (iron.pending, iron.held, iron.needs_attention) == (1, 1, 0)
        assert (new.holders, new.states, new.last_given_at) == (0, {}, None)

        first = date(2026, 2, 27)
        told = [(2, 0), (2, 0), (0, 1)]
        assert tx.views.days("s", badge=None, last=3) == [
            Day(day=first + timedelta(days=n), given=given, taken=taken)
            for n, (given, taken) in enumerate(told)
        ]
        of_iron = tx.views.days("s", badge="iron", last=2)
        assert [(one.given, one.taken) for one in of_iron] == [(1, 0), (0, 0)]

        latest = tx.views.happenings("s", badge=None, limit=4)
        assert [(one.member, one.badge, one.state) for one in latest] == [
            ("ada", "gold", State.TAKEN),
            ("cid", "iron", State.UNKNOWN),
            ("cid", "iron", State.PENDING),
            ("bob", "iron", State.HELD),
        ]
        assert (latest[0].at, latest[0].by) == (clock(), "ann by command")
        assert "ada" not in repr(latest[0])
        every = tx.views.happenings("s", badge="gold", limit=99)
        assert [one.state for one in every] == [
            State.TAKEN, *[State.ASSIGNED, State.PENDING],
            *[State.ASSIGNED] * 2, *[State.PENDING] * 2,
        ]  # fmt: skip

        funnel = tx.views.funnel("s")
        assert funnel.made_at == clock()
        assert funnel.steps == (
            Step(badge="gold", step=0, members=5), Step(badge="gold", step=10, members=3),
        )  # fmt: skip
        assert tx.fleet_lines.holders(["s", "t", "none"]) == {"s": 3}


def by_hand(store: SqlStore, badge: str, member: str, command: Callable[..., Answer]) -> None:
    """A person's command about an award, as far as the ledger is concerned."""
    with store.begin() as tx, acting(actor="ann by command"):
        known = tx.byhand.known("s", [(member, badge)]).get((member, badge))
        fresh = Award(
            site="s", member_id=member, badge=badge, state=State.PENDING, earned_at=tx.now,
            rules_version="by hand", by_hand=True,
        )  # fmt: skip
        if command is revoked:
            command = partial(revoked, standing=None)
        answer = command(fresh, known, now=tx.now, quiet_period=timedelta(minutes=2))
        assert answer.after is not None
        tx.byhand.write([(known.award if known else None, answer.after)], {})


def days_of(store: SqlStore, badge: str) -> list[tuple[int, int]]:
    """What was given and taken on the last three days."""
    with store.read() as tx:
        return [(one.given, one.taken) for one in tx.views.days("s", badge=badge, last=3)]


def test_a_badge_that_is_kept_by_hand_was_not_given_again(store: SqlStore, clock: Clock) -> None:
    clock.now = LATE
    opened(store, "gold", "ada", "bob")
    settled(store, given)
    clock.advance(days=1)
    by_hand(store, "gold", "ada", granted)
    clock.advance(days=1)
    assert days_of(store, "gold") == [(2, 0), (0, 0), (0, 0)]
    with store.read() as tx:
        [gold] = tx.views.badges("s")
        ada, bob = tx.people.holders("s", "gold", after=None, limit=9)
        [latest, *_] = tx.views.happenings("s", badge="gold", limit=9)
    assert gold.last_given_at == ada.since == bob.since == LATE
    assert (ada.giver, latest.kind, latest.by) == (Giver.PERSON, "kept", "ann by command")


def test_a_badge_that_is_found_to_be_a_persons_was_not_given_again(
    store: SqlStore, clock: Clock
) -> None:
    clock.now = LATE
    opened(store, "gold", "ada")
    settled(store, given)
    clock.advance(days=1)
    with store.begin() as tx:
        ada = tx.awards.of_members("s", ["ada"])["ada", "gold"]
        tx.comparing.write([(ada, replace(ada, giver=Giver.PERSON))])
    with store.read() as tx:
        [holder] = tx.people.holders("s", "gold", after=None, limit=9)
    assert (holder.giver, holder.since) == (Giver.PERSON, LATE)
    assert days_of(store, "gold") == [(0, 0), (1, 0), (0, 0)]


def test_a_badge_that_is_forbidden_to_who_has_it_not_was_not_taken(
    store: SqlStore, clock: Clock
) -> None:
    clock.now = LATE
    opened(store, "gold", "ada")
    settled(store, given)
    by_hand(store, "gold", "bob", revoked)
    assert days_of(store, "gold") == [(0, 0), (0, 0), (1, 0)]
    with store.read() as tx:
        [latest, *_] = tx.views.happenings("s", badge="gold", limit=9)
    assert (latest.member, latest.kind) == ("bob", "not to be given")


def test_a_badge_whose_removal_did_not_happen_was_neither_taken_nor_given_again(
    store: SqlStore, clock: Clock
) -> None:
    clock.now = LATE
    opened(store, "gold", "ada")
    settled(store, given)
    clock.advance(days=1)
    with store.begin() as tx:
        stands = tx.awards.of_members("s", ["ada"])["ada", "gold"]
        going = stands.revoking(tx.now, Timing(), claim="c")
        tx.comparing.write([(stands, going)])
        stays = going.not_removed(tx.now, wait=60, reason="Wix answered 503", sent_before=False)
        tx.comparing.write([(going, stays)])
    assert days_of(store, "gold") == [(0, 0), (1, 0), (0, 0)]


def test_badges_that_went_with_their_badge_at_wix_are_held_no_more_and_were_so_before(
    store: SqlStore, clock: Clock
) -> None:
    clock.now = LATE
    opened(store, "gold", "ada", "bob")
    settled(store, given)
    clock.advance(days=1)
    with store.begin() as tx:
        tx.awards.turn_all("s", "gold", Award.badge_gone, of={State.ASSIGNED}, limit=9)
    assert days_of(store, "gold") == [(0, 0), (2, 0), (0, 2)]


def more(store: SqlStore, number: int) -> None:
    """A run of now, one at the same moment of another site, and rows on all sides."""
    names = [f"{place}-{number}" for place in "az"]
    with store.begin() as tx:
        for site in ("s", "t"):
            run = tx.runs.start(site, "assign", started_by="cli")
            tx.runs.finish(run, numbers={"given": number}, error="503" if number else None)
        tx.drifts.found(
            "s",
            [Drift(site="s", member_id=n, badge=b, kind=Kind.EXTRA, at_wix=1)
             for n in names for b in ("gold", "iron")],
        )  # fmt: skip
        tx.quarantine.add(
            [Unreadable(source=source, activity_id=n, reason="no date")
             for n in names for source in ("comments", "orders")],
            site="s", generation=0,
        )  # fmt: skip


def test_a_list_tells_each_row_once_though_rows_come_between_its_pages(
    store: SqlStore, clock: Clock
) -> None:
    began = clock()

    def walked(page: Callable[[Row | None], Sequence[Row]]) -> list[Row]:
        found = list[Row]()
        while some := page(found[-1] if found else None):
            found += some
            if len(found) < 12:  # else a list would never end
                clock.advance(minutes=1)
                more(store, len(found) + 100)
        return found

    for number in range(3):
        more(store, number)

    def runs(last: RunLine | None) -> list[RunLine]:
        after = (last.started_at, last.id) if last else None
        with store.read() as tx:
            return tx.views.runs(None, after=after, limit=2, failed=True)

    def drift(last: DriftLine | None) -> list[DriftLine]:
        after = (last.member, last.badge) if last else None
        with store.read() as tx:
            return tx.views.drift("s", after=after, limit=3)

    def quarantine(last: QuarantineLine | None) -> list[QuarantineLine]:
        after = (last.source, last.id) if last else None
        with store.read() as tx:
            return tx.views.quarantine("s", after=after, limit=5)

    told = walked(runs)
    assert [(one.site, dict(one.numbers)) for one in told] == [
        ("t", {"given": 2}), ("s", {"given": 2}), ("t", {"given": 1}), ("s", {"given": 1}),
    ]  # fmt: skip
    assert {one.started_at for one in told} == {began}
    pairs = [(one.member, one.badge) for one in walked(drift)]
    records = [(one.source, one.id) for one in walked(quarantine)]
    for keys, of_three in (
        (
            pairs,
            {(f"{p}-{n}", badge) for p in "az" for n in range(3) for badge in ("gold", "iron")},
        ),
        (
            records,
            {(s, f"{p}-{n}") for p in "az" for n in range(3) for s in ("comments", "orders")},
        ),
    ):
        assert keys == sorted(keys)
        assert len(set(keys)) == len(keys)
        assert of_three <= set(keys)


def test_a_run_that_never_ended_is_told_as_lost_and_not_while_it_may_still_work(
    store: SqlStore, clock: Clock
) -> None:
    with store.begin() as tx:
        tx.runs.start("s", "assign", started_by="worker")
    lost = []
    for minutes in (10, 1):
        clock.advance(minutes=minutes)
        with store.read() as tx:
            [one] = tx.views.runs("s", after=None, limit=9, failed=False)
            lost.append((one.lost, len(tx.views.runs("s", after=None, limit=9, failed=True))))
    assert lost == [(False, 0), (True, 1)]
