from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import Clock
from receiving import APART, SITE, Door, at_rest, due_in, noted, receiving
from structlog.testing import capture_logs
from wix_signing import BLOG, claims_of, comment_created, sign

from badgejobs.core.source import Track
from badgejobs.errors import Ambiguous
from badgejobs.intake.events import Installation
from badgejobs.intake.note import PROBE, SETTLES, Bell
from badgejobs.intake.receiver import Limits
from badgejobs.intake.verify import MOST_BYTES
from badgejobs.store import SqlStore, open_store

NOW = timedelta(0)
TOMORROW = timedelta(days=1)
COMMENT = "wix.comments.v2.comment_created"


def about_comment(post: str = "post-1", **fields: Any) -> bytes:
    return sign(claims_of(COMMENT, comment_created(post, **fields)))


def about(kind: str, **told: Any) -> bytes:
    return sign(claims_of(kind, {"id": "e"}, **told))


@pytest.fixture
def door(store: SqlStore) -> Iterator[Door]:
    at_rest(store)
    with receiving(store) as opened:
        yield opened


def test_a_comment_has_its_post_read_at_once(door: Door, store: SqlStore) -> None:
    assert door.post(about_comment("post-1")) == 200
    assert due_in(store, "comments") == NOW
    assert due_in(store, "comments", Track.FULL) == TOMORROW
    assert noted(store) == [(BLOG, ("post-1",))]
    assert door.ringing.wait(10)
    assert door.rung == [Bell(site=SITE, source="comments", track=Track.LIVE)]


def test_the_same_event_a_hundred_times_is_one_post_to_read(door: Door, store: SqlStore) -> None:
    body = about_comment("post-1")
    assert {door.post(body) for _ in range(100)} == {200}
    with store.read() as tx:
        assert tx.resources.hints(SITE, "comments") == 1


def test_an_event_while_its_post_is_being_read_has_it_read_once_more(
    door: Door, store: SqlStore
) -> None:
    door.post(about_comment("post-1"))
    with store.begin() as tx:
        lease = tx.scans.lease(SITE, "comments", holds=timedelta(minutes=1))
        tx.resources.take(SITE, "comments", generation=7, limit=100)
    assert door.post(about_comment("post-1")) == 200
    with store.begin() as tx:
        tx.resources.read(SITE, "comments", generation=7)
        tx.scans.release(lease, due_in=TOMORROW, completed=True)
    assert due_in(store, "comments") == NOW
    assert noted(store) == [(BLOG, ("post-1",))]


def test_an_order_has_the_orders_read_at_once_and_says_who_asked(
    door: Door, store: SqlStore
) -> None:
    assert door.post(about("wix.ecom.v1.order_updated")) == 200
    assert due_in(store, "orders") == NOW
    assert due_in(store, "orders", Track.FULL) == TOMORROW
    with store.begin() as tx:
        assert tx.scans.lease(SITE, "orders", holds=APART).asked_by == "webhook"


def test_members_are_walked_sooner_but_not_more_often_than_is_allowed(
    door: Door, store: SqlStore, clock: Clock
) -> None:
    body = about("wix.members.v1.member_updated")
    assert door.post(body) == 200
    assert due_in(store, "membership", Track.FULL) == APART
    clock.advance(hours=1)
    with store.begin() as tx:
        lease = tx.scans.lease(SITE, "membership", Track.FULL, holds=APART)
        tx.scans.release(lease, due_in=TOMORROW, completed=True)
    clock.advance(hours=1)
    assert door.post(body) == 200
    assert due_in(store, "membership", Track.FULL) == NOW
    assert door.ringing.wait(10)
    # Nothing was rung the first time: the tick does when it is due.
    assert door.rung == [Bell(site=SITE, source="membership", track=Track.FULL)]


def test_badges_given_by_hand_bring_one_comparison_forward(
    door: Door, store: SqlStore, clock: Clock
) -> None:
    body = about("wix.badges.v4.badge_assignment_created")
    assert door.post(body) == 200
    assert due_in(store, "reconcile") == SETTLES
    clock.advance(minutes=4)
    assert door.post(body) == 200
    assert due_in(store, "reconcile") == SETTLES - timedelta(minutes=4)


