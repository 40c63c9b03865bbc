"""A small Wix in memory, and sources of it that keep every law, to be broken one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from badgejobs.core.activity import Activity, Mark, Unreadable
from badgejobs.core.site import Site
from badgejobs.core.source import Known, Mode, Page, Probed, Resources, Scope, Window
from badgejobs.errors import CursorRefused
from badgejobs.testing import CANARY

#: As many as Wix gives at once.
MOST = 100
#: When the shelf answers.
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass
class Shelf:
    """The client: what stands, and in which order it is told."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def ask(self, *, since: datetime | None, behind: str | None, by: str) -> list[dict[str, Any]]:
        """Up to 100 rows behind a place in an order."""
        rows = sorted(self.rows.values(), key=lambda row: (row[by], row["id"]))
        if since is not None:
            rows = [row for row in rows if row["changed"] >= since]
        if behind is not None:
            if behind not in self.rows:
                raise CursorRefused("no such cursor")
            rows = rows[[row["id"] for row in rows].index(behind) + 1 :]
        return rows[:MOST]

    def numbers(self) -> Mapping[str, int]:
        """How many stand on each shelf board."""
        boards = [row["board"] for row in self.rows.values()]
        return {board: boards.count(board) for board in boards}


@dataclass
class ToyWorld:
    client: Shelf = field(default_factory=Shelf)

    def put(self, number: int, *, changed_at: datetime) -> str:
        name = f"row-{number:04}"
        self.client.rows[name] = {
            "id": name,
            "changed": changed_at,
            "board": f"board-{number % 7}",
            "title": CANARY,
            "rating": 5,
        }
        return name

    def spoil(self, number: int, *, changed_at: datetime) -> str:
        name = self.put(number, changed_at=changed_at)
        self.client.rows[name]["rating"] = CANARY
        return name


class Toy:
    """What both kinds have in common."""

    name: ClassVar[str] = "toys"
    mode: ClassVar[Mode]
    by: ClassVar[str]

    def __init__(self, site: Site) -> None:
        self.site = site

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        since = scope.since if isinstance(scope, Window) else None
        rows = client.ask(since=since, behind=cursor, by=self.by)
        return self.page(rows, next_cursor=rows[-1]["id"] if len(rows) == MOST else None)

    def page(self, rows: Sequence[dict[str, Any]], *, next_cursor: str | None = None) -> Page:
        good = [row for row in rows if row["rating"] == 5]
        return Page(
            activities=tuple(self.activity(row) for row in good),
            unreadable=tuple(self.aside(row) for row in rows if row not in good),
            next_cursor=next_cursor,
            answered_at=NOW,
        )

    def activity(self, row: Mapping[str, Any]) -> Activity:
        return Activity(
            site=self.site.name,
            source="toys",
            activity_id=row["id"],
            member_id="member",
            occurred_at=row["changed"],
            updated_at=row["changed"],
            marks=frozenset({Mark.PUBLISHED}),
            post=row["board"],
        )

    def aside(self, row: Mapping[str, Any]) -> Unreadable:
        return Unreadable(source="toys", activity_id=row["id"], reason="rating: not a number")


class ToyWindow(Toy):
    mode = "window"
    by = "changed"


class ToyWalk(Toy):
    """It can do all that a source may be able to do."""

    mode = "walk"
    by = "id"

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        if isinstance(scope, Resources):
            rows = client.ask(since=None, behind=cursor, by=self.by)
            more = rows[-1]["id"] if len(rows) == MOST else None
            return self.page([row for row in rows if row["board"] in scope.ids], next_cursor=more)
        return super().fetch(client, scope, cursor)

    def probe(self, client: Any, known: Known, _offsets: Mapping[str, int]) -> Probed:
        live, ours = client.numbers(), known.get("", {})
        changed = [one for one in sorted(live) if live[one] != ours.get(one)]
        return Probed(
            live={"": sum(live.values())},
            changed=(Resources(part="", ids=tuple(changed)),) if changed else (),
        )

    def reread(self, client: Any, activity_ids: Sequence[str]) -> Page:
        return self.page([client.rows[one] for one in activity_ids if one in client.rows])

    def count(self, client: Any) -> int | None:
        return len(client.rows)
