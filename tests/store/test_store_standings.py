"""Who is suspended, by whom, and when Wix is asked again."""

from __future__ import annotations

from datetime import timedelta

from databases import Clock

from badgejobs.store import SqlStore
from badgejobs.store.sites import SiteRow
from badgejobs.store.standings import PERSON, RING_AGAIN_AFTER, WIX

FIVE = timedelta(minutes=5)


def test_refusals_in_a_row_are_counted_until_something_works(store: SqlStore) -> None:
    with store.begin() as tx:
        assert tx.standings.of("north") is None
        assert [tx.standings.refused("north") for _ in range(3)] == [1, 2, 3]
        tx.standings.worked("north")
        assert tx.standings.of("north") is None
        assert tx.standings.refused("north") == 1
        assert tx.standings.suspended() == []


def test_what_works_does_not_lift_a_suspension(store: SqlStore) -> None:
    with store.begin() as tx:
        tx.standings.suspend("north", by=PERSON, reason="away")
        tx.standings.worked("north")
        assert [one.site for one in tx.standings.suspended(["north", "south"])] == ["north"]
        assert tx.standings.suspended(["south"]) == []


def test_what_a_person_says_stands_above_what_wix_says(store: SqlStore) -> None:
    with store.begin() as tx:
        assert tx.standings.suspend("north", by=WIX, reason="refused", probe_in=FIVE)
        assert not tx.standings.suspend("north", by=WIX, reason="other", probe_in=FIVE)
        assert tx.standings.suspend("north", by=PERSON, reason="away")
        assert not tx.standings.suspend("north", by=PERSON, reason="away")
        assert not tx.standings.suspend("north", by=WIX, reason="refused", probe_in=FIVE)
        standing = tx.standings.of("north")
        assert standing
        assert (standing.suspended_by, standing.reason, standing.probe_at) == (PERSON, "away", None)
        assert not tx.standings.probe_soon("north")
        assert not tx.standings.resume("north", by=WIX)
        assert tx.standings.resume("north", by=PERSON)
        assert not tx.standings.resume("north", by=PERSON)


def test_a_probe_is_due_when_its_pause_is_over_and_named_once(
    store: SqlStore, clock: Clock
) -> None:
    with store.begin() as tx:
        tx.sites.put([SiteRow(name="added", site_id="s-1", secret="v1", pack="p")])
        for site in ("north", "added", "elsewhere"):
            tx.standings.suspend(site, by=WIX, reason="refused", probe_in=FIVE)
        tx.standings.suspend("south", by=PERSON, reason="away")
        assert tx.standings.due_probes(["north", "south"], 9) == []
    clock.advance(minutes=6)
    with store.begin() as tx:
        assert tx.standings.due_probes(["north", "south"], 9) == ["added", "north"]
        assert tx.standings.due_probes(["north", "south"], 9) == []
        tx.standings.refused_again("added", "still", probe_in=2 * FIVE)
    clock.advance(seconds=RING_AGAIN_AFTER.total_seconds() + 1)
    with store.begin() as tx:
        assert tx.standings.due_probes(["north", "south"], 9) == ["north"], "its bell was lost"
        standing = tx.standings.of("added")
        assert standing
        assert (standing.probes, standing.reason) == (1, "still")
        assert tx.standings.probe_soon("added")
        assert tx.standings.due_probes([], 9) == ["added"]
        tx.standings.forget("added")
        assert tx.standings.of("added") is None
