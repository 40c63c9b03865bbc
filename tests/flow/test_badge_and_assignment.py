"""What a badge and its assignment mean: each question that the rules' page answers, as a test.

The names are those of the table "Badges" in badgejobs/rules/README.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx
import pytest
from stage import ONE_ORDER, TIMING, TWO_ORDERS, Clock, Stage, patience
from wix_double import Fault, lost

from badgejobs.core.activity import Mark
from badgejobs.core.award import Giver, State
from badgejobs.core.milestone import Lifecycle
from badgejobs.errors import NotSent, RulesError
from badgejobs.flow.assign import Assigned, assign
from badgejobs.flow.verdicts import OPENS_PAGES
from badgejobs.rules import SiteDefaults, parse_rules
from badgejobs.store import SqlStore
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials
from badgejobs.wix.client import WixClient

#: Where SQL decides, the store's own tests hold both databases to it.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PAID = (Mark.APPROVED, Mark.PAID)
REFUNDED = (*PAID, Mark.REFUNDED)
TAKES = Lifecycle(stated=True, revokes=True)
TITLE = "One Order"


def becomes(at: Stage, order: str, *marks: Mark) -> None:
    """An order changes at Wix, and is read."""
    at.wait(seconds=1)
    known = at.orders.records[order]
    at.orders.put(
        replace(known, marks=frozenset(marks), revision=known.revision + 1, updated_at=at.clock())
    )
    at.scan()


def settles(at: Stage) -> None:
    """All that is on its way comes to its end: quiet periods, reads, further attempts."""
    for _ in range(8):
        at.assign_all()
        at.wait(seconds=130)
        at.recover()


# ---------------------------------------------------------------- badge-two-rules


def test_two_rules_for_one_badge_are_refused_and_the_cure_is_to_join_them() -> None:
    rules = """\
version: 1
badges:
  - {id: buyer, badge: Friend, when: {count: orders, gte: 1}}
  - {id: talker, badge: friend, when: {count: comments, gte: 1}}
"""
    with pytest.raises(RulesError, match="one Wix badge has one rule: join the conditions with"):
        parse_rules(rules, file="r.yaml", site=SiteDefaults(timezone="UTC", currency="EUR"))


# ---------------------------------------------------------------- badge-repeat


@on_sqlite
def test_a_badge_that_is_earned_many_times_over_is_given_once(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.wix.second_create = "row"
    at.provision()
    for number in range(5):
        at.orders.put(at.order(f"o{number}"))
        at.scan()
        settles(at)

    assert at.wix.standing == {(TITLE, "ada"): 1}
    assert set(at.wix.sent.values()) == {1}


# ---------------------------------------------------------------- badge-by-hand


@on_sqlite
def test_what_a_person_gave_first_is_theirs_and_the_rule_is_met_and_already_held(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=TAKES))
    at.provision()
    at.wix.give(at.wix_id(), "ada")
    at.wait(hours=1)
    at.orders.put(at.order("o1"))
    at.scan()
    settles(at)
    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.PERSON)

    becomes(at, "o1", *REFUNDED)
    settles(at)
    at.wait(days=30)
    at.decide_due()
    settles(at)

    assert at.wix.standing == {(TITLE, "ada"): 1}
    assert at.unmet() == {}
    assert at.wix.named("create", "create_many", "delete_many") == []


# ---------------------------------------------------------------- badge-twice


@pytest.mark.parametrize("second_create", ["refuse", "return", "row"])
@on_sqlite
def test_a_badge_that_stands_already_is_a_success_however_wix_puts_it(
    store: SqlStore, clock: Clock, second_create: Literal["refuse", "return", "row"]
) -> None:
    """A person gives the badge between our look and our create, or our own answer is lost."""
    at = Stage(store, clock)
    at.wix.second_create = second_create
    at.earn("ada", "bob", "cyd")
    at.wix.lag = timedelta(seconds=20)
    if second_create != "row":  # there a second one would stand, and nobody could have known
        at.wix.meanwhile("before create", lambda: at.wix.give(at.wix_id(), "bob"))
    at.wix.script("create_many", Fault(error=lost(), applied=True))

    settles(at)

    assert at.wix.standing == {(TITLE, member): 1 for member in ("ada", "bob", "cyd")}
    assert set(at.awards("ada", "bob", "cyd").values()) == {State.ASSIGNED}


# ---------------------------------------------------------------- badge-bulk

BADGE = "3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1101"
ADA, BEN, CYD, DAN = (f"c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e220{n}" for n in range(1, 5))

LOOK = {
    "id": BADGE,
    "revision": "1",
    "title": TITLE,
    "backgroundColor": "#796EFF",
    "textColor": "#FFFFFF",
    "permissionsEnabled": False,
}


class Wire:
    """Wix's end of the line: what stands, and how a bulk create is answered."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.standing = dict[str, dict[str, Any]]()
        self.bulks = list[list[str]]()
        self.creates = list[str]()
        self.answer: Callable[[list[tuple[int, str]]], dict[str, Any]] = lambda sent: {
            "results": [self.row(index, member) for index, member in sent]
        }

    def stand(self, member: str) -> dict[str, Any]:
        number = len(self.standing) + 1
        self.standing[member] = {
            "id": f"91d5b3aa-2b61-4a0c-8e0d-3b1f5d7e33{number:02}",
            "badgeId": BADGE,
            "memberId": member,
            "createdDate": stamp(self.clock()),
        }
        return self.standing[member]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == wire.BADGE.replace("{id}", BADGE):
            return httpx.Response(200, json={"badge": LOOK})
        body = json.loads(request.content)
        if request.url.path == wire.BADGES_QUERY:
            paging = {"count": 1, "hasNext": False}
            return httpx.Response(200, json={"badges": [LOOK], "pagingMetadata": paging})
        if request.url.path == wire.ASSIGNMENTS_QUERY:
            rows = list(self.standing.values())
            paging = {"count": len(rows), "hasNext": False}
            return httpx.Response(200, json={"badgeAssignments": rows, "pagingMetadata": paging})
        if request.url.path == wire.ASSIGNMENTS:
            self.creates.append(body["badgeAssignment"]["memberId"])
            return httpx.Response(200, json={"badgeAssignment": self.stand(self.creates[-1])})
        assert request.url.path == wire.ASSIGNMENTS_BULK_CREATE
        self.bulks.append([one["memberId"] for one in body["badgeAssignments"]])
        return httpx.Response(200, json=self.answer(list(enumerate(self.bulks[-1]))))

    def row(self, index: int, member: str) -> dict[str, Any]:
        """The row of an item that is given."""
        one = self.stand(member)
        told = {"id": one["id"], "originalIndex": index, "success": True}
        return {"itemMetadata": told, "item": one}


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def failed(index: int, code: str) -> dict[str, Any]:
    """The row of an item that is refused."""
    error = {"code": code, "description": "as Wix words it"}
    return {"itemMetadata": {"originalIndex": index, "success": False, "error": error}}


