from __future__ import annotations

from datetime import UTC, datetime, timedelta

from databases import Clock

from badgejobs.core.award import Award, Giver, State
from badgejobs.core.drift import Drift, Kind
from badgejobs.core.identity import keyed
from badgejobs.store import SqlStore
from badgejobs.store.tables import slot

EARNED = datetime(2026, 1, 1, tzinfo=UTC)


def of(member: str, kind: Kind = Kind.MISSING, badge: str = "b", site: str = "shop") -> Drift:
    return Drift(site=site, member_id=member, badge=badge, kind=kind, at_wix=0, note="so")


def found(store: SqlStore, *differences: Drift) -> None:
    with store.begin() as tx:
        tx.drifts.found("shop", differences)


def stands(store: SqlStore) -> list[tuple[str, str]]:
    with store.read() as tx:
        return [(one.member_id, one.badge) for one in tx.drifts.of("shop", limit=100)]


def test_since_when_a_pair_differs_so_is_kept_and_begins_anew_with_another_kind(
    store: SqlStore, clock: Clock
) -> None:
    first = clock()
    found(store, of("ada"))
    clock.advance(hours=1)
    found(store, of("ada"))
    with store.read() as tx:
        (one,) = tx.drifts.of("shop", limit=9)
    assert (one.first_seen_at, one.seen_at, one.note) == (first, clock(), "so")
    found(store, of("ada", Kind.TAKEN))
    with store.read() as tx:
        (one,) = tx.drifts.of("shop", limit=9)
        assert tx.drifts.since("shop", Kind.TAKEN, before=clock()) == {("ada", "b")}
        assert not tx.drifts.since("shop", Kind.TAKEN, before=first)
        assert not tx.drifts.since("shop", Kind.MISSING, before=clock())
    assert (one.kind, one.first_seen_at) == (Kind.TAKEN, clock())


def test_what_a_reading_did_not_find_is_forgotten_but_of_badges_that_are_doubted(
    store: SqlStore, clock: Clock
) -> None:
    found(store, of("ada"), of("bob"), of("ada", badge="doubted"))
    with store.begin() as tx:
        tx.drifts.found("north", [of("ada", site="north")])
    began = clock.advance(hours=1)
    found(store, of("ada"))
    clock.advance(minutes=5)  # a reading is written in many transactions
    found(store, of("cyd"))
    with store.begin() as tx:
        assert tx.drifts.close("shop", before=began, but=["doubted"]) == 1
    assert stands(store) == [("ada", "b"), ("cyd", "b"), ("ada", "doubted")]
    with store.begin() as tx:
        assert tx.drifts.close("shop", before=began) == 1
        assert tx.drifts.numbers(["north"]) == {("north", Kind.MISSING): 1}


def test_differences_are_listed_by_kind_and_counted(store: SqlStore) -> None:
    many = [of(f"m{n:04}", Kind.TAKEN) for n in range(900)]
    found(store, of("ada"), of("bob", Kind.EXTRA), *many)
    with store.begin() as tx:
        assert len(tx.drifts.of("shop", limit=1000, kind=Kind.TAKEN)) == 900
        assert [one.member_id for one in tx.drifts.of("shop", limit=9, kind=Kind.EXTRA)] == ["bob"]
        tx.drifts.over("shop", [(f"m{n:04}", "b") for n in range(900)])
        assert tx.drifts.numbers(["shop"]) == {("shop", Kind.MISSING): 1, ("shop", Kind.EXTRA): 1}


# ---------------------------------------------------------------- the ledger, compared


def award(member: str, state: State = State.ASSIGNED, badge: str = "b") -> Award:
    return Award(
        site="shop",
        member_id=member,
        badge=badge,
        state=state,
        earned_at=EARNED,
        rules_version="v1",
        giver=Giver.PERSON,
        assignment_id=f"a-{member}",
    )


