"""Which members the lines of a list mean, asked a hundred at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pytest

from badgejobs.core.grant_list import Entry
from badgejobs.core.wixfacts import Addressee, WixMember
from badgejobs.errors import PermissionMissing
from badgejobs.flow import matching
from badgejobs.flow.matching import Matching, matched
from badgejobs.store import SqlStore

BADGES = {"gold"}


class People:
    """The members of a Wix site, and the calls that ask for them."""

    def __init__(self, *ids: str, closed: bool = False) -> None:
        self.ids, self.closed = set(ids), closed
        self.addresses = dict[str, list[Addressee]]()
        self.asked = list[int]()

    def logs_in(self, address: str, member_id: str, *, is_proved: bool = True) -> None:
        who = Addressee(member_id=member_id, is_proved=is_proved)
        self.addresses.setdefault(address, []).append(who)

    def members(self, member_ids: Collection[str]) -> Mapping[str, WixMember]:
        self._hear(member_ids)
        return {one: WixMember(id=one) for one in self.ids & set(member_ids)}

    def members_by_email(self, addresses: Collection[str]) -> Mapping[str, Sequence[Addressee]]:
        self._hear(addresses)
        return {one: self.addresses[one] for one in addresses if one in self.addresses}

    def _hear(self, names: Collection[str]) -> None:
        if self.closed:
            raise PermissionMissing("members may not be read")
        self.asked.append(len(names))


def match(store: SqlStore, people: People, *entries: Entry) -> Matching:
    return matched("shop", entries, BADGES, people, store)


def by_id(line: int, member_id: str, badge: str = "gold") -> Entry:
    return Entry(line=line, member_id=member_id, badge=badge)


def by_email(line: int, email: str) -> Entry:
    return Entry(line=line, email=email, badge="gold")


def test_an_address_finds_the_one_member_who_proved_it_however_it_is_written(
    store: SqlStore,
) -> None:
    people = People()
    people.logs_in("ada@example.com", "ada")
    people.logs_in("bob@example.com", "bob", is_proved=False)
    people.logs_in("twin@example.com", "cyd")
    people.logs_in("twin@example.com", "dan")
    found = match(
        store, people, by_email(2, "ADA@Example.com"), by_email(3, "bob@example.com"),
        by_email(4, "twin@example.com"), by_email(5, "eve@example.com"),
    )  # fmt: skip
    assert set(found.wanted) == {("ada", "gold")}
    assert [(one.line, one.why) for one in found.unused] == [
        (3, matching.NOT_PROVED),
        (4, matching.SEVERAL),
        (5, matching.NOBODY),
    ]


def test_an_id_that_the_site_does_not_have_and_a_badge_that_it_cannot_give_are_told(
    store: SqlStore,
) -> None:
    found = match(store, People("ada"), by_id(2, "ada"), by_id(3, "eve"), by_id(4, "ada", "silver"))
    assert set(found.wanted) == {("ada", "gold")}
    assert [(one.line, one.why) for one in found.unused] == [
        (3, matching.NO_SUCH_MEMBER),
        (4, matching.NO_SUCH_BADGE),
    ]


def test_one_member_named_twice_is_granted_once(store: SqlStore) -> None:
    people = People("ada")
    people.logs_in("ada@example.com", "ada")
    found = match(store, people, by_id(2, "ada"), by_email(3, "ada@example.com"))
    assert (len(found.wanted), found.repeated, found.unused) == (1, 1, [])
    assert found.lines["ada", "gold"].line == 2


def test_where_members_may_not_be_read_ids_are_taken_as_they_are_and_addresses_never(
    store: SqlStore,
) -> None:
    people = People(closed=True)
    found = match(store, people, by_id(2, "ada"))
    assert (set(found.wanted), found.ids_checked) == ({("ada", "gold")}, False)
    with pytest.raises(PermissionMissing):
        match(store, people, by_email(3, "ada@example.com"))


def test_ten_thousand_lines_cost_a_call_for_each_hundred(store: SqlStore) -> None:
    people = People(*(f"m{n}" for n in range(5000)))
    for n in range(5000):
        people.logs_in(f"a{n}@example.com", f"a{n}")
    entries = [by_id(n, f"m{n}") for n in range(5000)]
    entries += [by_email(5000 + n, f"a{n}@example.com") for n in range(5000)]
    found = match(store, people, *entries)
    assert (len(found.wanted), found.unused) == (10_000, [])
    assert people.asked == [100] * 100
