"""Members: query and get, each in a narrow or a wider set of fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints import pages
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.records import kinds
from badgejobs.wix import wire

_PUBLIC = ("id", "contactId", "profile", "createdDate", "updatedDate")
_HELD_BACK = ("status", "privacyStatus", "activityStatus")
#: In these the docs look for a plain text, and in this one unless told where.
_SEARCHABLE = (
    "loginEmail",
    "contact.firstName",
    "contact.lastName",
    "profile.title",
    "profile.nickname",
    "profile.slug",
)
_SEARCHED = ("profile.nickname",)
_MOST_SEARCHED = 4
_LONGEST_TERM = 100
_FIELDSETS = frozenset({"PUBLIC", "EXTENDED", "FULL"})


def _shown(body: dict[str, Any], fieldsets: set[str]) -> dict[str, Any]:
    if "FULL" in fieldsets:
        return body
    found = {name: body[name] for name in _PUBLIC if name in body}
    if "EXTENDED" in fieldsets:
        wider = ("loginEmail", *_HELD_BACK)
        return found | {name: body[name] for name in wider if name in body}
    return found | dict.fromkeys(_HELD_BACK, "UNKNOWN")


def _fieldsets(given: Iterable[object]) -> set[str]:
    found: set[str] = set()
    for one in given:
        name = validation.text(one, "fieldsets")
        if name not in _FIELDSETS:
            raise refusals.invalid("fieldsets", "must be of PUBLIC, EXTENDED, FULL")
        found.add(name)
    return found


def get(call: Call) -> Answer:
    """One member as they are now."""
    member_id = call.path_guid("id")
    fieldsets = _fieldsets(call.query.get("fieldsets", ()))
    record = call.site.members.current.get(member_id)
    if record is None:
        raise refusals.not_found("MEMBER_NOT_FOUND", f"member {member_id}")
    return {"member": _shown(record.body, fieldsets)}


def _search(call: Call) -> tuple[str, tuple[str, ...]]:
    """The term that is looked for, and the fields to look in; an empty one finds everybody."""
    search = call.body.get("search")
    if search is None:
        return "", ()
    given = validation.mapping(search, "search")
    if given.get("expression") is None:
        return "", ()
    term = validation.text(given["expression"], "search.expression", most=_LONGEST_TERM)
    fields = validation.items(given.get("fields") or [], "search.fields", most=_MOST_SEARCHED)
    for place, one in enumerate(fields):
        if one not in _SEARCHABLE:
            description = f"must be one of {', '.join(_SEARCHABLE)}"
            raise refusals.invalid(f"search.fields[{place}]", description)
    return term, tuple(fields) or _SEARCHED


def _found(term: str, fields: tuple[str, ...]) -> pages.Predicate:
    """Members with the term in one of the fields, wherever in it and in whatever case."""
    sought = term.casefold()
    if not sought:
        return lambda _: True
    return lambda values: any(sought in str(values[name] or "").casefold() for name in fields)


def query(call: Call) -> Answer:
    """A page of members; the total counts all that match."""
    fieldsets = _fieldsets(validation.items(call.body.get("fieldsets") or [], "fieldsets"))
    term, fields = _search(call)
    sorts = call.switches.member_sorting == "documented"
    listing = pages.Listing(
        name="members",
        collection=call.site.members,
        sort_keys=("sorting", "sort"),
        offsets=True,
        within=(term, *fields),
        condition=lambda _: _found(term, fields),
        fields=kinds.MEMBERS_SORTED if sorts else kinds.MEMBERS,
    )
    page = pages.read(call, listing)
    answer: dict[str, Any] = {
        "members": [_shown(record.body, fieldsets) for record in page.records],
        "metadata": {"count": len(page.records)} | pages.totals(call, listing, page),
    }
    if page.offset is None:
        answer["pagingMetadata"] = page.metadata()
    return answer


ENDPOINTS: Final = (
    Endpoint("POST", wire.MEMBERS_QUERY, wire.SCOPE_READ_MEMBERS, query),
    Endpoint("GET", wire.MEMBER, wire.SCOPE_READ_MEMBERS, get),
)
