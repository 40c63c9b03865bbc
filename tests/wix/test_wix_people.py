from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from scripted_wix import TOKEN, Reply, ScriptedWix, error, reset, token
from wix_facts import ADA, API_KEY, APP, BADGE, BEN, Connect, member

from badgejobs import errors
from badgejobs.wix import wire

pytest_plugins = ["wix_fixtures"]

SITE = "64fc2d7e-1585-45ef-b1c3-60811851a8c1"


def person(member_id: str = ADA, **fields: Any) -> dict[str, Any]:
    plain = {
        "id": member_id,
        "contactId": BADGE,
        "status": "UNKNOWN",
        "privacyStatus": "UNKNOWN",
        "profile": {"nickname": "Ana", "slug": "ana"},
        "createdDate": "2025-11-20T09:00:00Z",
    }
    return plain | fields


def people(*records: object, total: int | None = None, offset: int = 0) -> Reply:
    metadata: dict[str, Any] = {"count": len(records), "offset": offset, "total": total}
    metadata["tooManyToCount"] = total is None
    return Reply(body={"members": records, "metadata": metadata})


def test_members_are_asked_for_by_their_ids_a_hundred_at_a_time(
    wix: ScriptedWix, connect: Connect
) -> None:
    ids = [f"{ADA[:-4]}{number:04}" for number in range(150)]
    wix.expect(
        wire.MEMBERS_QUERY,
        people(*(person(one.upper()) for one in ids[:100]), total=100),
        people(person(ids[120]), total=1),
    )
    client = connect(credentials=API_KEY)
    found = client.members([*ids, "no id", "../orders"])
    assert set(found) == {*ids[:100], ids[120]}
    assert found[ids[0]].nickname == "Ana"
    assert [one.body for one in wix.requests] == [
        {
            "fieldsets": ["PUBLIC"],
            "query": {"filter": {"id": {"$in": some}}, "paging": {"limit": 100, "offset": 0}},
        }
        for some in (ids[:100], ids[100:])
    ]
    assert client.members([]) == client.members(["no id"]) == {}


def test_members_that_come_in_smaller_pages_are_read_by_offset_to_the_end(
    wix: ScriptedWix, connect: Connect
) -> None:
    ids = [member(number) for number in range(5)]
    wix.expect(
        wire.MEMBERS_QUERY,
        people(person(ids[0]), person(ids[1]), total=4),
        people(person(ids[2]), person(ids[3]), total=4, offset=2),
    )
    client = connect(credentials=API_KEY)
    assert set(client.members(ids)) == set(ids[:4])
    assert [one.body["query"]["paging"]["offset"] for one in wix.requests] == [0, 2]
    # without a total an empty page is the end
    wix.expect(wire.MEMBERS_QUERY, people(person(ids[0])), people(offset=1))
    assert set(client.members(ids)) == {ids[0]}


def test_a_filter_that_wix_does_not_see_costs_one_page_and_tells_nothing_else(
    wix: ScriptedWix, connect: Connect
) -> None:
    others = [person(member(number)) for number in range(10, 99)]
    wix.expect(wire.MEMBERS_QUERY, people(person(ADA), *others, total=5000))
    assert set(connect(credentials=API_KEY).members([ADA])) == {ADA}
    assert len(wix.requests) == 1


def test_the_wider_fieldset_tells_status_and_address(wix: ScriptedWix, connect: Connect) -> None:
    wide = person(loginEmail="ana@example.com", status="BLOCKED")
    wix.expect(wire.MEMBERS_QUERY, people(wide, person(BEN, status="FROZEN"), total=2))
    found = connect(credentials=API_KEY).members([ADA, BEN], fieldset="EXTENDED")
    assert (found[ADA].status, found[ADA].login_email) == ("BLOCKED", "ana@example.com")
    assert (found[BEN].status, found[BEN].login_email) == ("UNKNOWN", None)
    assert wix.requests[0].body["fieldsets"] == ["EXTENDED"]
    for canary in ("ana@example.com", "Ana", "ana"):
        assert canary not in repr(found[ADA])