def test_badges_given_by_hand_while_wix_is_read_let_another_comparison_follow(
    door: Door, store: SqlStore, clock: Clock
) -> None:
    with store.begin() as tx:
        begun = tx.sightings.begin(SITE, ["b1"], instead_of=None)
    assert door.post(about("wix.badges.v4.badge_assignment_created")) == 200
    with store.begin() as tx:
        assert tx.sightings.forget(SITE, begun) == clock() + SETTLES


def test_what_rests_after_a_failure_keeps_its_rest(door: Door, store: SqlStore) -> None:
    with store.begin() as tx:
        lease = tx.scans.lease(SITE, "comments", holds=APART)
        tx.scans.postpone(lease, due_in=APART, error=Ambiguous("no answer"))
    assert door.post(about_comment("post-1")) == 200
    assert due_in(store, "comments") == APART
    assert noted(store) == [(BLOG, ("post-1",))]
    assert door.post(about("wix.ecom.v1.order_updated")) == 200
    assert door.ringing.wait(10)
    assert [bell.source for bell in door.rung] == ["orders"]


def test_events_of_unknown_installations_are_answered_counted_and_dropped(
    door: Door, store: SqlStore
) -> None:
    other = "aaaaaaaa-0000-4000-8000-00000000ffff"
    claims = claims_of(COMMENT, comment_created("post-1"), instance=other)
    assert door.post(sign(claims)) == 200
    assert door.receiver.fates == {"unknown": 1}
    assert noted(store) == []
    assert due_in(store, "comments") == TOMORROW


def test_sources_that_no_rule_reads_are_left_alone(store: SqlStore) -> None:
    at_rest(store)
    with receiving(store, wanted=["orders"]) as door:
        assert door.post(about_comment("post-1")) == 200
        assert door.post(about("wix.members.v1.member_created")) == 200
        assert door.receiver.fates == {"ignored": 2}
    assert noted(store) == []
    assert due_in(store, "membership", Track.FULL) == TOMORROW


@pytest.mark.parametrize("slug", ["wix.stores.v1.product_created", "PaidPlanPurchased"])
def test_other_events_are_answered_and_change_nothing(
    door: Door, store: SqlStore, slug: str
) -> None:
    assert door.post(about(slug)) == 200
    assert door.receiver.fates == {"ignored": 1}
    assert due_in(store, "orders") == TOMORROW


def test_a_forged_event_is_refused_without_a_word(door: Door, store: SqlStore) -> None:
    body = sign(claims_of(COMMENT, comment_created("post-1")), key="another")
    answer = door.http.post(door.url, content=body)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["Server"] == "badgejobs"
    assert noted(store) == []


def test_only_one_path_and_method_is_answered(door: Door) -> None:
    assert door.http.get(door.url).status_code == 405
    root = f"http://{door.host}:{door.port}/"
    assert door.http.post(root, content=b"x").status_code == 404


def test_a_body_of_256_kib_is_read_and_one_byte_more_is_not(door: Door) -> None:
    assert door.post(b"A" * MOST_BYTES) == 401
    assert door.post(b"A" * (MOST_BYTES + 1)) == 413


def test_a_body_that_grows_in_pieces_is_cut_off_at_the_same_size(door: Door) -> None:
    pieces = (b"A" * 65_536 for _ in range(5))
    assert door.http.post(door.url, content=pieces).status_code == 413


def test_a_packed_body_is_not_unpacked(door: Door) -> None:
    import gzip  # noqa: PLC0415 - of this test alone

    body = gzip.compress(about_comment("post-1"))
    packed = {"Content-Encoding": "gzip"}
    answer = door.http.post(door.url, content=body, headers=packed)
    assert answer.status_code == 401


HEAD = b"POST /webhooks/wix HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (HEAD, b""),
        (HEAD + b"Content-Length: 100\r\n\r\nabc", b"HTTP/1.1 408 "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"HTTP/1.1 408 "),
    ],
    ids=["nothing", "half a head", "half a body", "one of many pieces"],
)
def test_who_is_slow_is_given_up(store: SqlStore, sent: bytes, answer: bytes) -> None:
    with (
        receiving(store, limits=Limits(read_within=0.2)) as door,
        socket.create_connection((door.host, door.port), timeout=30) as slow,
    ):
        slow.sendall(sent)
        received = b"".join(iter(lambda: slow.recv(4096), b""))
    assert received[: len(answer)] == answer
    assert bool(received) == bool(answer)


