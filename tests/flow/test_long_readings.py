"""A site of any size is read to its end: what was read stays, and nothing is concluded early."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import pytest
from databases import Clock
from stage import ONE_ORDER, TIMING, TWO_ORDERS, Stage, rules_of
from wix_double import WorkerKilled, lost

from badgejobs.core.award import Award, Giver, State
from badgejobs.core.drift import Caution, Kind
from badgejobs.core.sighting import LASTS, MOST_REFUSALS
from badgejobs.core.wixfacts import WixAssignment
from badgejobs.errors import Ambiguous, CursorRefused, LeaseLost, Paced
from badgejobs.flow.reconcile import Reconciled
from badgejobs.store import SqlStore

pytestmark = pytest.mark.slow

REFUSED = CursorRefused("the cursor is no longer taken")


def crowded(store: SqlStore, clock: Clock, number: int, *, page_size: int = 10) -> Stage:
    """A stage on which so many members hold the badge by us, for long enough."""
    at = Stage(store, clock)
    at.provision()
    at.wix.page_size = page_size
    rows = [at.wix.give(at.wix_id(), f"m{one:04}") for one in range(number)]
    with store.begin() as tx:
        tx.comparing.record(
            [
                Award(
                    site=at.site,
                    member_id=row.member_id,
                    badge="one-order",
                    state=State.ASSIGNED,
                    earned_at=clock(),
                    rules_version="v1",
                    giver=Giver.OURS,
                    assignment_id=row.id,
                )
                for row in rows
            ]
        )
    at.wait(minutes=5)
    return at


def reads(at: Stage) -> int:
    return len(at.wix.named("assignments"))


def to_the_end(at: Stage, pages: int, *, caution: Caution | None = None) -> tuple[Reconciled, int]:
    """Slices of so many pages, a minute apart; what came of it, and how many it took."""
    for number in range(1, 400):
        done = at.reconcile(pages=pages, caution=caution)
        if not done.more:
            return done, number
        at.wait(minutes=1)
    raise AssertionError("it does not come to its end")


def is_forgotten(at: Stage) -> bool:
    with at.store.read() as tx:
        return tx.sightings.begun(at.site) is None


def drifts(at: Stage) -> dict[str, Kind]:
    with at.store.read() as tx:
        return {one.member_id: one.kind for one in tx.drifts.of(at.site, limit=1000)}


def test_slices_of_few_pages_come_to_what_one_reading_does(store: SqlStore, clock: Clock) -> None:
    at = crowded(store, clock, 2500, page_size=100)
    at.wix.take(at.wix_id(), "m0007")
    at.wix.give(at.wix_id(), "eve")
    told = at.reconcile(dry_run=True)
    assert (told.agreed, told.missing, told.extra) == (2499, 1, 1)
    before = reads(at)

    done, slices = to_the_end(at, 4)

    assert asdict(done) == asdict(told)
    assert reads(at) - before == 25, "no page is read twice"
    assert slices == 7
    assert drifts(at) == {"m0007": Kind.MISSING, "eve": Kind.EXTRA}
    assert is_forgotten(at)


def test_nothing_is_concluded_before_all_is_read(store: SqlStore, clock: Clock) -> None:
    at = crowded(store, clock, 30)
    at.wix.take(at.wix_id(), "m0001")
    for _ in range(2):
        done = at.reconcile(pages=1)
        assert done.more
        assert set(done.numbers.values()) == {0}
        assert drifts(at) == {}
    assert at.award("m0001").missed_at is None


def test_a_small_site_costs_one_call_for_its_badges_and_one_for_its_page(
    store: SqlStore, clock: Clock
) -> None:
    at = crowded(store, clock, 10)
    at.wix.calls.clear()
    assert at.reconcile().agreed == 10
    assert [one.name for one in at.wix.calls] == ["badges", "assignments"]


def test_a_site_without_badges_is_not_asked_at_all(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    assert not at.reconcile(pages=1).more
    assert at.wix.calls == []
    assert is_forgotten(at)


@pytest.mark.parametrize("killed_at", range(1, 6))
@pytest.mark.parametrize("error", [WorkerKilled(), lost(), Paced("no slot", seconds=3)])
def test_whatever_ends_a_slice_costs_no_page_that_was_read(
    store: SqlStore, clock: Clock, killed_at: int, error: BaseException
) -> None:
    at = crowded(store, clock, 45)
    at.wix.take(at.wix_id(), "m0001")
    at.wix.script("assignments", *[None] * (killed_at - 1), error)
    with pytest.raises(type(error)):
        at.reconcile()
    done = at.reconcile()
    assert (done.agreed, done.missing, done.extra) == (44, 1, 0)
    assert reads(at) == 5 + 1, "the call that failed, and no other, is made again"


@pytest.mark.parametrize("moment", range(1, 12))
def test_a_worker_killed_at_any_transaction_leaves_a_reading_that_ends_well(
    store: SqlStore, clock: Clock, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = crowded(store, clock, 45)
    at.wix.take(at.wix_id(), "m0001")
    begin, left = store.begin, [moment]

    def begin_or_die() -> object:
        left[0] -= 1
        if left[0] == 0:
            raise WorkerKilled
        return begin()

    monkeypatch.setattr(store, "begin", begin_or_die)
    with pytest.raises(WorkerKilled):
        at.reconcile()
    monkeypatch.setattr(store, "begin", begin)

    done = at.reconcile()

    assert (done.missing, done.taken, done.extra) == (1, 0, 0)
    assert drifts(at) == {"m0001": Kind.MISSING}
    assert is_forgotten(at)
    at.wait(hours=1)
    assert at.reconcile().taken == 1, "compared twice, one reading is still one"


def test_a_cursor_that_is_refused_lets_it_begin_anew_with_nothing_of_before(
    store: SqlStore, clock: Clock
) -> None:
    at = crowded(store, clock, 45)
    assert at.reconcile(pages=3).more
    at.wix.take(at.wix_id(), "m0001")
    at.wait(minutes=5)
    at.wix.script("assignments", REFUSED)
    done = at.reconcile()
    assert (done.agreed, done.missing) == (44, 1), "what it saw before the refusal is forgotten"
    assert reads(at) == 3 + 1 + 5


def test_a_cursor_that_is_always_refused_is_a_failure_and_not_a_circle(
    store: SqlStore, clock: Clock
) -> None:
    at = crowded(store, clock, 45)
    at.wix.script("assignments", *[None, REFUSED] * (MOST_REFUSALS + 1))
    with pytest.raises(Ambiguous, match="not read to its end"):
        at.reconcile()
    at.wix.script("assignments", None, REFUSED)
    with pytest.raises(Ambiguous, match="not read to its end"):
        at.reconcile()
    assert at.reconcile().agreed == 45


def test_a_list_that_goes_round_in_a_circle_ends_in_an_error(
    store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = crowded(store, clock, 45)
    page, cursors = at.wix.assignments_page, ["10", "20", "30"] * 9

    def round_and_round(
        badges: list[str], cursor: str | None
    ) -> tuple[list[WixAssignment], str | None]:
        return page(badges, cursor)[0], cursors.pop(0)

    monkeypatch.setattr(at.wix, "assignments_page", round_and_round)
    with pytest.raises(Ambiguous, match="never end"):
        to_the_end(at, 1)
    assert is_forgotten(at)
    assert reads(at) < 15


def test_a_list_without_an_end_is_an_error_at_last(store: SqlStore, clock: Clock) -> None:
    at = crowded(store, clock, 45)
    at.wix.meanwhile("assignments", None, lambda: at.wait(hours=7))
    with pytest.raises(Ambiguous, match="within 6 hours"):
        at.reconcile()
    assert is_forgotten(at)


def test_a_reading_that_is_too_old_begins_anew(store: SqlStore, clock: Clock) -> None:
    at = crowded(store, clock, 45)
    at.reconcile(pages=4)
    at.wix.take(at.wix_id(), "m0001")
    at.wait(seconds=LASTS.total_seconds() + 1)
    assert at.reconcile().missing == 1
    assert reads(at) == 4 + 5


def test_who_asks_for_it_anew_is_told_how_it_stands_now(store: SqlStore, clock: Clock) -> None:
    at = crowded(store, clock, 45)
    at.reconcile(pages=4)
    at.wix.take(at.wix_id(), "m0001")
    assert at.reconcile(anew=True, pages=2).more
    assert at.reconcile().missing == 1


def test_another_badge_lets_it_begin_anew(store: SqlStore, clock: Clock) -> None:
    at = crowded(store, clock, 45)
    at.reconcile(pages=4)
    at.rules = rules_of(ONE_ORDER, TWO_ORDERS, version="v2")
    at.provision()
    at.wix.give(at.wix_id("two-orders"), "m0001")
    done = at.reconcile()
    assert (done.agreed, done.extra) == (45, 1)


def test_a_badge_deleted_in_the_middle_takes_nothing(store: SqlStore, clock: Clock) -> None:
    at = crowded(store, clock, 45)
    at.reconcile(pages=2)
    at.wix.drop_badge(at.wix_id())
    done = at.reconcile(caution=Caution(empty_above=2, guard_least=2))
    assert (done.badge_gone, done.missing, done.taken, done.error) == (45, 0, 0, None)
    assert at.award("m0001").state is State.PAUSED


def test_a_badge_deleted_between_two_pages_takes_nothing_either(
    store: SqlStore, clock: Clock
) -> None:
    at = crowded(store, clock, 45)
    badge = at.wix_id()
    at.wix.meanwhile("assignments", None, None, lambda: at.wix.drop_badge(badge))
    first = at.reconcile()
    assert (first.agreed, first.taken) == (20, 0)
    at.wait(hours=1)
    assert at.reconcile().badge_gone == 45
    assert {at.award(one).state for one in ("m0001", "m0044")} == {State.PAUSED}


def test_what_is_given_and_taken_in_the_middle_is_left_for_the_next(
    store: SqlStore, clock: Clock
) -> None:
    at = crowded(store, clock, 45)
    at.reconcile(pages=3)
    at.wix.take(at.wix_id(), "m0001")  # its page was read
    at.wix.take(at.wix_id(), "m0040")  # its page comes
    at.wix.give(at.wix_id(), "eve")  # stands on the last page
    at.orders.put(at.order("o1", "ada"))
    at.scan()
    at.assign_all()
    at.wait(hours=1)
    first = at.reconcile()
    assert (first.missing, first.taken, first.extra) == (1, 0, 1)
    assert at.award("ada").state is State.ASSIGNED
    assert at.award("ada").giver is Giver.OURS
    at.wait(hours=1)
    second = at.reconcile()
    assert (second.missing, second.taken) == (1, 1)
    assert at.award("m0040").state is State.TAKEN
    assert at.award("m0001").missed_at is not None


def test_two_readings_count_from_their_beginnings(store: SqlStore, clock: Clock) -> None:
    at = crowded(store, clock, 45)
    at.wix.take(at.wix_id(), "m0001")
    assert at.reconcile().missing == 1
    at.wait(seconds=TIMING.quiet_period.total_seconds() - 1)
    assert at.reconcile(pages=2).more
    at.wait(hours=1)
    assert at.reconcile().missing == 1, "it began within the quiet period, however long it took"
    assert at.reconcile().taken == 1


def test_a_stale_worker_keeps_nothing_of_its_page(store: SqlStore, clock: Clock) -> None:
    at = crowded(store, clock, 45)

    def another_worker() -> None:
        at.wait(hours=1)
        assert at.reconcile(anew=True, pages=2).more

    at.wix.meanwhile("assignments", None, another_worker)
    with pytest.raises(LeaseLost):
        at.reconcile()
    done = at.reconcile()
    assert (done.agreed, done.missing) == (45, 0)
    assert reads(at) == 2 + 5, "two of the stale one, and each page once by the other"


def test_who_is_erased_in_the_middle_is_not_recorded_again(store: SqlStore, clock: Clock) -> None:
    at = crowded(store, clock, 45)
    at.reconcile(pages=2)
    for one in ("m0001", "m0040"):
        at.erase(one)
    done = at.reconcile()
    assert (done.agreed, done.extra, done.missing) == (43, 0, 0)
    assert at.awards("m0001", "m0040") == {}
    assert drifts(at) == {}


def test_what_waits_only_for_its_slot_is_concluded_from_the_same_reading(
    store: SqlStore, clock: Clock
) -> None:
    at = crowded(store, clock, 45)
    at.wix.take(at.wix_id(), "m0001")
    at.reconcile()
    at.wait(hours=1)
    before = reads(at)
    at.wix.script("members", Paced("no slot", seconds=3))
    first = at.reconcile()
    assert isinstance(first.error, Paced)
    assert (first.missing, first.taken) == (1, 0)
    second = at.reconcile()
    assert (second.error, second.taken) == (None, 1)
    assert reads(at) - before == 5
    assert is_forgotten(at)


def test_a_wish_for_another_reading_is_told_at_the_end_of_this_one(
    store: SqlStore, clock: Clock
) -> None:
    at = crowded(store, clock, 45)
    assert at.reconcile(pages=2).more
    soon = clock() + timedelta(minutes=10)
    with store.begin() as tx:
        tx.sightings.wish(at.site, soon)
    assert at.reconcile().wished_at == soon
    assert at.reconcile().wished_at is None
