"""Every fault against every request: the remedy, what the caller may assume, and no leak."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from every_call import Facts, Use
from fault_matrix import DEADLINE, EXCEPTIONS, FAULTS, PATIENCE, TOKEN_REMEDIES, USES, Cell

from badgejobs.errors import BadgeJobsError, RateLimited, TokenRefused
from badgejobs.sandbox.faults.fields import parse_fault
from badgejobs.sandbox.properties import Properties
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import Options, parse_installations
from badgejobs.sandbox.world import Site, World
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials, AppCredentials
from badgejobs.wix.client import WixClient

ON = Facts()
SITE = {
    "siteId": "5170a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "instanceId": "1457a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "appId": "a990a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "appSecret": "canary-app-secret",
    "apiKey": "IST.canary-api-key",
}
WHEN = "2026-02-03T08:30:00.000Z"


def test_the_matrix_is_as_large_as_was_promised() -> None:
    assert len(FAULTS) >= 30
    assert len(USES) >= 19
    assert len(FAULTS) * len(USES) >= 250


class Stage:
    """A sandbox with one of everything in it, a client of it, and what stands there."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        world.reset(
            parse_installations([SITE]), Options(query_lag_seconds=0, rate_limit_requests=0)
        )
        self._fill(self.site)
        self._url, self._opened = url, list[WixClient]()

    def client(self, *, deadline: float, by_key: bool = False) -> WixClient:
        """A client of the sandbox; one by key needs no token, which takes time of its own."""
        app = AppCredentials(
            app_id=SITE["appId"], app_secret=SITE["appSecret"], instance_id=SITE["instanceId"]
        )
        key = ApiKeyCredentials(api_key=SITE["apiKey"], site_id=SITE["siteId"])
        made = WixClient(
            base_url=self._url,
            credentials=key if by_key else app,
            pace=lambda: None,
            request_deadline=timedelta(seconds=deadline),
        )
        self._opened.append(made)
        return made

    def close(self) -> None:
        for one in self._opened:
            one.close()

    @property
    def site(self) -> Site:
        return self.world.sites[SITE["instanceId"]]

    def moves_to(self, catalog: wire.CatalogVersion) -> None:
        self.site.properties = Properties(catalog_version=catalog)

    def disturb(self, cell: Cell, method: str, path: str) -> None:
        self.world.faults.add(
            [parse_fault({**cell.fault, "method": method, "path": path}, "fault")]
        )

    def stands(self) -> str:
        """All that a client can change."""
        site = self.site
        kept = [site.badges.current, site.assignments.current]
        bodies = [[one.body for one in kind.values()] for kind in kept]
        return json.dumps([*bodies, site.display_order])

    def canaries(self) -> set[str]:
        """What belongs into no log and no error."""
        told = {ON.badge, ON.member, ON.assignment, ON.order, ON.comment, ON.resource, ON.title}
        told |= {ON.product, ON.collection}
        tokens = set(self.world._tokens)
        return told | tokens | {SITE["appSecret"], SITE["apiKey"], "ana@example.com", "Ana"}

    @staticmethod
    def _fill(site: Site) -> None:
        def put(kind: str, **body: Any) -> None:
            collection = getattr(site, kind)
            dated = {"createdDate": WHEN, "updatedDate": WHEN} | body
            collection.put(Record(dated, collection.fields), 0.0)

        for badge, title in ((ON.badge, "One"), (ON.other_badge, "Two")):
            put("badges", id=badge, title=title, revision="1", slug=title.lower(),
                backgroundColor="#000000", textColor="#FFFFFF")  # fmt: skip
            site.display_order.append(badge)
        for member in (ON.member, ON.other_member):
            put("members", id=member, status="APPROVED", loginEmail="ana@example.com",
                profile={"nickname": "Ana"})  # fmt: skip
        # Of the other badge, so that the one of the calls can still be given.
        pair = (ON.other_badge, ON.member)
        put("assignments", id=ON.assignment, badgeId=pair[0], memberId=pair[1])
        site.pairs[pair] = [ON.assignment]
        money = {"amount": "12.50"}
        put("orders", id=ON.order, number="1", status="APPROVED", paymentStatus="PAID",
            currency="EUR", buyerInfo={"memberId": ON.member, "email": "ana@example.com"},
            priceSummary={"subtotal": money, "total": money},
            balanceSummary={"paid": money})  # fmt: skip
        put("comments", id=ON.comment, appId=ON.app, contextId=ON.context,
            resourceId=ON.resource, status="PUBLISHED", revision="1",
            author={"memberId": ON.member}, content={"richContent": {}})  # fmt: skip
        put("products", id=ON.product, name="Mug", collectionIds=[ON.collection])
        put("collections", id=ON.collection, name="Cups")
        put("posts", id=ON.order, memberId=ON.member, referenceId=ON.resource)
        put("reviews", id=ON.review, author={"contactId": ON.member})


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[World, str]]:
    world = World()
    with running(world) as url:
        yield world, url


@pytest.fixture
def stage(server: tuple[World, str]) -> Iterator[Stage]:
    world, url = server
    made = Stage(world, url)
    yield made
    made.close()
    # A late write of this cell must not reach the world of the next.
    world.reset((), Options())


