"""The calls that the rules of the sandbox are about, as tables that tests walk through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox_caller import BLOG, Caller, Reply, comment, guid, member, order

BADGES = "/badges/v4/badges"
BADGES_QUERY = "/badges/v4/badges/query"
ASSIGNMENTS = "/badges/v4/assignments"
ASSIGNMENTS_QUERY = "/badges/v4/assignments/query"
BULK_CREATE = "/badges/v4/bulk/assignments/create"
BULK_DELETE = "/badges/v4/bulk/assignments/delete"
ORDERS = "/ecom/v1/orders"
SEARCH = "/ecom/v1/orders/search"
COMMENTS = "/comments/v1/comments"
COMMENTS_QUERY = "/comments/v1/comments/query-cursor"
COUNT = "/comments/v1/comments/count"
BY_RESOURCE = "/comments/v1/comments/list-by-resource"
MEMBERS = "/members/v1/members"
MEMBERS_QUERY = "/members/v1/members/query"
HERE = f"{BY_RESOURCE}?appId={BLOG}&contextId=post&resourceId=post"

MANAGE_BADGES = "SCOPE.DC-MEMBERS.MANAGE-BADGES"
READ_BADGES = "SCOPE.DC-MEMBERS.READ-BADGES"
READ_ORDERS = "SCOPE.DC-STORES.READ-ORDERS"
READ_COMMENTS = "SCOPE.DC_COMMENTS.READ.COMMENTS"
READ_MEMBERS = "SCOPE.DC-MEMBERS.READ-MEMBERS"

#: Method, path and scope of every endpoint; ``{id}`` stands for an id.
ENDPOINTS = (
    ("POST", BADGES, MANAGE_BADGES),
    ("PATCH", f"{BADGES}/{{id}}", MANAGE_BADGES),
    ("DELETE", f"{BADGES}/{{id}}", MANAGE_BADGES),
    ("POST", f"{BADGES}/{{id}}/move", MANAGE_BADGES),
    ("GET", f"{BADGES}/{{id}}", READ_BADGES),
    ("POST", BADGES_QUERY, READ_BADGES),
    ("POST", ASSIGNMENTS, MANAGE_BADGES),
    ("DELETE", f"{ASSIGNMENTS}/{{id}}", MANAGE_BADGES),
    ("POST", BULK_CREATE, MANAGE_BADGES),
    ("POST", BULK_DELETE, MANAGE_BADGES),
    ("POST", ASSIGNMENTS_QUERY, READ_BADGES),
    ("POST", SEARCH, READ_ORDERS),
    ("GET", f"{ORDERS}/{{id}}", READ_ORDERS),
    ("POST", COMMENTS_QUERY, READ_COMMENTS),
    ("POST", COUNT, READ_COMMENTS),
    ("GET", BY_RESOURCE, READ_COMMENTS),
    ("GET", f"{COMMENTS}/{{id}}", READ_COMMENTS),
    ("POST", MEMBERS_QUERY, READ_MEMBERS),
    ("GET", f"{MEMBERS}/{{id}}", READ_MEMBERS),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Listing:
    """One list endpoint, and how records get into its list."""

    name: str
    path: str
    items: str
    store: Callable[[Caller, int], None]
    wrapper: str = "query"
    metadata: str = "pagingMetadata"
    default_limit: int = 100
    around: dict[str, Any] = field(default_factory=dict)
    #: The list is asked for with query parameters.
    by_get: bool = False

    def ask(self, wix: Caller, **query: Any) -> Reply:
        """The list's answer to a query, sent under its wrapper."""
        if not self.by_get:
            return wix.call("POST", self.path, self.around | {self.wrapper: query})
        paging = query.get("cursorPaging", {}).items()
        words = {f"cursorPaging.{name}": value for name, value in paging}
        return wix.call("GET", f"{self.path}&{urlencode(words)}")

    def page(self, wix: Caller, **query: Any) -> tuple[list[Any], dict[str, Any]]:
        """Items and paging information of one page."""
        reply = self.ask(wix, **query)
        assert reply.status == 200, reply
        metadata = reply.body.get(self.metadata)
        # Members asked for by offset have no cursors, and the other information alone.
        return reply.body[self.items], reply.body["metadata"] if metadata is None else metadata

    def pages(
        self, wix: Caller, *, limit: int, between: Callable[[], None] = lambda: None, **query: Any
    ) -> Iterator[list[Any]]:
        """Every page; ``between`` is called after each but the last."""
        items, metadata = self.page(wix, cursorPaging={"limit": limit}, **query)
        yield items
        while metadata["hasNext"]:
            between()
            paging = {"limit": limit, "cursor": metadata["cursors"]["next"]}
            items, metadata = self.page(wix, cursorPaging=paging)
            yield items

    def ids(self, wix: Caller, **query: Any) -> list[str]:
        """The ids on one page."""
        return [one["id"] for one in self.page(wix, **query)[0]]


