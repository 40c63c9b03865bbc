"""Members: query and get, each in a narrow or a wider set of fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from badgejobs.sandbox import pages, refusals, validation
from badgejobs.sandbox.endpoint import Answer, Call, Endpoint
from badgejobs.wix import wire

_PUBLIC = ("id", "contactId", "profile", "createdDate", "updatedDate")
_HELD_BACK = ("status", "privacyStatus", "activityStatus")
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


def query(call: Call) -> Answer:
    """A page of members; the total counts all that match."""
    fieldsets = _fieldsets(validation.items(call.body.get("fieldsets") or [], "fieldsets"))
    listing = pages.Listing(
        name="members",
        collection=call.site.members,
        sort_keys=("sorting", "sort"),
        offsets=True,
    )
    page = pages.read(call, listing)
    return {
        "members": [_shown(record.body, fieldsets) for record in page.records],
        "metadata": {"count": len(page.records)} | pages.totals(call, listing, page),
        "pagingMetadata": page.metadata(),
    }


ENDPOINTS: Final = (
    Endpoint("POST", wire.MEMBERS_QUERY, wire.SCOPE_READ_MEMBERS, query),
    Endpoint("GET", wire.MEMBER, wire.SCOPE_READ_MEMBERS, get),
)
