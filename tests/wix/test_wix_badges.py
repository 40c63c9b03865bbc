from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from scripted_wix import (
    Reply,
    ScriptedWix,
    error,
    hang_up,
    reset,
)
from wix_facts import (
    ADA,
    API_KEY,
    BADGE,
    BEN,
    Connect,
    never_called,
)

from badgejobs import errors
from badgejobs.core.milestone import Look
from badgejobs.wix import wire

pytest_plugins = ["wix_fixtures"]


def test_badges_are_read_to_the_last_page(wix: ScriptedWix, connect: Connect) -> None:
    first = {"id": BADGE, "revision": "3", "title": "Loyal", "backgroundColor": "#1B4D3E"}
    second = {"id": ADA, "revision": 1, "title": "First", "icon": {"url": "https://x/y.png"}}
    more = {"count": 1, "cursors": {"next": "c2"}, "hasNext": True}
    wix.expect(
        wire.BADGES_QUERY,
        Reply(body={"badges": [first], "pagingMetadata": more}),
        Reply(body={"badges": [second], "pagingMetadata": {"hasNext": False}}),
    )
    loyal, first_one = connect(credentials=API_KEY).badges()
    assert (loyal.id, loyal.revision, loyal.look.background) == (BADGE, "3", "#1B4D3E")
    assert (first_one.revision, first_one.look.icon) == ("1", "https://x/y.png")
    bodies = [one.body for one in wix.seen(wire.BADGES_QUERY)]
    assert bodies[0] == {"query": {"cursorPaging": {"limit": 100}}}
    assert bodies[1] == {"query": {"cursorPaging": {"limit": 100, "cursor": "c2"}}}


def test_a_badge_is_created_as_it_shall_look(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.BADGES, Reply(body={"badge": {"id": BADGE, "revision": "1", "title": "Loyal"}}))
    made = connect(credentials=API_KEY).create_badge(Look(title="Loyal", description="Ten"))
    assert made.id == BADGE
    assert wix.requests[0].body == {
        "badge": {
            "title": "Loyal",
            "description": "Ten",
            "backgroundColor": "#796EFF",
            "textColor": "#FFFFFF",
        }
    }


def badge(**fields: Any) -> dict[str, Any]:
    plain = {
        "id": BADGE,
        "revision": "2",
        "title": "Loyal",
        "description": "Ten",
        "backgroundColor": "#1B4D3E",
        "textColor": "#FFFFFF",
        "slug": "loyal",
    }
    return plain | fields


def path(form: str, one: str = BADGE) -> str:
    return form.replace("{id}", one)


def test_one_badge_is_read_by_its_id(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(path(wire.BADGE), Reply(body={"badge": badge(id=BADGE.upper())}))
    found = connect(credentials=API_KEY).get_badge(BADGE)
    assert (found.revision, found.title, found.look.description) == ("2", "Loyal", "Ten")
    [asked] = wix.requests
    assert (asked.method, asked.body, asked.query) == ("GET", None, {})
    assert "content-type" not in asked.headers


def test_an_update_sends_what_is_given_and_the_revision_that_was_read(
    wix: ScriptedWix, connect: Connect
) -> None:
    answers = [Reply(body={"badge": badge(revision=str(number))}) for number in (3, 4)]
    wix.expect(path(wire.BADGE), *answers)
    client = connect(credentials=API_KEY)
    assert client.update_badge(BADGE, "2", description="").revision == "3"
    client.update_badge(
        BADGE, "3", title="A", background="#000000", text="#FFFFFF", icon="https://x/y.svg"
    )
    first, second = wix.requests
    assert first.method == second.method == "PATCH"
    assert first.body == {"badge": {"id": BADGE, "revision": "2", "description": ""}}
    assert second.body == {
        "badge": {
            "id": BADGE,
            "revision": "3",
            "title": "A",
            "backgroundColor": "#000000",
            "textColor": "#FFFFFF",
            "icon": {"url": "https://x/y.svg"},
        }
    }


@pytest.mark.parametrize(
    "reply", [error(409), error(409, "ABORTED"), error(400, "BADGE_REVISION_MISMATCH")]
)
def test_a_stale_revision_is_a_clear_no_with_its_own_name(
    wix: ScriptedWix, connect: Connect, reply: Reply
) -> None:
    wix.expect(path(wire.BADGE), reply)
    with pytest.raises(errors.StaleRevision) as caught:
        connect(credentials=API_KEY).update_badge(BADGE, "1", title="A")
    assert not caught.value.may_have_happened


@pytest.mark.parametrize("reply", [Reply(act=reset), error(500), Reply(body={"badge": {}})])
def test_an_update_whose_answer_is_lost_may_have_happened(
    wix: ScriptedWix, connect: Connect, reply: Reply
) -> None:
    wix.expect(path(wire.BADGE), reply)
    with pytest.raises(errors.Ambiguous):
        connect(credentials=API_KEY).update_badge(BADGE, "1", title="A")


def test_an_answer_about_another_badge_is_no_answer(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(path(wire.BADGE), *[Reply(body={"badge": badge(id=ADA)})] * 2)
    client = connect(credentials=API_KEY)
    asks: list[Callable[[], object]] = [
        lambda: client.get_badge(BADGE),
        lambda: client.update_badge(BADGE, "1"),
    ]
    for ask in asks:
        with pytest.raises(errors.Ambiguous, match="another one") as caught:
            ask()
        assert ADA not in str(caught.value)


def test_a_badge_is_moved_to_an_end_or_behind_another(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(path(wire.BADGE_MOVE), *[Reply(body={})] * 3)
    client = connect(credentials=API_KEY)
    client.move_badge(BADGE, place="FIRST")
    client.move_badge(BADGE, place="LAST")
    client.move_badge(BADGE, after=BEN)
    assert [one.body for one in wix.requests] == [
        {"position": "FIRST"},
        {"position": "LAST"},
        {"position": "AFTER", "moveAfterBadgeId": BEN},
    ]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(act=hang_up),
        Reply(body=b""),
        Reply(status=204),
        Reply(body={"message": "an error", "details": None}),
        Reply(body={"error": "x"}),
        Reply(body={"errorCode": -100}),
    ],
)
def test_a_move_without_the_answer_of_a_move_is_unclear(
    wix: ScriptedWix, connect: Connect, reply: Reply
) -> None:
    wix.expect(path(wire.BADGE_MOVE), reply)
    with pytest.raises(errors.Ambiguous):
        connect(credentials=API_KEY).move_badge(BADGE, place="FIRST")


@pytest.mark.parametrize(
    "text",
    ["", "x", "../orders", f"{BADGE}/move", f"{BADGE}?x=1", f"{BADGE}\n", f" {BADGE}", BADGE[:-1]],
)
def test_an_id_that_is_none_never_becomes_part_of_a_path(
    wix: ScriptedWix, connect: Connect, text: str
) -> None:
    paced: list[int] = []
    client = connect(pace=lambda: paced.append(1))
    asks: list[Callable[[], object]] = [
        lambda: client.get_badge(text),
        lambda: client.update_badge(text, "1"),
        lambda: client.move_badge(text, place="FIRST"),
        lambda: client.move_badge(BADGE, after=text),
        lambda: client.delete_assignment(text, fence=never_called),
        lambda: client.get_order(text),
        lambda: client.get_comment(text),
        lambda: client.get_member(text),
    ]
    for ask in asks:
        with pytest.raises(errors.Refused, match="GUID"):
            ask()
    assert wix.requests == []
    assert paced == []
