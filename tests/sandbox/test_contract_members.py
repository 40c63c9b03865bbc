from __future__ import annotations

from typing import Any

import pytest
from contract_calls import MEMBER_LIST, MEMBERS, MEMBERS_QUERY
from sandbox_caller import guid, sandbox

WHOLE: dict[str, Any] = {
    "id": guid(0xB1, 1),
    "contactId": guid(0xB4, 1),
    "loginEmail": "ana@example.com",
    # told by FULL alone, as the SDK's typings list what EXTENDED includes
    "loginEmailVerified": True,
    "status": "APPROVED",
    "privacyStatus": "PUBLIC",
    "activityStatus": "ACTIVE",
    "profile": {"nickname": "Ana", "slug": "ana"},
    "contact": {"firstName": "Ana", "phones": ["1"]},
    "createdDate": "2026-01-01T00:00:00Z",
    "updatedDate": "2026-01-02T00:00:00Z",
    "unknown": [1],
}
HELD_BACK = dict.fromkeys(("status", "privacyStatus", "activityStatus"), "UNKNOWN")
SHOWN = ("id", "contactId", "profile", "createdDate", "updatedDate")
PUBLIC = {name: WHOLE[name] for name in SHOWN} | HELD_BACK
EXTENDED = {name: WHOLE[name] for name in (*SHOWN, "loginEmail", *HELD_BACK)}
PATH = f"{MEMBERS}/{WHOLE['id']}"


@pytest.mark.parametrize(
    ("fieldsets", "expected"),
    [
        ([], PUBLIC),
        (["PUBLIC"], PUBLIC),
        (["EXTENDED"], EXTENDED),
        (["PUBLIC", "EXTENDED"], EXTENDED),
        (["EXTENDED", "PUBLIC", "EXTENDED"], EXTENDED),
        (["FULL"], WHOLE),
        (["PUBLIC", "FULL"], WHOLE),
    ],
)
def test_m1_a_member_shows_exactly_what_the_fieldsets_allow(
    fieldsets: list[str], expected: dict[str, Any]
) -> None:
    with sandbox() as wix:
        wix.store("members", WHOLE)
        words = "&".join(f"fieldsets={one}" for one in fieldsets)
        assert wix.good("GET", f"{PATH}?{words}") == {"member": expected}
        assert wix.post(MEMBERS_QUERY, {"fieldsets": fieldsets})["members"] == [expected]
        if not fieldsets:
            assert wix.post(MEMBERS_QUERY, {"fieldsets": None})["members"] == [expected]


def test_m1_a_member_of_whom_little_is_known_shows_no_more() -> None:
    with sandbox() as wix:
        wix.store("members", {"id": WHOLE["id"]})
        assert wix.good("GET", PATH)["member"] == {"id": WHOLE["id"]} | HELD_BACK
        wide = wix.good("GET", f"{PATH}?fieldsets=EXTENDED")["member"]
        assert wide == {"id": WHOLE["id"]}


def test_m1_an_unknown_fieldset_is_refused() -> None:
    with sandbox() as wix:
        wix.store("members", WHOLE)
        for wrong in ("SECRET", "public", ""):
            refused = wix.call("GET", f"{PATH}?fieldsets=PUBLIC&fieldsets={wrong}")
            assert refused.violation["field"] == "fieldsets"
        wrongs: list[Any] = [["SECRET"], "PUBLIC", [5], {"PUBLIC": True}]
        for one in wrongs:
            refused = wix.call("POST", MEMBERS_QUERY, {"fieldsets": one})
            assert refused.violation["field"] == "fieldsets", one


def test_m1_a_query_says_how_many_there_are_in_all() -> None:
    with sandbox(members=120) as wix:
        everyone = [guid(0xB1, number) for number in range(120)]
        for query, size, offset, total in (
            ({}, 100, 0, 120),
            ({"paging": {"limit": 50, "offset": 100}}, 20, 100, 120),
            ({"paging": {"limit": 5, "offset": 120}}, 0, 120, 120),
            ({"filter": {"id": {"$in": everyone[:30]}}, "paging": {"limit": 7}}, 7, 0, 30),
            ({"filter": {"id": "nobody"}}, 0, 0, 0),
            ({"cursorPaging": {"limit": 3}}, 3, 0, 120),
        ):
            answer = wix.post(MEMBERS_QUERY, {"query": query})
            assert len(answer["members"]) == size
            expected = {"count": size, "offset": offset, "total": total, "tooManyToCount": False}
            assert answer["metadata"] == expected
        pages = [
            MEMBER_LIST.ids(wix, paging={"limit": 50, "offset": start}) for start in (0, 50, 100)
        ]
        assert sorted(one for page in pages for one in page) == everyone


def test_m1_a_filter_sees_what_the_fieldset_holds_back() -> None:
    with sandbox() as wix:
        wix.store("members", WHOLE)
        for given in ({"loginEmail": "ana@example.com"}, {"status": "APPROVED"}):
            assert MEMBER_LIST.page(wix, filter=given)[0] == [PUBLIC]
        assert MEMBER_LIST.ids(wix, filter={"status": "UNKNOWN"}) == []
