"""Erased is erased: no row, no byte, and nothing that comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import Clock
from sqlalchemy import insert, select

from badgejobs.core import identity
from badgejobs.core.activity import Activity, Mark, Unreadable
from badgejobs.core.award import Giver, Timing
from badgejobs.core.drift import Drift, Kind
from badgejobs.core.identity import keyed
from badgejobs.core.ledger import Earned, WakeUp
from badgejobs.core.wixfacts import WixAssignment
from badgejobs.errors import SettingsError
from badgejobs.store import SqlStore, open_store
from badgejobs.store.tables import METADATA, notification

T0 = datetime(2026, 1, 1, tzinfo=UTC)
KEY = keyed(b"made-up key of this test, long enough")
ADA, BOB = "ada-of-the-canary-house", "bob-of-the-other-house"


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    opened = open_store(database_url, clock=clock, digest=KEY)
    yield opened
    opened.dispose()


def fact(source: str, key: str, member: str | None, **fields: Any) -> Activity:
    plain = Activity(
        site="s",
        source=source,
        activity_id=key,
        member_id=member,
        occurred_at=T0,
        updated_at=T0,
        marks=frozenset({Mark.APPROVED, Mark.PAID}),
    )
    return replace(plain, **fields)


def guest(key: str, *, contact: str = "", email: str = "") -> Activity:
    found = {identity.contact(contact, KEY)} if contact else set()
    found |= {identity.email(email, KEY)} if email else set()
    return fact("orders", key, None, identities=frozenset(found))


def person(member: str, *, contact: str, email: str) -> Activity:
    return fact(
        "membership",
        member,
        member,
        marks=frozenset({Mark.JOINED}),
        identities=frozenset({identity.contact(contact, KEY), identity.email(email, KEY)}),
    )


def comment(key: str, member: str) -> Activity:
    return fact("comments", key, member, part="blog", post="p1", marks=frozenset({Mark.PUBLISHED}))


#: All that Wix tells, in the order of a first scan.
HISTORY = (
    fact("orders", "o1", ADA),
    guest("o2", contact="ka"),
    guest("o3", email="ada@canary.example"),
    fact("orders", "o4", BOB),
    guest("o5", contact="kb"),
    guest("o6", contact="nobody"),
    comment("c1", ADA),
    comment("c2", BOB),
    person(ADA, contact="ka", email="ada@canary.example"),
    person(BOB, contact="kb", email="bob@canary.example"),
)


def record(store: SqlStore, *activities: Activity, generation: int = 0) -> None:
    with store.begin() as tx:
        for one in activities:
            tx.activities.record([one], site="s", source=one.source, generation=generation)


def lived(store: SqlStore) -> None:
    """Both members have done all that leaves a row."""
    record(store, *HISTORY)
    with store.begin() as tx:
        bad = Unreadable(source="orders", activity_id="o1", reason="total: not a number")
        other = replace(bad, activity_id="o4")
        tx.quarantine.add([bad, other], site="s", generation=0)
        for member in (ADA, BOB):
            earned = Earned(member_id=member, badge="founder", earned_at=T0)
            tx.awards.open("s", [earned], rules_version="v1")
            tx.requests.add("s", member)
            tx.wake_ups.replace("s", [member], [WakeUp(member_id=member, at=T0)])
            differs = Drift(site="s", member_id=member, badge="founder", kind=Kind.EXTRA, at_wix=1)
            tx.drifts.found("s", [differs])
            tx._connection.execute(
                insert(notification),
                {
                    "site": "s",
                    "member_id": member,
                    "badge": "founder",
                    "period": 1,
                    "tries": 0,
                    "channel": "hook",
                    "made_at": T0,
                    "due_at": T0,
                    "last_error": "",
                },
            )
        seen = [
            WixAssignment(id=f"of {one}", badge_id="wix-founder", member_id=one, created_at=None)
            for one in (ADA, BOB)
        ]
        begun = tx.sightings.begin("s", ["wix-founder"], instead_of=None)
        tx.sightings.keep("s", begun, begun.turned(None), seen)
        tx.bindings.bind("s", "founder", "wix-founder")
        claimed = tx.awards.claim("s", limit=9, holds=timedelta(minutes=1))
        assert claimed
        sent = [one.sent(tx.now, Timing()).given("a", Giver.OURS) for one in claimed.awards]
        tx.awards.settle(sent, claim=claimed.token)


def erase(store: SqlStore, member: str = ADA) -> dict[str, int]:
    with store.begin() as tx:
        return tx.erasing.erase("s", member)


def everything(store: SqlStore) -> dict[str, set[str]]:
    """All rows of all tables as text, but for what says how often something was counted."""
    with store.begin() as tx:
        return {
            name: {repr(tuple(row)) for row in tx._connection.execute(select(table))}
            for name, table in METADATA.tables.items()
        }


def test_every_row_of_the_erased_goes_and_no_row_of_another(store: SqlStore) -> None:
    lived(store)
    before = everything(store)
    with store.begin() as tx:
        foreseen = tx.erasing.count("s", ADA)
    assert everything(store) == before, "to count changes nothing"
    assert erase(store) == foreseen
    assert foreseen == {
        "activities": 5, "awards": 1, "history": foreseen["history"], "wake_ups": 1, "requests": 1,
        "drift": 1, "sightings": 1, "notifications": 1,
        "identities": 4, "links": 2, "quarantined": 1,
    }  # fmt: skip
    assert foreseen["history"] >= 2
    after = everything(store)
    assert not [row for rows in after.values() for row in rows if ADA in row]
    for name, rows in before.items():
        of_bob = {row for row in rows if BOB in row or "'o6'" in row}
        assert of_bob <= after[name], name
    assert after["slot"] == before["slot"], "places that were used stay used"
    with store.read() as tx:
        assert tx.awards.places("s", "founder") == (2, 0)
        assert tx.resources.known("s", "comments") == {"blog": {"p1": 1}}


def test_a_member_is_told_the_very_rows_that_would_be_erased_and_no_digest(
    store: SqlStore,
) -> None:
    lived(store)
    with store.read() as tx:
        told, foreseen = list(tx.erasing.told("s", ADA)), tx.erasing.count("s", ADA)
    assert Counter(kind for kind, _ in told) == foreseen
    digest = identity.member(ADA, KEY)
    assert not [row for _, row in told if {"digest", "claim"} & {*row} or digest in repr(row)]


def test_what_was_erased_stays_away_under_every_way_of_reading(store: SqlStore) -> None:
    lived(store)
    erase(store)
    left = everything(store)
    record(store, *HISTORY, generation=1)  # a re-scan, and a backfill of a new database
    record(store, *reversed(HISTORY), generation=2)
    late = [
        guest("o7", contact="KA"),
        guest("o8", email="Ada@Canary.example "),
        guest("o9", contact="new", email="ada@canary.example"),
        fact("orders", "o10", ADA),
        comment("c3", ADA),
    ]
    record(store, *late, generation=3)
    after = everything(store)
    for name in ("identity", "link", "tombstone", "resource"):
        assert after[name] == left[name], name
    assert len(after["activity"]) == len(left["activity"])
    with store.read() as tx:
        assert tx.activities.of_members("s", [ADA]) == {}
        assert len(tx.activities.of_members("s", [BOB])[BOB]) == 4

    record(store, guest("o11", contact="kb"), person("ada-anew", contact="k9", email="x@y"))
    with store.read() as tx:
        assert len(tx.activities.of_members("s", [BOB])[BOB]) == 5
        assert len(tx.activities.of_members("s", ["ada-anew"])["ada-anew"]) == 1


def test_erasing_one_touches_nobody_who_shares_an_address(store: SqlStore) -> None:
    shared = "family@canary.example"
    people = [person(ADA, contact="ka", email=shared), person(BOB, contact="kb", email=shared)]
    record(store, *people, guest("o1", contact="kb"), guest("o2", email=shared))
    erase(store)
    record(store, *people, guest("o1", contact="kb"), fact("orders", "o3", BOB))
    with store.read() as tx:
        keys = {one.activity_id for one in tx.activities.of_members("s", [BOB])[BOB]}
        assert tx.activities.of_members("s", [ADA]) == {}
        assert tx.activities.number("s", "orders") == 2, "whose o2 was nobody could tell"
    assert keys == {BOB, "o1", "o3"}


def test_erased_at_one_site_is_not_erased_at_another(store: SqlStore) -> None:
    lived(store)
    erase(store)
    with store.begin() as tx:
        elsewhere = replace(fact("orders", "o1", ADA), site="t")
        tx.activities.record([elsewhere], site="t", source="orders", generation=0)
        assert len(tx.activities.of_members("t", [ADA])[ADA]) == 1


def test_without_the_key_nothing_is_recorded_where_somebody_was_erased(
    store: SqlStore, database_url: str
) -> None:
    lived(store)
    erase(store)
    before = everything(store)
    for wrong in (None, keyed(b"another key")):
        other = open_store(database_url, digest=wrong)
        with pytest.raises(SettingsError, match="identity_key"):
            record(other, fact("orders", "o1", ADA))
        with pytest.raises(SettingsError, match="identity_key"):
            erase(other, BOB)
        other.dispose()
    assert everything(store) == before


def test_a_member_of_whom_nothing_is_known_stays_unknown(store: SqlStore) -> None:
    assert not any(erase(store).values())
    record(store, *HISTORY)
    with store.read() as tx:
        assert {*tx.activities.of_members("s", [ADA, BOB])} == {BOB}


def test_the_file_holds_no_byte_of_the_erased(store: SqlStore) -> None:
    if store._engine.dialect.name != "sqlite":
        assert not [row for rows in everything(store).values() for row in rows if ADA in row]
        return  # what a server keeps of dead rows is its own to clean
    lived(store)
    assert ADA.encode() in contents(store), "what is looked through is what was written"
    erase(store)
    assert ADA.encode() not in contents(store)
    assert BOB.encode() in contents(store)


def contents(store: SqlStore) -> bytes:
    """The bytes of the database's files, after what was committed came into the first of them."""
    with store._engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    file = Path(store._url.database or "")
    return b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