def test_awards_are_gone_through_in_parts_and_none_twice(store: SqlStore) -> None:
    members = [f"{name}{n:03}" for n in range(120) for name in ("Z", "a", "é", "-")]
    with store.begin() as tx:
        assert tx.comparing.record([award(one) for one in members]) == len(members)
        tx.comparing.record([award("ada", State.TAKEN), award("bob", State.WITHDRAWN)])
        tx.comparing.record([award("ada", badge="other")])
    seen = list[str]()
    after = ("", "")
    with store.read() as tx:
        while some := tx.comparing.known(
            "shop", ["b"], [State.ASSIGNED, State.TAKEN], after=after, limit=7
        ):
            seen += [one.award.member_id for one in some]
            after = (some[-1].award.member_id, some[-1].award.badge)
    assert sorted(seen) == sorted([*members, "ada"])


def test_what_is_recorded_already_is_left_as_it_is(store: SqlStore, clock: Clock) -> None:
    with store.begin() as tx:
        assert tx.comparing.record([award("ada"), award("bob")]) == 2
        assert tx.comparing.record([]) == 0
    clock.advance(hours=1)
    with store.begin() as tx:
        assert tx.comparing.record([award("ada", State.TAKEN), award("cyd")]) == 1
        kept = tx.comparing.of("shop", [("ada", "b"), ("cyd", "b"), ("eve", "b")], lock=True)
        assert {pair: one.award.state for pair, one in kept.items()} == dict.fromkeys(
            [("ada", "b"), ("cyd", "b")], State.ASSIGNED
        )
        assert kept["ada", "b"].changed_at == clock() - timedelta(hours=1)
        (line,) = tx.awards.history("shop", "ada")
        assert (line.from_state, line.to_state, line.actor) == (
            None,
            State.ASSIGNED,
            "a person at Wix",
        )
        used = tx._connection.execute(slot.select().where(slot.c.badge == "b")).one().used
        assert used == 3, "what stands takes a place of a badge with a limit, once"


def test_what_is_written_under_a_lock_holds_all_of_the_award(store: SqlStore, clock: Clock) -> None:
    marked = Award(
        **{name: getattr(award("ada"), name) for name in Award.__dataclass_fields__}
        | {"unmet_since": EARNED, "unmet_because": "expired", "revoke_at": EARNED}
    )
    with store.begin() as tx:
        tx.comparing.record([marked])
    with store.begin() as tx:
        one = tx.comparing.of("shop", [("ada", "b")], lock=True)["ada", "b"].award
        tx.comparing.write([(one, one.taken(reason="so"))])
    with store.read() as tx:
        one = tx.comparing.of("shop", [("ada", "b")], lock=False)["ada", "b"].award
    assert (one.state, one.unmet_since, one.unmet_because, one.revoke_at) == (
        State.TAKEN,
        None,
        "",
        None,
    )


def test_an_award_that_another_is_writing_is_left_out_and_not_waited_for(
    store: SqlStore, database_url: str
) -> None:
    with store.begin() as tx:
        tx.comparing.record([award("ada"), award("bob")])
    both = [("ada", "b"), ("bob", "b")]
    with store.begin() as one:
        assert one.comparing.of("shop", [("ada", "b")], lock=True)
        if database_url.startswith("sqlite"):
            return  # a transaction for writing is alone there
        with store.begin() as other:
            assert set(other.comparing.of("shop", both, lock=True)) == {("bob", "b")}
            assert set(other.comparing.of("shop", both, lock=False)) == set(both)


def test_only_those_who_were_erased_are_told_as_such(store: SqlStore) -> None:
    with store.begin() as tx:
        assert tx.comparing.erased("shop", ["ada", "bob"]) == frozenset()
    store.digest = keyed(b"a key of this test's own, long enough")
    with store.begin() as tx:
        tx.erasing.erase("shop", "ada")
    with store.begin() as tx:
        assert tx.comparing.erased("shop", ["ada", "bob"]) == {"ada"}
        assert tx.comparing.erased("north", ["ada", "bob"]) == frozenset()
        assert tx.comparing.erased("shop", []) == frozenset()
