"""Records of every kind that can be put, changed and taken away, with a model of what stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contract_calls import (
    ASSIGNMENT_LIST,
    ASSIGNMENTS,
    BADGE_LIST,
    BADGES,
    COMMENT_LIST,
    MEMBER_LIST,
    ORDER_LIST,
    RESOURCE_LIST,
    Listing,
    badge_body,
)
from sandbox_caller import Caller, comment, guid, member, order


@dataclass(kw_only=True)
class Shelf:
    """Records numbered by the test, each with a small value; ``standing`` is the model."""

    wix: Caller
    listing: Listing
    #: The query that finds what stands, in the order of the values where the list has one.
    query: dict[str, Any]
    #: The value in a record's JSON.
    read: Callable[[dict[str, Any]], Any]
    standing: dict[str, Any] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)

    def put(self, number: int, value: int) -> None:
        """Store a record, or give it another value."""
        raise NotImplementedError

    def take(self, number: int) -> None:
        """Take a record out of the list."""
        raise NotImplementedError

    def shown(self) -> dict[str, Any]:
        """What the list shows now: values by id."""
        items, _ = self.listing.page(self.wix, cursorPaging={"limit": 100}, **self.query)
        return {one["id"]: self.read(one) for one in items}


class BadgeShelf(Shelf):
    def put(self, number: int, value: int) -> None:
        title = str(value)
        if number in self.ids:
            path = f"{BADGES}/{self.ids[number]}"
            revision = self.wix.good("GET", path)["badge"]["revision"]
            self.wix.good("PATCH", path, {"badge": {"revision": revision, "title": title}})
        else:
            self.ids[number] = self.wix.post(BADGES, badge_body(title=title))["badge"]["id"]
        self.standing[self.ids[number]] = title

    def take(self, number: int) -> None:
        if number in self.ids:
            self.wix.good("DELETE", f"{BADGES}/{self.ids[number]}")
            del self.standing[self.ids.pop(number)]


class AssignmentShelf(Shelf):
    """Assignments cannot be changed: a new value is another assignment."""

    badges: tuple[str, ...] = ()

    def put(self, number: int, value: int) -> None:
        if not self.badges:
            self.badges = tuple(self.wix.badge() for _ in range(3))
        self.take(number)
        self.wix.store("members", member(number))
        pair = {"badgeId": self.badges[value], "memberId": guid(0xB1, number)}
        made = self.wix.post(ASSIGNMENTS, {"badgeAssignment": pair})["badgeAssignment"]["id"]
        self.ids[number] = made
        self.standing[made] = pair["badgeId"]

    def take(self, number: int) -> None:
        if number in self.ids:
            self.wix.good("DELETE", f"{ASSIGNMENTS}/{self.ids[number]}")
            del self.standing[self.ids.pop(number)]


@dataclass(kw_only=True)
class StoredShelf(Shelf):
    """Records stored by admin calls; one is taken away by a status that is not asked for."""

    kind: str
    make: Callable[[int, int], dict[str, Any]]
    gone: str

    def put(self, number: int, value: int) -> None:
        record = self.make(number, value)
        self.wix.store(self.kind, record)
        self.ids[number] = record["id"]
        self.standing[record["id"]] = self.read(record)

    def take(self, number: int) -> None:
        if number in self.ids:
            self.wix.store(self.kind, self.make(number, 0) | {"status": self.gone})
            del self.standing[self.ids.pop(number)]


def _by(name: str, **more: Any) -> dict[str, Any]:
    return {"sort": [{"fieldName": name, "order": "DESC"}]} | more


def shelf(wix: Caller, listing: Listing) -> Shelf:
    """The shelf of a list."""
    made: dict[Listing, Callable[[], Shelf]] = {
        BADGE_LIST: lambda: BadgeShelf(
            wix=wix, listing=listing, query=_by("title"), read=lambda one: one["title"]
        ),
        ASSIGNMENT_LIST: lambda: AssignmentShelf(
            wix=wix, listing=listing, query=_by("badgeId"), read=lambda one: one["badgeId"]
        ),
        ORDER_LIST: lambda: StoredShelf(
            wix=wix,
            listing=listing,
            query=_by("number"),
            read=lambda one: one["number"],
            kind="orders",
            make=lambda n, value: order(n, number=str(value)),
            gone="INITIALIZED",
        ),
        COMMENT_LIST: lambda: StoredShelf(
            wix=wix,
            listing=listing,
            query=_by("replyCount", filter={"status": "PUBLISHED"}),
            read=lambda one: one["replyCount"],
            kind="comments",
            make=lambda n, value: comment(n, replyCount=value),
            gone="HIDDEN",
        ),
        MEMBER_LIST: lambda: StoredShelf(
            wix=wix,
            listing=listing,
            query={"filter": {"status": "APPROVED"}},
            read=lambda one: one["profile"]["nickname"],
            kind="members",
            make=lambda n, value: member(n) | {"profile": {"nickname": str(value)}},
            gone="BLOCKED",
        ),
        RESOURCE_LIST: lambda: StoredShelf(
            wix=wix,
            listing=listing,
            query={},
            read=lambda one: one["createdDate"],
            kind="comments",
            make=lambda n, value: comment(n, createdDate=f"2026-01-0{value + 1}T00:00:00Z"),
            gone="DELETED",
        ),
    }
    return made[listing]()
