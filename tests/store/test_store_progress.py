"""The memo of how far members are, and who stands before whom in line."""

from __future__ import annotations

from datetime import timedelta

from databases import Clock

from badgejobs.core.ledger import Earned
from badgejobs.store import SqlStore


def test_the_numbers_of_one_site_are_replaced_whole_and_those_of_others_stay(
    store: SqlStore, clock: Clock
) -> None:
    with store.begin() as tx:
        tx.progress.replace("other", {"gold": {3: 1}})
        tx.progress.replace("shop", {"gold": {0: 5, 10: 2}, "old": {4: 1}})
    made_at = clock.advance(hours=1)
    with store.begin() as tx:
        tx.progress.replace("shop", {"gold": {1: 7}, "new": {}})
    with store.read() as tx:
        assert tx.progress.of("shop") == {"gold": {1: 7}, "new": {0: 0}}
        assert tx.progress.of("other") == {"gold": {3: 1}}
        assert tx.progress.made_at("shop") == made_at
        assert tx.progress.made_at("nobody") is None


def test_in_line_who_crossed_first_is_before_and_of_one_moment_the_smaller_ids(
    store: SqlStore, clock: Clock
) -> None:
    now = clock()
    line = [("eve", now, "b"), ("bob", now, "a"), ("Zoe", now, "a"), ("ada", now, "a")]
    earned = [
        Earned(member_id=member, badge="gold", earned_at=at, crossed_by=by, hold="limit")
        for member, at, by in [*line, ("old", now - timedelta(days=1), "z")]
    ]
    with store.begin() as tx:
        tx.awards.open("shop", earned, rules_version="v1")
        awards = tx.awards.of_members("shop", [one.member_id for one in earned])
        order = sorted(awards.values(), key=tx.awards.before_in_line)
        assert [tx.awards.before_in_line(one) for one in order] == [0, 1, 2, 3, 4]
    assert [one.member_id for one in order] == ["old", "Zoe", "ada", "bob", "eve"]
