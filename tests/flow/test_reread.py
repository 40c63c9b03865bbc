"""What is quarantined is asked for by itself, batch by batch, and counts once it is understood."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from databases import Clock
from stage import ONE_ORDER, TALKER, Stage
from wix_double import World, WorldComments, WorldOrders, WorldSource

from badgejobs.core.activity import Mark, Unreadable
from badgejobs.core.award import State
from badgejobs.core.milestone import Wants
from badgejobs.core.source import Page
from badgejobs.errors import Ambiguous, BadgeJobsError, PermissionMissing, SourceBroken
from badgejobs.flow.reread import BATCH, Reread, reread
from badgejobs.store import SqlStore

GAP = timedelta(minutes=10)
POISON = "status: unknown"


def asked_for(source: WorldSource, ids: Sequence[str]) -> Page:
    """These records as they are now, as a source of ours would tell them."""
    if fault := source.world.called(f"reread {source.name} {len(ids)}"):
        raise fault.error
    there = [source.records[one] for one in ids if one in source.records]
    return Page(
        activities=tuple(one for one in there if one.activity_id not in source.poisoned),
        unreadable=tuple(
            Unreadable(source=source.name, activity_id=one.activity_id, reason=POISON)
            for one in there
            if one.activity_id in source.poisoned
        ),
    )


class Orders(WorldOrders):
    """Orders that can be asked for by their ids."""

    def reread(self, _client: World, activity_ids: Sequence[str]) -> Page:
        return asked_for(self, activity_ids)


class Comments(WorldComments):
    """Comments that can be asked for by their ids."""

    def reread(self, _client: World, activity_ids: Sequence[str]) -> Page:
        return asked_for(self, activity_ids)


@pytest.fixture
def shop(store: SqlStore, clock: Clock) -> Stage:
    at = Stage(store, clock, ONE_ORDER, TALKER)
    at.orders, at.comments = Orders(at.wix, page_size=200), Comments(at.wix)
    at.provision()
    return at


def poison(at: Stage, *ids: str) -> None:
    """Orders that cannot be understood, each of a member named like it, come and are read."""
    at.orders.put(*(at.order(one, f"of {one}") for one in ids))
    at.orders.poisoned.update(ids)
    at.scan()


def again(
    at: Stage, *, wants: Wants | None = None, only: Collection[str] = (), stop_after: int = 99
) -> Reread:
    """Ask for what is due, in slices that end after so many looks at the time."""
    sources = {one.name: one for one in (at.orders, at.comments)}
    looks = iter(range(1, 1000))
    return reread(
        at.site,
        lambda name: None if only and name not in only else sources[name],
        at.wix,
        lambda: at.rules,
        at.store,
        wants=wants or at.rules.wants,
        miss_gap=GAP,
        time_is_up=lambda: next(looks) >= stop_after,
    )


def left(at: Stage) -> list[str]:
    with at.store.read() as tx:
        return [one.activity_id for one in tx.quarantine.listed([at.site])]


def calls(at: Stage) -> list[str]:
    return [one.name for one in at.wix.calls if one.name.startswith("reread")]


def test_what_is_understood_now_counts_and_leaves_quarantine(shop: Stage) -> None:
    poison(shop, "o1", "o2")
    assert shop.awards("of o1") == {}
    assert again(shop) == Reread()
    shop.orders.poisoned.remove("o1")
    shop.wait(days=1)

    done = again(shop)

    assert (done.asked, done.understood, done.quarantined, done.new, done.opened) == (2, 1, 1, 1, 1)
    assert shop.awards("of o1") == {("of o1", "one-order"): State.PENDING}
    assert left(shop) == ["o2"]
    assert again(shop) == Reread()
    assert calls(shop) == ["reread orders 2"]


def test_what_was_known_before_stays_while_its_new_state_is_not_understood(shop: Stage) -> None:
    shop.orders.put(shop.order("o1"))
    shop.scan()
    before = shop.facts("ada")
    shop.wait(minutes=1)
    shop.orders.put(shop.order("o1", marks=[Mark.APPROVED, Mark.PAID, Mark.REFUNDED], revision=2))
    shop.orders.poisoned.add("o1")
    shop.scan()
    shop.wait(days=1)

    assert again(shop).quarantined == 1

    assert shop.facts("ada") == before
    assert left(shop) == ["o1"]
    shop.orders.poisoned.clear()
    shop.wait(days=1)
    done = again(shop)
    assert (done.changed, done.void) == (1, 1)
    assert Mark.REFUNDED in shop.facts("ada")["ada"]["o1"].marks


def test_what_is_gone_at_wix_is_forgotten_when_it_is_missed_twice(shop: Stage) -> None:
    poison(shop, "o1")
    del shop.orders.records["o1"]
    shop.wait(days=1)

    first = again(shop)
    shop.clock.advance(minutes=9)
    assert again(shop) == Reread()
    shop.clock.advance(minutes=1)
    second = again(shop)

    assert (first.missing, first.gone, second.missing, second.gone) == (1, 0, 0, 1)
    assert left(shop) == []


def test_many_are_asked_for_in_batches_and_an_error_keeps_those_before(shop: Stage) -> None:
    ids = [f"o{number:03}" for number in range(2 * BATCH + 50)]
    poison(shop, *ids)
    shop.orders.poisoned.clear()
    shop.wait(days=1)
    shop.wix.script(f"reread orders {BATCH}", None, Ambiguous("reset"))

    done = again(shop)

    assert isinstance(done.error, Ambiguous)
    assert (done.understood, len(left(shop))) == (BATCH, BATCH + 50)
    rest = again(shop)
    assert (rest.error, rest.understood, left(shop)) == (None, BATCH + 50, [])
    assert [one.rpartition(" ")[2] for one in calls(shop)] == ["100", "100", "100", "50"]


def test_a_slice_ends_after_its_time_and_says_that_there_is_more(shop: Stage) -> None:
    poison(shop, *(f"o{number:03}" for number in range(2 * BATCH)))
    shop.orders.poisoned.clear()
    shop.wait(days=1)

    done = again(shop, stop_after=1)

    assert (done.understood, done.more) == (BATCH, True)


@pytest.mark.parametrize(
    ("error", "others"), [(PermissionMissing("no scope"), 1), (Ambiguous("reset"), 0)]
)
def test_only_what_a_person_must_mend_lets_other_sources_go_on(
    shop: Stage, error: BadgeJobsError, others: int
) -> None:
    poison(shop, "o1")
    shop.comments.put(shop.comment("c1"))
    shop.comments.poisoned.add("c1")
    shop.scan(shop.comments)
    shop.comments.poisoned.clear()
    shop.orders.poisoned.clear()
    shop.wait(days=1)
    # comments come first by their name
    shop.wix.script("reread comments 1", error)

    done = again(shop)

    assert (done.error, done.understood) == (error, others)
    assert left(shop) == ["c1", "o1"][: 2 - others]


def test_a_source_that_cannot_be_asked_or_that_no_rule_reads_is_left_to_full_readings(
    shop: Stage,
) -> None:
    poison(shop, "o1")
    plain = WorldOrders(shop.wix)
    plain.records, plain.poisoned = shop.orders.records, shop.orders.poisoned
    plain.visible_at = shop.orders.visible_at
    shop.wait(days=1)

    assert again(shop, only=["comments"]) == Reread()

    shop.orders.poisoned.clear()
    assert again(shop) == Reread(), "it rests until tomorrow"
    shop.orders = plain
    shop.wait(days=1)
    assert again(shop) == Reread()
    assert left(shop) == ["o1"]
    shop.wait(days=7)
    shop.scan()
    assert left(shop) == []


def test_where_rules_want_more_than_the_source_reads_nothing_is_recorded(shop: Stage) -> None:
    poison(shop, "o1")
    shop.orders.poisoned.clear()
    shop.wait(days=1)
    wanted = shop.rules.wants
    shop.rules = replace(shop.rules, wants=replace(wanted, payments=True))

    done = again(shop, wants=wanted)

    assert (done.more, done.asked, left(shop)) == (True, 0, ["o1"])


def test_a_source_that_cannot_be_used_does_not_hold_up_the_others(shop: Stage) -> None:
    poison(shop, "o1")
    with shop.store.begin() as tx:
        odd = Unreadable(source="broken", activity_id="b1", reason=POISON)
        tx.quarantine.add([odd], site=shop.site, generation=0)
    shop.orders.poisoned.clear()
    shop.wait(days=1)

    def sources(name: str) -> Orders | None:
        if name == "broken":
            raise SourceBroken("the package cannot be imported")
        assert isinstance(shop.orders, Orders)
        return shop.orders

    done = reread(
        shop.site,
        sources,
        shop.wix,
        lambda: shop.rules,
        shop.store,
        wants=shop.rules.wants,
        miss_gap=GAP,
        time_is_up=lambda: False,
    )

    assert isinstance(done.error, SourceBroken)
    assert done.understood == 1
    assert left(shop) == ["b1"]