@on_sqlite
def test_of_a_batch_that_fails_in_part_each_is_settled_by_its_own_row_and_the_silent_by_reading(
    store: SqlStore, clock: Clock
) -> None:
    """Rows stand in disorder; one item was given and is only counted as an undetailed failure."""
    at, line = Stage(store, clock), Wire(clock)
    with store.begin() as tx:
        tx.bindings.bind(at.site, "one-order", BADGE)
    at.orders.put(*(at.order(one, one) for one in (ADA, BEN, CYD, DAN)))
    at.scan()

    def answer(sent: list[tuple[int, str]]) -> dict[str, Any]:
        where = {member: index for index, member in sent}
        line.stand(DAN)
        return {
            "results": [
                line.row(where[CYD], CYD),
                failed(where[BEN], "ALREADY_EXISTS"),
                failed(where[ADA], "MEMBER_NOT_FOUND"),
            ],
            "bulkActionMetadata": {
                "totalSuccesses": 1, "totalFailures": 3, "undetailedFailures": 1
            },
        }  # fmt: skip

    line.answer = answer
    with client(line) as wix:
        give(at, wix)
        found = at.awards(ADA, BEN, CYD, DAN)
        assert found[CYD, "one-order"] is State.ASSIGNED
        assert found[BEN, "one-order"] is State.ASSIGNED
        assert found[ADA, "one-order"] is State.BLOCKED, "the member is gone, the badge is not"
        assert found[DAN, "one-order"] is State.UNKNOWN, "no row tells of it"
        assert at.award(CYD).giver is Giver.OURS
        assert at.award(CYD).assignment_id == line.standing[CYD]["id"]

        at.wait(seconds=121)
        give(at, wix)

    assert at.award(DAN).state is State.ASSIGNED
    assert at.award(DAN).assignment_id == line.standing[DAN]["id"]
    sent = [one for some in line.bulks for one in some] + line.creates
    assert sent.count(DAN) == sent.count(CYD) == sent.count(BEN) == 1


def client(line: Wire) -> WixClient:
    return WixClient(
        base_url="https://www.wixapis.com",
        credentials=ApiKeyCredentials(api_key="IST.key", site_id=BADGE),
        pace=lambda: None,
        request_deadline=timedelta(seconds=5),
        transport=httpx.MockTransport(line),
    )


