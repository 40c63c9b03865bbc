"""Reviews as activities of the members who wrote them, read in full walks.

What Wix documents of reviews, and what it does not, is in this package's README.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from badgejobs.core.activity import Activity, Mark, Unreadable
from badgejobs.core.site import Site
from badgejobs.core.source import Answer, Client, Mode, Page, Scope
from badgejobs.errors import Ambiguous

REVIEWS = "/reviews/v1/reviews/query"
MEMBERS = "/members/v1/members/query"
#: The largest page and the longest ``$in`` that Wix takes.
MOST = 100
#: An id in the record of badgejobs has no more characters.
LONGEST_ID = 100

_MARK_OF_STATUS = {
    "APPROVED": Mark.PUBLISHED,
    "REJECTED": Mark.HIDDEN,
    "SUBMITTED": Mark.PENDING,
    "IN_MODERATION": Mark.PENDING,
}


class Reviews:
    """The reviews of one site.

    A page costs two calls: one for the reviews, and one for the members who wrote them.
    """

    name = "reviews"
    mode: Mode = "walk"

    def __init__(self, site: Site) -> None:
        self._site = site

    def fetch(self, client: Client, _scope: Scope, cursor: str | None) -> Page:
        """One page of up to 100 reviews, whatever came of their moderation."""
        if cursor is None:
            oldest_first = [{"fieldName": "createdDate", "order": "ASC"}]
            query = {"sort": oldest_first, "cursorPaging": {"limit": MOST}}
        else:
            query = {"cursorPaging": {"limit": MOST, "cursor": cursor}}
        answer = client.post(REVIEWS, {"query": query})
        records = _records(answer, "reviews")
        return self._page(client, answer, records, next_cursor=_next(answer, len(records)))

    def reread(self, client: Client, activity_ids: Sequence[str]) -> Page:
        """These reviews as they are now; those that are gone are left out."""
        pages = list[Page]()
        for at in range(0, len(activity_ids), MOST):
            wanted = list(activity_ids[at : at + MOST])
            query = {"filter": {"id": {"$in": wanted}}, "cursorPaging": {"limit": MOST}}
            answer = client.post(REVIEWS, {"query": query})
            pages.append(self._page(client, answer, _records(answer, "reviews")))
        return Page(
            activities=tuple(one for page in pages for one in page.activities),
            unreadable=tuple(one for page in pages for one in page.unreadable),
            answered_at=pages[0].answered_at if pages else None,
        )

    def _page(
        self,
        client: Client,
        answer: Answer,
        records: Sequence[Any],
        *,
        next_cursor: str | None = None,
    ) -> Page:
        activities, unreadable = list[Activity](), list[Unreadable]()
        members = _members(client, {found for one in records if (found := _contact(one))})
        for record in records:
            try:
                activities.append(self._activity(record, members))
            except ValueError as error:
                unreadable.append(
                    Unreadable(source=self.name, activity_id=_id(record), reason=str(error))
                )
        return Page(
            activities=tuple(activities),
            unreadable=tuple(unreadable),
            next_cursor=next_cursor,
            answered_at=answer.answered_at,
        )

    def _activity(self, record: Any, members: Mapping[str, str]) -> Activity:
        """One review. The texts of the errors name a field, and never what stands in it."""
        if not (review_id := _id(record)):
            raise ValueError("id: not a text of up to 100 characters")
        status = _of(record, "moderation", "moderationStatus")
        if not isinstance(status, str) or status not in _MARK_OF_STATUS:
            raise ValueError("moderation.moderationStatus: not one that is known")
        written = "reviewDate" if record.get("reviewDate") else "createdDate"
        return Activity(
            site=self._site.name,
            source=self.name,
            activity_id=review_id,
            member_id=members.get(_contact(record) or ""),
            occurred_at=_time(record, written),
            updated_at=_time(record, "updatedDate"),
            revision=_revision(record),
            marks=frozenset({_MARK_OF_STATUS[status]}),
        )


def _members(client: Client, contacts: set[str]) -> dict[str, str]:
    """The member of each contact that is one; a page of reviews has no more than one call takes."""
    if not contacts:
        return {}
    wanted = {"contactId": {"$in": sorted(contacts)}}
    query = {"filter": wanted, "paging": {"limit": MOST, "offset": 0}}
    answer = client.post(MEMBERS, {"fieldsets": ["PUBLIC"], "query": query})
    found = dict[str, str]()
    for one in _records(answer, "members"):
        contact, member = _of(one, "contactId"), _of(one, "id")
        # Wix answers a filter that it does not see with everything it has.
        if contact in contacts and isinstance(member, str):
            found[contact] = member
    return found


def _records(answer: Answer, key: str) -> Sequence[Any]:
    found = answer.body.get(key)
    if not isinstance(found, list):
        raise Ambiguous(f"Wix gave a list without {key}")
    return found


def _next(answer: Answer, rows: int) -> str | None:
    """The cursor to the next page. Which of its two keys the paging has here is not documented."""
    paging = answer.body.get("pagingMetadata") or answer.body.get("metadata")
    cursor = _of(paging, "cursors", "next")
    if isinstance(cursor, str) and cursor and _of(paging, "hasNext") is not False:
        return cursor
    if _of(paging, "hasNext") or (paging is None and rows >= MOST):
        raise Ambiguous("Wix gave reviews without a word on where more follow")
    return None


def _of(record: Any, *path: str) -> Any:
    for name in path:
        record = record.get(name) if isinstance(record, Mapping) else None
    return record


def _id(record: Any) -> str:
    found = _of(record, "id")
    is_id = isinstance(found, str) and found.isprintable() and len(found) <= LONGEST_ID
    return str(found) if is_id else ""


def _contact(record: Any) -> str | None:
    found = _of(record, "author", "contactId")
    return found if isinstance(found, str) and found else None


def _time(record: Any, field: str) -> datetime:
    try:
        found = datetime.fromisoformat(_of(record, field))
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError(f"{field}: not a time with its zone")
    return found.astimezone(UTC)


def _revision(record: Any) -> int:
    """The docs call it a number, the SDKs of Wix write such ones as texts: both are taken."""
    found = _of(record, "revision")
    if found is None:
        return 0
    if isinstance(found, bool) or not str(found).isdecimal():
        raise ValueError("revision: not a whole number")
    return int(found)
