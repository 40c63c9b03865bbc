"""What guests bought: counted as the policy says, in the very page that tells whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from databases import Clock
from stage import Stage, milestone

from badgejobs.core import identity
from badgejobs.core.activity import Activity, Link, Mark
from badgejobs.core.award import State
from badgejobs.core.identity import keyed
from badgejobs.core.milestone import Count, Selection
from badgejobs.core.policy import OrderPolicy
from badgejobs.flow.erase import erase, to_erase
from badgejobs.flow.unlink import unlink
from badgejobs.store import SqlStore, open_store

KEY = keyed(b"made-up key of this test, long enough")


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    opened = open_store(database_url, clock=clock, digest=KEY)
    yield opened
    opened.dispose()


def stage(store: SqlStore, clock: Clock, *guests: Link) -> Stage:
    policy = OrderPolicy(guests=frozenset(guests))
    return Stage(
        store, clock,
        milestone("buyer", Count(of=Selection(source="orders", policy=policy), gte=1)),
    )  # fmt: skip


def guests_order(at: Stage, key: str, *, contact: str = "k1", email: str = "a@b") -> Activity:
    found = {identity.contact(contact, KEY), identity.email(email, KEY)}
    return replace(at.order(key, None), identities=frozenset(found))


def member(at: Stage, name: str, *, contact: str = "k1", email: str = "") -> None:
    """A page of members tells of one; the address is one that they proved."""
    found = {identity.contact(contact, KEY)} | ({identity.email(email, KEY)} if email else set())
    at.record(replace(at.joined(name, at.clock()), identities=frozenset(found)))


BOTH = (Link.CONTACT, Link.VERIFIED_EMAIL)
POLICIES = [
    # the policy, whether the address is the member's, whether the order counts
    ((), True, False),
    ((Link.VERIFIED_EMAIL,), True, True),
    ((Link.VERIFIED_EMAIL,), False, False),
    (BOTH, True, True),
    (BOTH, False, True),
]


@pytest.mark.parametrize(("policy", "proved", "counts"), POLICIES)
def test_a_guests_order_counts_only_as_its_policy_says(
    store: SqlStore, clock: Clock, policy: tuple[Link, ...], proved: bool, counts: bool
) -> None:
    at = stage(store, clock, *policy)
    member(at, "ada", email="a@b" if proved else "")
    at.provision()
    at.orders.put(guests_order(at, "o1"))
    at.scan()
    at.assign_all()
    assert at.wix.standing == ({("Buyer", "ada"): 1} if counts else {})
    assert {*at.facts("ada")["ada"]} == {"ada", "o1"}


def test_an_order_found_later_moves_the_day_back_and_gives_nothing_twice(
    store: SqlStore, clock: Clock
) -> None:
    at = stage(store, clock, *BOTH)
    at.provision()
    first = clock()
    at.orders.put(guests_order(at, "o1", contact="old"))
    at.wait(days=1)
    at.orders.put(at.order("o2", "ada"))
    at.scan()
    at.assign_all()
    given = at.award()
    assert given.crossed_by == "o2"
    member(at, "ada", contact="old")
    at.orders.put(at.order("o3", "ada"))
    at.scan()
    at.assign_all()
    assert (at.award().earned_at, at.award().crossed_by) == (first, "o1")
    assert at.award().state is State.ASSIGNED
    assert at.wix.standing == {("Buyer", "ada"): 1}


def test_what_is_unlinked_before_it_was_sent_is_withdrawn_at_once(
    store: SqlStore, clock: Clock
) -> None:
    at = stage(store, clock, *BOTH)
    member(at, "ada")
    at.provision()
    at.orders.put(guests_order(at, "o1"))
    at.scan()
    assert at.award().state is State.PENDING
    with store.read() as tx:
        [made] = tx.links.of(at.site)
    decided = unlink(at.site, made.id, at.rules, store)
    assert decided
    assert decided.withdrawn == 1
    at.orders.put(replace(guests_order(at, "o1"), revision=2))
    at.scan()
    assert at.award().state is State.WITHDRAWN


def test_without_rules_the_unlinked_are_noted_to_be_decided(store: SqlStore, clock: Clock) -> None:
    at = stage(store, clock, *BOTH)
    member(at, "ada")
    at.record(guests_order(at, "o1"))
    with store.read() as tx:
        [made] = tx.links.of(at.site)
    assert unlink(at.site, made.id, None, store) is None
    with store.begin() as tx:
        [request] = tx.requests.open_ids([at.site], 9)
        found = tx.requests.get(request)
    assert found
    assert found.member_id == "ada"


def test_erased_stays_erased_whatever_is_read_again(store: SqlStore, clock: Clock) -> None:
    at = stage(store, clock, *BOTH)
    member(at, "ada", email="a@b")
    at.provision()
    at.orders.put(guests_order(at, "o1"), at.order("o2", "ada"), at.order("o3", "bob"))
    at.scan()
    at.assign_all()
    foreseen = to_erase(at.site, "ada", store)
    assert erase(at.site, "ada", store) == foreseen
    assert foreseen["activities"] == 3
    assert foreseen["awards"] == 1
    creates = len(at.wix.named("create", "create_many"))

    at.wait(days=8)  # a re-scan and an audit are due
    late = guests_order(at, "o4", email="A@B", contact="k2")
    at.orders.put(late, replace(at.order("o2", "ada"), revision=9))
    at.scan()
    member(at, "ada", email="a@b")
    at.decide_due()
    at.assign_all()
    assert at.facts("ada") == {"ada": {}}
    assert at.awards("ada") == {}
    assert len(at.wix.named("create", "create_many")) == creates
    assert at.facts("bob")["bob"]["o3"].marks >= {Mark.PAID}
    assert at.wix.standing == {("Buyer", "ada"): 1, ("Buyer", "bob"): 1}, "Wix is left alone"
