"""Whose the orders of guests are: found from either side, undone, and never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from databases import Clock
from sqlalchemy import event

from badgejobs.core import identity
from badgejobs.core.activity import Activity, Link, Mark
from badgejobs.core.identity import Identity, keyed
from badgejobs.core.ledger import Recorded
from badgejobs.errors import SettingsError, StateError
from badgejobs.store import SqlStore, open_store
from badgejobs.store.links import LinkRow

T0 = datetime(2026, 1, 1, tzinfo=UTC)
KEY = keyed(b"made-up key of this test, long enough")


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    opened = open_store(database_url, clock=clock, digest=KEY)
    yield opened
    opened.dispose()


def known_by(contact: str | None, email: str | None) -> frozenset[Identity]:
    found = {identity.contact(contact, KEY)} if contact else set()
    return frozenset(found | ({identity.email(email, KEY)} if email else set()))


def order(
    key: str = "o1",
    *,
    contact: str | None = None,
    email: str | None = None,
    member: str | None = None,
    revision: int = 1,
) -> Activity:
    return Activity(
        site="s",
        source="orders",
        activity_id=key,
        member_id=member,
        occurred_at=T0,
        updated_at=T0,
        revision=revision,
        marks=frozenset({Mark.APPROVED, Mark.PAID}),
        amounts={"items": 1250, "total": 1250},
        currency="EUR",
        identities=known_by(contact, email) if member is None else frozenset(),
    )


def person(key: str, *, contact: str | None = None, email: str | None = None) -> Activity:
    """A member; the address is one that they proved."""
    return Activity(
        site="s",
        source="membership",
        activity_id=key,
        member_id=key,
        occurred_at=T0,
        updated_at=T0,
        marks=frozenset({Mark.JOINED}),
        identities=known_by(contact, email),
    )


def record(store: SqlStore, *activities: Activity, generation: int = 0) -> Recorded:
    with store.begin() as tx:
        return tx.activities.record(
            activities, site="s", source=activities[0].source, generation=generation
        )


def owner(store: SqlStore, key: str = "o1") -> tuple[str, Link] | None:
    """The member whose order it is, and by what; ``None`` where it is nobody's."""
    with store.read() as tx:
        members = tx.activities.members_after("s", "", 100)
        found = tx.activities.of_members("s", members)
    for member, activities in found.items():
        for one in activities:
            if (one.source, one.activity_id) == ("orders", key):
                assert one.linked_by, "Wix named no member"
                return member, one.linked_by
    return None


def links(store: SqlStore) -> list[LinkRow]:
    with store.read() as tx:
        return tx.links.of("s")


def logged(store: SqlStore) -> list[tuple[str, str, str | None]]:
    return [(one.member_id, one.kind, one.undone_by) for one in links(store)]


WAYS = [
    ({"contact": "k1"}, {"contact": "K1"}, Link.CONTACT),
    ({"email": " Ada@Shop.example "}, {"email": "ada@shop.example"}, Link.VERIFIED_EMAIL),
    # the stronger of two that agree, so that no policy refuses it
    ({"contact": "k1", "email": "a@b"}, {"contact": "k1", "email": "a@b"}, Link.VERIFIED_EMAIL),
]


@pytest.mark.parametrize(("guest", "member", "kind"), WAYS)
def test_an_order_and_its_member_find_each_other_whichever_comes_first(
    store: SqlStore, guest: dict[str, Any], member: dict[str, Any], kind: Link
) -> None:
    record(store, person("ada", **member))
    assert record(store, order("o1", **guest)).touched == {"ada"}
    assert owner(store, "o1") == ("ada", kind)

    ada2: dict[str, Any] = {name: f"2{text.strip()}" for name, text in member.items()}
    guest2: dict[str, Any] = {name: f"2{text.strip()}" for name, text in guest.items()}
    record(store, order("o2", **guest2))
    assert owner(store, "o2") is None
    assert record(store, person("bob", **ada2)).touched == {"bob"}
    assert owner(store, "o2") == ("bob", kind)
    assert logged(store) == [("ada", kind, None), ("bob", kind, None)]


def test_a_page_that_is_read_again_makes_no_link_twice(store: SqlStore) -> None:
    page = [order("o1", contact="k1"), order("o2", contact="k1", email="a@b")]
    for _ in range(3):
        record(store, *page)
        record(store, person("ada", contact="k1", email="a@b"))
    newer = [replace(one, revision=2) for one in page]
    assert record(store, *newer).changed == 2
    assert record(store, *page).changed == 0, "an older state takes no link away"
    assert owner(store, "o1") == ("ada", Link.CONTACT)
    assert owner(store, "o2") == ("ada", Link.VERIFIED_EMAIL)
    assert len(links(store)) == 2