def give(at: Stage, wix: WixClient) -> Assigned | None:
    return assign(at.site, wix, at.rules, at.store, timing=TIMING, batch=100, patience=patience)


# ---------------------------------------------------------------- badge-first


@on_sqlite
def test_places_go_by_crossing_time_then_by_the_facts_id_and_come_back_only_if_never_sent(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=Lifecycle(first=2)))
    at.provision()
    at.scan()
    at.decide_due()
    moment = clock()
    at.wait(seconds=1)
    at.orders.put(
        at.order("c", "ada", at=moment, updated_at=clock()),
        at.order("b", "bob", at=moment, updated_at=clock()),
        at.order("a", "cyd", at=moment + timedelta(seconds=1), updated_at=clock()),
        at.order("d", "dan", at=moment, updated_at=clock()),
    )
    at.scan()
    pending = {member for (member, _), one in everyone(at).items() if one is State.PENDING}
    assert pending == {"bob", "ada"}, "of one second the smaller order id, and cyd is later"

    becomes(at, "b", *REFUNDED)
    assert everyone(at)["bob", "one-order"] is State.WITHDRAWN
    assert everyone(at)["dan", "one-order"] is State.PENDING, "the place was never sent"

    at.wix.script("create_many", lost())
    at.assign_all()
    becomes(at, "c", *REFUNDED)
    settles(at)
    assert at.wix.standing == {(TITLE, "dan"): 1}
    assert everyone(at)["cyd", "one-order"] is State.HELD, "a place that was sent stays used"


def everyone(at: Stage) -> dict[tuple[str, str], State]:
    return at.awards("ada", "bob", "cyd", "dan")


# ---------------------------------------------------------------- badge-edited


def test_the_version_of_rules_is_made_of_what_they_mean_and_not_of_how_they_are_written() -> None:

    def version(text: str) -> str:
        site = SiteDefaults(timezone="UTC", currency="EUR")
        return parse_rules(text, file="r.yaml", site=site).version

    written = "version: 1\nbadges:\n- {id: a, badge: A, when: {count: orders, gte: 1}}\n"
    assert version(f"# a word\n{written}") == version(written)
    assert version(written.replace("gte: 1", "gte: 2")) != version(written)


# ---------------------------------------------------------------- badge-notify


@on_sqlite
def test_a_member_hears_of_a_badge_once_and_of_the_past_not_at_all(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.provision()
    at.orders.put(at.order("old", "ada"))
    at.scan()
    assert at.award("ada").silent, "the first reading is of the past"
    at.wait(hours=1)
    at.orders.put(at.order("new", "bob"))
    at.scan()
    settles(at)
    assert not at.award("bob").silent

    at.wait(hours=1)
    at.orders.put(at.order("another", "bob"))
    at.scan()
    settles(at)
    given = [state for _, state, _ in at.history("bob") if state is State.ASSIGNED]
    assert given == [State.ASSIGNED], "one award, one period, one word"
    assert at.award("bob").period == 1


@on_sqlite
def test_a_new_badge_of_a_running_site_is_silent_about_the_past(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada", "bob")
    settles(at)
    at.rules = replace(at.rules, version="v2", milestones=(ONE_ORDER, TWO_ORDERS))
    at.provision()
    at.decide_due()

    assert all(at.award(one, "two-orders").silent for one in ("ada", "bob"))


# ---------------------------------------------------------------- badge-permissions


@on_sqlite
def test_a_badge_that_opens_pages_needs_a_word_on_when_it_goes(
    store: SqlStore, clock: Clock
) -> None:
    rules = """\
version: 1
badges:
  - {id: vip, badge: VIP, opens_pages: true, when: {count: orders, gte: 1}}
"""
    with pytest.raises(RulesError, match="revoke"):
        parse_rules(rules, file="r.yaml", site=SiteDefaults(timezone="UTC", currency="EUR"))

    at = Stage(store, clock, TWO_ORDERS)
    at.provision()
    at.wix.open_pages(at.wix_id())
    at.reconcile()
    at.decide_due()
    at.earn("ada")
    at.assign_all()
    assert (at.award().state, at.award().reason) == (State.HELD, OPENS_PAGES)
    assert at.wix.standing == {}


# ---------------------------------------------------------------- beside the table


@on_sqlite
def test_a_request_that_surely_never_left_costs_neither_a_place_nor_an_attempt(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    for _ in range(5):
        at.wix.script("create", NotSent("no connection"))

    settles(at)

    assert at.wix.standing == {(TITLE, "ada"): 1}
    assert at.award().attempt == 1
