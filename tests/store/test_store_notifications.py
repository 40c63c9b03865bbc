"""Notifications stand once an award period and channel, and in one hand at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from databases import Clock

from badgejobs.core.award import Award, Giver, State
from badgejobs.core.notification import Channel, Event, Telling
from badgejobs.store import SqlStore, acting
from badgejobs.store.notifications import note

SITE = "shop"
TELLING = Telling(channels=frozenset(Channel), on=frozenset(Event))
HOLDS = timedelta(minutes=1)


def happens(store: SqlStore, member: str, *, was: State, now: State, **told: object) -> None:
    with acting(telling=TELLING), store.begin() as tx:
        before = Award(
            site=SITE, member_id=member, badge="b", state=was, earned_at=tx.now,
            rules_version="1", giver=Giver.OURS,
        )  # fmt: skip
        values = {name: getattr(before, name) for name in Award.__dataclass_fields__}
        after = Award(**values | {"state": now} | told)
        note(tx._connection, [(before, after)], now=tx.now)


def test_a_row_stands_once_a_period_event_and_channel(store: SqlStore) -> None:
    for _ in range(2):
        happens(store, "ann", was=State.INFLIGHT, now=State.ASSIGNED)
        happens(store, "ann", was=State.REVOKING, now=State.REVOKED)
    happens(store, "ann", was=State.INFLIGHT, now=State.ASSIGNED, period=2)
    happens(store, "bob", was=State.INFLIGHT, now=State.ASSIGNED, silent=True)
    happens(store, "bob", was=State.INFLIGHT, now=State.ASSIGNED, giver=Giver.PERSON)
    happens(store, "bob", was=State.REVOKING, now=State.TAKEN, by_hand=True)
    happens(store, "bob", was=State.ASSIGNED, now=State.ASSIGNED)
    happens(store, "bob", was=State.REVOKING, now=State.ASSIGNED)
    with store.read() as tx:
        found = tx.notifications.listed([SITE], failed=False, limit=99)
        assert tx.notifications.numbers([SITE]) == {
            (SITE, name): {"waiting": number, "told": 0, "given up": 0}
            for name, number in (("mail", 2), ("mail taken", 1), ("webhook", 2),
                                 ("webhook taken", 1))
        }  # fmt: skip
    assert {(one.event, one.period) for one in found} == {
        (Event.GIVEN, 1), (Event.TAKEN, 1), (Event.GIVEN, 2),
    }  # fmt: skip
    assert len({one.id for one in found}) == len(found) == 6


def test_what_is_in_one_hand_is_passed_over_until_the_claim_is_over(
    store: SqlStore, clock: Clock
) -> None:
    for member in ("ann", "bob", "cid"):
        happens(store, member, was=State.INFLIGHT, now=State.ASSIGNED)
    with store.begin() as tx:
        assert tx.notifications.due_sites([SITE]) == [SITE]
        mine = tx.notifications.claim(SITE, Channel.WEBHOOK, limit=2, holds=HOLDS)
        others = tx.notifications.claim(SITE, Channel.WEBHOOK, limit=9, holds=HOLDS)
        assert [one.member_id for one in mine + others] == ["ann", "bob", "cid"]
        assert tx.notifications.claim(SITE, Channel.WEBHOOK, limit=9, holds=HOLDS) == []
    clock.advance(minutes=2)
    with store.begin() as tx:
        again = tx.notifications.claim(SITE, Channel.WEBHOOK, limit=9, holds=HOLDS)
        assert [one.id for one in again] == [one.id for one in mine + others]
        assert tx.notifications.told(mine) == 0, "another has it in hand"
        assert tx.notifications.told(again[:1]) == 1
        assert tx.notifications.put_off([(again[1], None, "gone", True)]) == 1
        assert tx.notifications.put_off([(again[2], tx.now, "later", False)]) == 1
        assert tx.notifications.given_up(SITE, Channel.WEBHOOK) == 1
        failed = tx.notifications.listed([SITE], failed=True, limit=9)
        assert {(one.member_id, one.tries, one.last_error) for one in failed} == {
            ("bob", 1, "gone"), ("cid", 0, "later"),
        }  # fmt: skip
        assert tx.notifications.revive(SITE) == 1
        assert tx.notifications.postpone(SITE, until=tx.now + HOLDS) == 2
        assert tx.notifications.due_sites([SITE]) == []


@pytest.mark.parametrize("configured", [(), ("other",)])
def test_a_site_that_is_not_served_is_not_due(store: SqlStore, configured: tuple[str, ...]) -> None:
    happens(store, "ann", was=State.INFLIGHT, now=State.ASSIGNED)
    with store.read() as tx:
        assert tx.notifications.due_sites(configured) == []


def test_what_waits_is_never_forgotten_and_what_is_over_is_after_a_while(
    store: SqlStore, clock: Clock
) -> None:
    for member in ("ann", "bob", "cid"):
        happens(store, member, was=State.INFLIGHT, now=State.ASSIGNED)
    with store.begin() as tx:
        assert tx.notifications.next_try(SITE) is None
        ann, bob, cid = tx.notifications.claim(SITE, Channel.WEBHOOK, limit=9, holds=HOLDS)
        tx.notifications.told([ann])
        again_at = tx.now + timedelta(hours=1)
        tx.notifications.put_off([(bob, None, "gone", True), (cid, again_at, "away", True)])
        assert tx.notifications.next_try(SITE) == again_at
        later = tx.now + timedelta(days=9)
        assert tx.notifications.postpone(SITE, until=later, channel=Channel.WEBHOOK) == 0
        assert tx.notifications.postpone(SITE, until=later, channel=Channel.MAIL) == 0
    clock.advance(days=8)
    with store.begin() as tx:
        assert tx.notifications.prune(timedelta(days=9)) == 0
        assert tx.notifications.prune(timedelta(days=7)) == 2
        left = tx.notifications.listed([SITE], failed=False, limit=9)
    assert sorted((one.member_id, one.channel) for one in left) == [
        ("ann", "mail"), ("bob", "mail"), ("cid", "mail"), ("cid", "webhook"),
    ]  # fmt: skip
