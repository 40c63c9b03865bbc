"""What a page costs is bound by its own rows: each query goes by an index that holds no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from databases import Clock
from query_plans import plans_of
from sqlalchemy import text

from badgejobs.core.award import Giver, Timing
from badgejobs.core.ledger import Earned
from badgejobs.store import SqlStore, SqlTransaction
from badgejobs.store.ledger_tables import NOT_OVER

#: Where a page of runs goes on.
PLACE = (datetime(2026, 2, 1, tzinfo=UTC), 7)

#: The rows themselves are not even looked at.
COVERING = "award_history USING COVERING INDEX"
#: A look, and all steps by which it comes to its rows.
LOOKS: dict[str, tuple[Callable[[SqlTransaction], object], set[str]]] = {
    "days of a site": (
        lambda tx: tx.views.days("s", badge=None, last=90),
        {f"{COVERING} award_history_turned (site=? AND to_state=? AND at>? AND at<?)"},
    ),
    "days of a badge": (
        lambda tx: tx.views.days("s", badge="gold", last=90),
        {f"{COVERING} award_history_badge (site=? AND badge=? AND to_state=? AND at>? AND at<?)"},
    ),
    "badges, with when each was given last": (
        lambda tx: tx.views.badges("s"),
        {f"{COVERING} award_history_badge (site=? AND badge=? AND to_state=?)"},
    ),
    "happenings of a badge": (
        lambda tx: tx.views.happenings("s", badge="gold", limit=9),
        {"award_history USING INDEX award_history_badge (site=? AND badge=? AND to_state=?)"},
    ),
    "holders, with since when": (
        lambda tx: tx.people.holders("s", "gold", after=None, limit=9),
        {"award_history USING INDEX award_history_member (site=? AND member_id=?)",
         "award_history USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN"},
    ),
    "failed runs": (
        lambda tx: tx.views.runs(None, after=None, limit=9, failed=True),
        {"run USING INDEX run_not_well"},
    ),
    "failed runs, further on": (
        lambda tx: tx.views.runs(None, after=PLACE, limit=9, failed=True),
        {"run USING INDEX run_not_well (started_at<?)"},
    ),
    "failed runs of a site": (
        lambda tx: tx.views.runs("s", after=None, limit=9, failed=True),
        {"run USING INDEX run_not_well_of (site=?)"},
    ),
    "failed runs of a site, further on": (
        lambda tx: tx.views.runs("s", after=PLACE, limit=9, failed=True),
        {"run USING INDEX run_not_well_of (site=? AND started_at<?)"},
    ),
    "versions that awards are held to": (
        lambda tx: tx.versions.held_to("s"),
        {"award USING INDEX award_held_to (site=?)",
         "award USING INDEX award_held_to (site=? AND rules_version>?)"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", LOOKS)
def test_a_look_goes_by_an_index_that_holds_its_own_rows(store: SqlStore, name: str) -> None:
    look, steps = LOOKS[name]
    with store.begin() as tx:
        tx.bindings.bind("s", "gold", "wix-gold")
        earned = [Earned(member_id="ada", badge="gold", earned_at=tx.now)]
        tx.awards.open("s", earned, rules_version="v1")
    with store.read() as tx, plans_of(tx) as plans:
        look(tx)
    [table] = {one.partition(" ")[0] for one in steps}
    known = (one.removeprefix("SEARCH ").removeprefix("SCAN ") for one in plans)
    of_it = {one for one in known if one.partition(" ")[0] == table}
    assert of_it == steps
    if name.startswith("failed"):
        assert not any("ORDER BY" in one for one in plans), "all of them would be put in order"


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("index", "table", "condition", "order"),
    [
        ("award_history_badge", "award_history", "badge = 'b' AND to_state = 'x'", "at DESC"),
        ("run_not_well_of", "run", "(error IS NOT NULL OR ended_at IS NULL)", "started_at DESC"),
        ("award_held_to", "award", f"rules_version > 'v' AND {NOT_OVER.text}", "rules_version"),
    ],
)
def test_postgresql_has_the_same_indexes_and_sees_what_they_are_for(
    store: SqlStore, index: str, table: str, condition: str, order: str
) -> None:
    said = f"FROM {table} WHERE site = 's' AND {condition} ORDER BY {order} LIMIT 1"
    with store.read() as tx:
        for way in ("seqscan", "bitmapscan", "sort"):
            tx._connection.execute(text(f"SET LOCAL enable_{way} = off"))
        plan = tx._connection.scalars(text(f"EXPLAIN SELECT 1 {said}")).all()
    assert any(f"using {index} on" in one for one in plan), plan


def test_awards_are_held_to_the_versions_of_those_that_are_not_over(
    store: SqlStore, clock: Clock
) -> None:
    with store.begin() as tx:
        tx.bindings.bind("s", "gold", "wix-gold")
        assert tx.versions.held_to("s") == frozenset()
        for version, member in (("v3", "ada"), ("v1", "bob"), ("v2", "cid"), ("v3", "dan")):
            earned = [Earned(member_id=member, badge="gold", earned_at=tx.now)]
            tx.awards.open("s", earned, rules_version=version)
        tx.awards.open("t", earned, rules_version="of another site")
        assert tx.versions.held_to("s") == {"v1", "v2", "v3"}
        claimed = tx.awards.claim("s", limit=9, holds=timedelta(minutes=1))
        assert claimed
        sent = [one.sent(clock(), Timing()).given("a", Giver.OURS) for one in claimed.awards]
        taken = [one.taken(reason="") if one.member_id in {"bob", "dan"} else one for one in sent]
        tx.awards.settle(taken, claim=claimed.token)
        assert tx.versions.held_to("s") == {"v2", "v3"}
