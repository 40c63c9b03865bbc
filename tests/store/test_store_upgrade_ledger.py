"""A database of an older version is brought up to date with all that lies in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alembic import command
from sqlalchemy import create_engine, text

from badgejobs.core.award import State
from badgejobs.store import open_store, schema
from badgejobs.store.engine import parse

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
#: (member, state, attempts, sent): one for each way to have been sent or not.
AWARDS = (
    ("ada", "assigned", 1, True),
    ("bob", "pending", 0, False),
    ("cyd", "pending", 1, True),
    ("dan", "unknown", 1, True),
    ("eve", "withdrawn", 0, False),
    ("fay", "assigned", 0, False),
)


def test_a_ledger_of_the_first_tables_keeps_its_awards_and_counts_the_places_that_are_used(
    empty_database_url: str,
) -> None:
    engine = create_engine(parse(empty_database_url))
    with engine.begin() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for member, state, attempt, sent in AWARDS:
            connection.execute(
                text(
                    "INSERT INTO award (site, member_id, badge, state, earned_at, rules_version,"
                    " attempt, sent_at, empty_reads, reason, opened_at, changed_at)"
                    " VALUES ('s', :member, 'b', :state, :now, 'v1', :attempt, :sent, 0, '',"
                    " :now, :now)"
                ),
                {
                    "member": member,
                    "state": state,
                    "attempt": attempt,
                    "sent": NOW if sent else None,
                    "now": NOW,
                },
            )
        connection.execute(
            text("INSERT INTO rules_applied (site, version, decided_to) VALUES ('s', 'v1', NULL)")
        )
    engine.dispose()
    store = open_store(empty_database_url, clock=lambda: NOW + timedelta(days=1))

    store.migrate()

    with store.begin() as tx:
        awards = tx.awards.of_members("s", [member for member, *_ in AWARDS])
        assert {pair: award.state for pair, award in awards.items()} == {
            (member, "b"): State(state) for member, state, *_ in AWARDS
        }
        assert {award.earned_at for award in awards.values()} == {NOW}
        assert {award.crossed_by for award in awards.values()} == {""}
        has_slot = {member for (member, _), award in awards.items() if award.has_slot}
        assert has_slot == {"ada", "cyd", "dan", "fay"}
        assert tx.awards.places("s", "b") == (4, 1)
        assert tx.bindings.undecided(["s"]) == {"s": "v1"}, "nobody has a wake-up yet"
    store.dispose()
