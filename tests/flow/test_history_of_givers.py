"""Whose a badge is stands in the history, also where the badge stands as before."""

from __future__ import annotations

from databases import Clock
from stage import Stage

from badgejobs.core.award import Giver, State
from badgejobs.store import SqlStore
from badgejobs.store.acting import PERSON_AT_WIX


def test_that_a_badge_of_ours_became_a_persons_is_told_with_who_did_it(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.assign_all()
    at.wait(minutes=5)
    at.wix.take(at.wix_id(), "ada")
    at.wix.give(at.wix_id(), "ada")
    for _ in range(3):
        at.reconcile()
        at.wait(hours=1)

    assert at.award().giver is Giver.PERSON
    with store.read() as tx:
        lines = tx.awards.history(at.site, "ada")
    (told,) = [one for one in lines if one.actor == PERSON_AT_WIX]
    assert told is lines[-1]
    assert (told.from_state, told.to_state) == (State.ASSIGNED, State.ASSIGNED)


def test_what_only_changes_its_waits_adds_no_line(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.assign_all()
    at.wait(minutes=5)
    before = at.history()
    at.wix.take(at.wix_id(), "ada")

    at.reconcile()

    assert at.award().missed_at
    assert at.history() == before