def test_fifty_slow_senders_do_not_keep_an_event_out(store: SqlStore) -> None:
    at_rest(store)
    with receiving(store, limits=Limits(read_within=2)) as door, ExitStack() as slow_ones:
        address = (door.host, door.port)
        slow = [
            slow_ones.enter_context(socket.create_connection(address, timeout=30))
            for _ in range(50)
        ]
        for one in slow:
            one.sendall(HEAD + b"Content-Length: 100\r\n\r\nabc")
        assert door.post(about_comment("post-1")) == 200
        answers = {one.recv(4096).split(b"\r\n")[0] for one in slow}
    assert answers == {b"HTTP/1.1 408 Request Timeout"}


def test_more_at_once_than_is_allowed_are_asked_to_come_again(store: SqlStore) -> None:
    at_rest(store)
    with receiving(store, limits=Limits(at_once=1)) as door:
        with socket.create_connection((door.host, door.port), timeout=30) as slow:
            slow.sendall(HEAD + b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n")
            assert slow.recv(4096).startswith(b"HTTP/1.1 100 ")
            slow.sendall(b"abc")
            answer = door.http.post(door.url, content=about_comment())
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
            slow.sendall(b"x" * 97)
            assert slow.recv(4096).startswith(b"HTTP/1.1 401 ")
        assert door.post(about_comment("post-1")) == 200


def test_a_flood_of_one_site_is_asked_to_come_again_and_loses_nothing(store: SqlStore) -> None:
    at_rest(store)
    with receiving(store, limits=Limits(a_minute=3)) as door:
        answers = [door.post(about_comment(f"post-{number}")) for number in range(5)]
        assert answers == [200, 200, 200, 503, 503]
        # What would change nothing is not counted against the site.
        assert door.post(about("wix.stores.v1.product_created")) == 200
    assert noted(store) == [(BLOG, ("post-0", "post-1", "post-2"))]


def test_where_the_database_is_away_wix_is_asked_to_send_again() -> None:
    away = open_store("postgresql://nobody@127.0.0.1:9/none")
    with receiving(away) as door:
        assert door.post(about_comment()) == 503
        assert door.receiver.fates == {"unwritten": 1}
    assert not door.rung
    away.dispose()


def test_a_database_that_takes_too_long_is_not_waited_for_by_wix(
    tmp_path: Path, sqlite_template: Path
) -> None:
    file = tmp_path / "badgejobs.db"
    file.write_bytes(sqlite_template.read_bytes())
    file.chmod(0o600)
    store = open_store(f"sqlite:///{file}")
    at_rest(store)
    with receiving(store, limits=Limits(answer_within=0.1)) as door:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert door.post(about_comment("post-1")) == 503
            other.execute("COMMIT")
        # It is written down all the same, and sent again it changes nothing.
        assert door.ringing.wait(30)
        assert noted(store) == [(BLOG, ("post-1",))]
    store.dispose()


def test_an_app_that_came_or_went_is_told_of_for_a_site_of_ours(store: SqlStore) -> None:
    at_rest(store)
    told = list[tuple[str, Installation]]()

    def installed(site: str, became: Installation) -> Bell | None:
        told.append((site, became))
        return Bell(site=site, source=PROBE, track=Track.LIVE)

    with receiving(store, installed=installed) as door:
        assert door.post(about("AppRemoved")) == 200
        assert door.ringing.wait(10)
        assert door.post(about("AppInstalled")) == 200
        assert door.receiver.fates == {"noted": 2}
        assert door.rung[0] == Bell(site=SITE, source=PROBE, track=Track.LIVE)
    assert told == [(SITE, Installation.REMOVED), (SITE, Installation.INSTALLED)]


def test_an_installation_that_is_none_of_ours_is_told_without_its_id(store: SqlStore) -> None:
    instance = "99999999-0000-4000-8000-000000000009"
    with capture_logs() as logs, receiving(store) as door:
        assert door.post(about("AppInstalled", instance=instance)) == 200
        assert door.post(about("AppRemoved", instance=instance)) == 200
        assert door.receiver.fates == {"unknown": 2}
    said = [one for one in logs if "was not added" in one["event"]]
    assert len(said) == 1
    assert instance not in str(logs)