def test_one_member_is_read_by_their_id(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(
        wire.MEMBER.replace("{id}", ADA),
        Reply(body={"member": person(profile=None)}),
        Reply(body={"member": person(BEN)}),
        error(404, "MEMBER_NOT_FOUND"),
    )
    client = connect(credentials=API_KEY)
    found = client.get_member(ADA, fieldset="EXTENDED")
    assert (found.id, found.nickname) == (ADA, "")
    [asked] = wix.requests
    assert (asked.method, asked.query, asked.body) == ("GET", {"fieldsets": "EXTENDED"}, None)
    with pytest.raises(errors.Ambiguous, match="another one"):
        client.get_member(ADA)
    with pytest.raises(errors.NotFound):
        client.get_member(ADA)


@pytest.mark.parametrize("status", [None, 7, [], {}, "SOMETHING NEW"])
def test_a_status_of_a_member_that_nobody_knows_is_not_told(
    wix: ScriptedWix, connect: Connect, status: object
) -> None:
    wix.expect(wire.MEMBER.replace("{id}", ADA), Reply(body={"member": person(status=status)}))
    assert connect(credentials=API_KEY).get_member(ADA).status == "UNKNOWN"


def test_the_app_is_told_on_which_site_it_is_installed(wix: ScriptedWix, connect: Connect) -> None:
    instance = {
        "instanceId": APP.instance_id,
        "appName": "x",
        "isFree": True,
        "permissions": ["A", "B"],
    }
    wix.expect(
        wire.APP_INSTANCE,
        Reply(body={"instance": instance, "site": {"siteId": SITE, "locale": "en"}}),
        Reply(body={"instance": {"instanceId": APP.instance_id}}),
        Reply(body={"site": {"siteId": SITE}}),
    )
    client = connect()
    found = client.app_instance()
    assert (found.instance_id, found.site_id) == (APP.instance_id, SITE)
    assert found.permissions == {"A", "B"}
    assert client.app_instance().site_id is None
    with pytest.raises(errors.Ambiguous):
        client.app_instance()


@pytest.mark.parametrize(
    ("active", "exp"), [(True, 1715096067), ("true", "1715096067"), ("false", None)]
)
def test_the_token_is_asked_about_in_the_body_without_credentials_or_pace(
    wix: ScriptedWix, connect: Connect, active: object, exp: object
) -> None:
    info = {
        "active": active,
        "subjectType": "APP",
        "subjectId": BADGE,
        "exp": exp,
        "iat": "1715081667",
        "clientId": APP.app_id,
        "siteId": SITE,
        "instanceId": APP.instance_id,
    }
    wix.expect(wire.TOKEN_INFO, Reply(body=info))
    paced: list[int] = []
    client = connect(pace=lambda: paced.append(1))
    found = client.token_info()
    assert found.active is (active in {True, "true"})
    assert (found.app_id, found.instance_id, found.site_id) == (APP.app_id, APP.instance_id, SITE)
    at = datetime(2024, 5, 7, 15, 34, 27, tzinfo=UTC)
    assert found.expires_at == (at if exp is not None else None)
    [asked] = wix.seen(wire.TOKEN_INFO)
    assert asked.body == {"token": TOKEN}
    assert "authorization" not in asked.headers
    assert (paced, client.calls) == ([], 0)


def test_a_token_that_the_inspection_does_not_take_is_dropped(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(wire.TOKEN, token("old"), token("new"))
    wix.expect(wire.TOKEN_INFO, error(401), Reply(body={"active": True}), Reply(act=reset))
    client = connect()
    with pytest.raises(errors.TokenRefused):
        client.token_info()
    assert client.token_info().active
    assert [one.body["token"] for one in wix.seen(wire.TOKEN_INFO)] == ["old", "new"]
    with pytest.raises(errors.Transient):
        client.token_info()


def test_an_api_key_is_no_token_to_ask_about(wix: ScriptedWix, connect: Connect) -> None:
    with pytest.raises(errors.Refused, match="API key"):
        connect(credentials=API_KEY).token_info()
    assert wix.requests == []


@pytest.mark.parametrize("exp", [-1, 2**37, 2**63, "soon", 1.5, "9" * 5000])
def test_an_end_of_a_token_that_is_no_date_is_not_read(
    wix: ScriptedWix, connect: Connect, exp: object
) -> None:
    wix.expect(wire.TOKEN_INFO, Reply(body={"active": True, "exp": exp}))
    with pytest.raises(errors.Ambiguous):
        connect().token_info()


def joined(member_id: str, email: str, *, proved: object = True) -> dict[str, Any]:
    return person(member_id, loginEmail=email, loginEmailVerified=proved)


def test_members_are_found_by_the_address_they_log_in_with_however_it_is_written(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(
        wire.MEMBERS_QUERY,
        people(
            joined(ADA.upper(), "ana@example.com"),
            joined(BEN, "Ben@Example.com", proved=False),
            joined(member(7), "somebody@example.com"),
            total=3,
        ),
    )
    found = connect(credentials=API_KEY).members_by_email(
        ["Ana@Example.com", "ben@example.com", "eve@example.com"]
    )
    assert {
        given: [(one.member_id, one.is_proved) for one in who] for given, who in found.items()
    } == {
        "Ana@Example.com": [(ADA, True)],
        "ben@example.com": [(BEN, False)],
    }
    assert wix.requests[0].body == {
        "fieldsets": ["FULL"],
        "query": {
            "filter": {
                "loginEmail": {
                    "$in": [
                        "Ana@Example.com", "ana@example.com", "ben@example.com", "eve@example.com"
                    ]
                }
            },
            "paging": {"limit": 100, "offset": 0},
        },
    }  # fmt: skip


def test_two_members_with_one_address_are_both_told(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(
        wire.MEMBERS_QUERY,
        people(joined(ADA, "ana@example.com"), total=2),
        people(joined(BEN, "ana@example.com"), total=2, offset=1),
    )
    found = connect(credentials=API_KEY).members_by_email(["ana@example.com"])
    assert [one.member_id for one in found["ana@example.com"]] == [ADA, BEN]
    assert [one.body["query"]["paging"]["offset"] for one in wix.requests] == [0, 1]


def test_an_address_filter_that_wix_does_not_see_is_refused_with_the_cure(
    wix: ScriptedWix, connect: Connect
) -> None:
    others = [joined(member(number), f"m{number}@example.com") for number in range(10, 99)]
    wix.expect(wire.MEMBERS_QUERY, people(*others, total=5000))
    with pytest.raises(errors.Refused, match="name members by their ids") as caught:
        connect(credentials=API_KEY).members_by_email(["ana@example.com"])
    assert "@" not in str(caught.value)