def eventually(is_so: Callable[[], bool]) -> bool:
    ends = time.monotonic() + 10
    while not is_so() and time.monotonic() < ends:
        time.sleep(0.01)
    return is_so()


def undated(found: Any) -> str:
    """What was found, without the second in which it was answered."""
    return re.sub(r"answered_at=datetime\.datetime\([^()]*\)", "", repr(found))


def tried(client: WixClient, use: Use) -> tuple[Any, BadgeJobsError | None]:
    try:
        return use.act(client, ON), None
    except BadgeJobsError as error:
        return None, error


def shown_of(error: BadgeJobsError | None, logs: pytest.LogCaptureFixture) -> str:
    chain: list[str] = []
    told: BaseException | None = error
    while told is not None:
        chain += [str(told), repr(told)]
        told = told.__cause__
    return "\n".join([*chain, *(f"{one.name} {one.getMessage()}" for one in logs.records)])


#: Where the deadline ends a request, each cell waits for it: all of them are tried in the
#: long step, and in every run of the suite a read, two kinds of writing and a removal.
EVERY_TIME = {"search_orders", "create_assignment", "update_badge", "delete_assignments"}
CELLS = [
    pytest.param(
        call,
        fault,
        marks=[pytest.mark.slow] if cell.too_slow and call not in EVERY_TIME else [],
    )
    for call in USES
    for fault, cell in FAULTS.items()
]


@pytest.mark.parametrize(("call", "fault"), CELLS)
def test_a_fault_names_its_remedy_and_what_may_be_assumed_and_leaks_nothing(
    stage: Stage, caplog: pytest.LogCaptureFixture, call: str, fault: str
) -> None:
    use, cell = USES[call], FAULTS[fault]
    stage.moves_to(use.catalog)
    client = stage.client(deadline=DEADLINE if cell.too_slow else PATIENCE, by_key=cell.too_slow)
    undisturbed = use.act(client, ON) if not use.writes else None
    before, secrets = stage.stands(), stage.canaries()
    stage.disturb(cell, use.method, use.path(ON))
    with caplog.at_level(logging.DEBUG, logger="badgejobs"):
        found, error = tried(client, use)

    remedy = EXCEPTIONS.get((fault, call), cell.means)
    assert type(error) is remedy if remedy else error is None, error
    if isinstance(error, RateLimited):
        assert cell.seconds
        assert cell.seconds[0] <= error.seconds <= cell.seconds[1]
    if cell.late and use.writes:
        assert stage.stands() == before, "applied late means later than the answer was lost"
        assert eventually(lambda: stage.stands() != before)
    changed = stage.stands() != before
    assert changed == (use.writes and cell.applied)
    if changed:
        assert error is None or error.may_have_happened, "the caller must not think it undone"
    if error is None and not use.writes:
        assert undated(found) == undated(undisturbed)
    shown = shown_of(error, caplog)
    assert [one for one in secrets | stage.canaries() if one in shown] == []
    logged = [one for one in caplog.records if one.name == "badgejobs.wix.exchange"]
    assert logged, "every request has its line in the log"


@pytest.mark.parametrize("fault", TOKEN_REMEDIES)
@pytest.mark.parametrize("call", ["create_assignment", "search_orders"])
def test_a_fault_of_the_token_endpoint_never_looks_as_if_the_request_had_been_sent(
    stage: Stage, caplog: pytest.LogCaptureFixture, call: str, fault: str
) -> None:
    use, cell, remedy = USES[call], FAULTS[fault], TOKEN_REMEDIES[fault]
    client = stage.client(deadline=DEADLINE if cell.too_slow else PATIENCE)
    before = stage.stands()
    stage.disturb(cell, "POST", wire.TOKEN)
    with caplog.at_level(logging.DEBUG, logger="badgejobs"):
        _, error = tried(client, use)
    assert type(error) is remedy if remedy else error is None, error
    if error is not None:
        assert not error.may_have_happened
        assert stage.stands() == before
        assert client.calls == 0
    shown = shown_of(error, caplog)
    assert [one for one in stage.canaries() if one in shown] == []


@pytest.mark.parametrize("fault", [name for name, cell in FAULTS.items() if not cell.too_slow])
def test_a_fault_of_token_info_names_its_remedy_and_changes_and_leaks_nothing(
    stage: Stage, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    cell = FAULTS[fault]
    # It is asked about the token and not with it: a 401 is its answer, and nothing is renewed.
    remedy = TokenRefused if fault.startswith("401") else cell.means
    wix = stage.client(deadline=PATIENCE)
    undisturbed = wix.token_info()
    before, secrets = stage.stands(), stage.canaries()
    stage.disturb(cell, "POST", wire.TOKEN_INFO)
    found, error = None, None
    with caplog.at_level(logging.DEBUG, logger="badgejobs"):
        try:
            found = wix.token_info()
        except BadgeJobsError as caught:
            error = caught
    assert type(error) is remedy if remedy else error is None, error
    if error is None:
        assert found == undisturbed
    assert stage.stands() == before
    shown = shown_of(error, caplog)
    assert [one for one in secrets if one in shown] == []