def test_a_member_who_gains_a_contact_or_an_address_gains_the_orders(store: SqlStore) -> None:
    record(store, order("o1", contact="k1"), order("o2", email="a@b"))
    record(store, person("ada"))
    assert (owner(store, "o1"), owner(store, "o2")) == (None, None)
    assert record(store, person("ada", contact="k1", email="a@b")).touched == {"ada"}
    assert owner(store, "o1") == ("ada", Link.CONTACT)
    assert owner(store, "o2") == ("ada", Link.VERIFIED_EMAIL)


@pytest.mark.parametrize(
    ("guest", "first", "second"),
    [
        ({"email": "a@b"}, {"email": "a@b"}, {"email": "a@b"}),
        ({"contact": "k1"}, {"contact": "k1"}, {"contact": "k1"}),
        ({"contact": "k1", "email": "a@b"}, {"contact": "k1"}, {"email": "a@b"}),
    ],
)
def test_an_order_that_two_members_could_have_placed_is_nobodys(
    store: SqlStore, guest: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    record(store, order("o1", **guest))
    record(store, person("ada", **first))
    assert record(store, person("bob", **second)).touched == {"ada", "bob"}
    assert owner(store) is None
    record(store, order("o2", **guest))
    assert owner(store, "o2") is None
    assert [one.undone_by for one in links(store)] == ["ambiguous"]
    with store.read() as tx:
        totals = tx.links.totals("s")
    assert (totals.linked, totals.ambiguous) == (0, 2)

    # bob has another address, and keeps the contact that he had
    record(store, person("bob", contact="k9", email="new@b"))
    still = None if "contact" in second else "ada"
    for key in ("o1", "o2"):
        found = owner(store, key)
        assert (found and found[0]) == still


def test_who_left_hands_on_what_a_new_member_has_too(store: SqlStore, clock: Clock) -> None:
    record(store, order("o1", email="a@b"))
    record(store, person("ada", email="a@b"), generation=1)
    record(store, person("ada2", email="a@b"), generation=2)
    assert owner(store) is None, "both may still be there"
    gap = timedelta(minutes=10)
    for generation in (3, 4):
        record(store, person("ada2", email="a@b"), generation=generation)
        with store.begin() as tx:
            missing = tx.activities.mark_missing(
                "s", "membership", unseen_since=generation, gap=gap
            )
        clock.advance(minutes=11)
    assert missing.touched == {"ada", "ada2"}
    assert owner(store) == ("ada2", Link.VERIFIED_EMAIL)

    assert record(store, person("ada", email="a@b"), generation=5).touched == {"ada", "ada2"}
    assert owner(store) is None, "she is there again"


def test_who_left_keeps_what_nobody_else_has(store: SqlStore, clock: Clock) -> None:
    record(store, order("o1", email="a@b"))
    record(store, person("ada", email="a@b"), generation=1)
    for generation in (2, 3):
        with store.begin() as tx:
            tx.activities.mark_missing("s", "membership", unseen_since=generation, gap=timedelta(0))
    assert owner(store) == ("ada", Link.VERIFIED_EMAIL)
    assert logged(store) == [("ada", "verified_email", None)]


def test_merged_contacts_bring_the_facts_to_the_contact_that_is_left(store: SqlStore) -> None:
    record(store, order("old", contact="k1"), order("new", contact="k2"))
    record(store, person("ada", contact="k1"))
    assert (owner(store, "old"), owner(store, "new")) == (("ada", Link.CONTACT), None)
    record(store, person("ada", contact="k2"))
    assert owner(store, "old") == owner(store, "new") == ("ada", Link.CONTACT)

    record(store, person("bob", contact="k3"))
    assert record(store, order("old", contact="k3", revision=2)).touched == {"ada", "bob"}
    assert owner(store, "old") == ("bob", Link.CONTACT)
    assert logged(store) == [
        ("ada", "contact", "changed"), ("ada", "contact", None), ("bob", "contact", None)
    ]  # fmt: skip


def test_an_address_that_is_no_longer_a_members_links_nothing_any_more(store: SqlStore) -> None:
    record(store, order("o1", email="old@b"))
    record(store, person("ada", contact="k1", email="old@b"))
    record(store, person("ada", contact="k1", email="new@b"))
    assert owner(store) is None
    record(store, person("bob", email="old@b"))
    assert owner(store) == ("bob", Link.VERIFIED_EMAIL)


def test_an_order_that_names_its_member_at_last_is_theirs_by_wix(store: SqlStore) -> None:
    record(store, person("ada", contact="k1"))
    record(store, order("o1", contact="k1"))
    assert record(store, order("o1", member="bob", revision=2)).touched == {"ada", "bob"}
    with store.read() as tx:
        [found] = tx.activities.of_members("s", ["bob"])["bob"]
        assert not tx.identities.has_guests("s")
    assert (found.member_id, found.linked_by) == ("bob", None)
    assert logged(store) == [("ada", "contact", "wix")]

    record(store, order("o1", contact="k1"))  # an older state, which knows of no member
    record(store, order("o1", contact="k1", revision=3))
    with store.read() as tx:
        assert [one.linked_by for one in tx.activities.of_members("s", ["bob"])["bob"]] == [None]
    assert len(links(store)) == 1


def test_the_member_whom_wix_names_stands_though_an_older_state_came_later(
    store: SqlStore,
) -> None:
    record(store, person("ada", contact="k1"))
    record(store, order("o1", contact="k1", revision=2))
    assert owner(store) == ("ada", Link.CONTACT)
    record(store, order("o1", member="bob"))
    with store.read() as tx:
        [found] = tx.activities.of_members("s", ["bob"])["bob"]
    assert (found.revision, found.linked_by) == (2, None)


def test_a_link_that_was_undone_by_hand_is_never_made_again_by_itself(store: SqlStore) -> None:
    record(store, person("ada", contact="k1", email="a@b"))
    record(store, order("o1", contact="k1"))
    [made] = links(store)
    with store.begin() as tx:
        assert tx.links.undo("s", made.id) == {"ada"}
    for again in (
        order("o1", contact="k1"),
        order("o1", contact="k1", email="a@b", revision=2),
        person("ada", contact="k2", email="a@b"),
    ):
        record(store, again)
        assert owner(store) is None
    record(store, order("o2", contact="k1"))
    assert owner(store, "o2") == ("ada", Link.CONTACT), "another order is another matter"

    record(store, person("bob", contact="k9"))
    record(store, order("o1", contact="k9", revision=3))
    assert owner(store) == ("bob", Link.CONTACT), "so is another member"
    with store.begin() as tx:
        with pytest.raises(StateError, match="undone already"):
            tx.links.undo("s", made.id)
        with pytest.raises(StateError, match="there is no link 99"):
            tx.links.undo("s", 99)
        with pytest.raises(StateError, match="there is no link"):
            tx.links.undo("t", made.id)


def test_sites_of_one_database_share_no_guests(store: SqlStore) -> None:
    record(store, person("ada", contact="k1"))
    elsewhere = replace(order("o1", contact="k1"), site="t")
    with store.begin() as tx:
        tx.activities.record([elsewhere], site="t", source="orders", generation=0)
        assert tx.identities.has_guests("t")
        assert not tx.identities.has_guests("s")
        assert tx.links.of("t") == []


def test_a_page_costs_the_same_whatever_there_is_already(store: SqlStore) -> None:
    def cost(*page: Activity) -> list[str]:
        seen: list[str] = []

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        event.listen(store._engine, "before_cursor_execute", note)
        record(store, *page)
        event.remove(store._engine, "before_cursor_execute", note)
        return seen

    def page(start: int) -> list[Activity]:
        return [order(f"o{n}", contact=f"k{n % 50}") for n in range(start, start + 100)]

    record(store, *(person(f"m{n}", contact=f"k{n}") for n in range(50)))
    few = cost(*page(0))
    record(store, *page(100), *page(200), *page(300), *page(400))
    assert cost(*page(500)) == few
    again = cost(*page(500))
    assert len(again) < len(few)
    assert sum("identity" in one for one in again) == 1, "what is known already is but looked at"
    assert len({link.activity_id for link in links(store)}) == 600


def test_another_key_is_noticed_and_told_with_its_cure(store: SqlStore, database_url: str) -> None:
    with store.begin() as tx:
        tx.identities.require_key()
    with store.begin() as tx:
        tx.identities.require_key()
    other = open_store(database_url, digest=keyed(b"another key"))
    with (
        pytest.raises(SettingsError, match=r"identity_key.*All machines.*same"),
        other.begin() as tx,
    ):
        tx.identities.require_key()
    other.dispose()