def _badges(wix: Caller, number: int) -> None:
    for place in range(number):
        wix.badge(f"Badge {place}")


def _assignments(wix: Caller, number: int) -> None:
    wix.store("members", *(member(place) for place in range(number)))
    badge_id = wix.badge()
    for start in range(0, number, 100):
        some = range(start, min(start + 100, number))
        pairs = [{"badgeId": badge_id, "memberId": guid(0xB1, place)} for place in some]
        wix.post(BULK_CREATE, {"badgeAssignments": pairs})


def _records(kind: str, make: Callable[[int], dict[str, Any]]) -> Callable[[Caller, int], None]:
    return lambda wix, number: wix.store(kind, *(make(place) for place in range(number)))


LISTS = (
    Listing(name="badges", path=BADGES_QUERY, items="badges", store=_badges),
    Listing(
        name="assignments", path=ASSIGNMENTS_QUERY, items="badgeAssignments", store=_assignments
    ),
    Listing(
        name="orders",
        path=SEARCH,
        items="orders",
        store=_records("orders", order),
        wrapper="search",
        metadata="metadata",
    ),
    Listing(
        name="comments",
        path=COMMENTS_QUERY,
        items="comments",
        store=_records("comments", comment),
        default_limit=50,
        around={"appId": BLOG},
    ),
    Listing(name="members", path=MEMBERS_QUERY, items="members", store=_records("members", member)),
    Listing(
        name="comments of a resource",
        path=HERE,
        items="comments",
        store=_records("comments", comment),
        default_limit=50,
        by_get=True,
    ),
)
BADGE_LIST, ASSIGNMENT_LIST, ORDER_LIST, COMMENT_LIST, MEMBER_LIST, RESOURCE_LIST = LISTS
#: The lists that take a filter and a sort.
QUERIES = LISTS[:5]


def names(listing: Listing) -> str:
    """How a parametrised test calls a list."""
    return listing.name


def together(
    wix: Caller, sends: list[Callable[[Caller], Reply]], *, at_once: int = 8
) -> list[Reply]:
    """Every answer to requests that real threads send at the same time."""

    def sent(send: Callable[[Caller], Reply]) -> Reply:
        caller = Caller(wix.address, wix.clock)
        caller.headers = dict(wix.headers)
        try:
            return send(caller)
        finally:
            caller.close()

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(sent, sends))


def statuses(replies: list[Reply]) -> list[int]:
    """The statuses of some answers, in order of size."""
    return sorted(reply.status for reply in replies)


def badge_body(**change: Any) -> dict[str, Any]:
    """A badge that keeps every rule, with some fields changed."""
    badge = {"title": "Loyal Buyer", "backgroundColor": "#1B4D3E", "textColor": "#FFFFFF"}
    return {"badge": badge | change}


def pair_body(badge_id: str, number: int) -> dict[str, Any]:
    """A request to give a badge to one of the members that were stored."""
    return {"badgeAssignment": {"badgeId": badge_id, "memberId": guid(0xB1, number)}}
