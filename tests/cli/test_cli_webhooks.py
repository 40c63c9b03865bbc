"""From what Wix sends to what is read at Wix, with real processes between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from command_desk import INSTANCE, Desk, LiveWix, member_id
from wix_signing import BLOG, claims_of, comment_created, public_key, sign

from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.stamps import stamp
from badgejobs.service.addresses import free_port
from badgejobs.wix import wire

pytest_plugins = ["cli_fixtures"]

RULES = """\
version: 1
badges:
  - id: first-comment
    badge: {title: First Comment}
    when: {count: comments, gte: 1}
"""

WEBHOOKS = """
[webhooks]
public_key_file = "webhooks.pem"
port = 0
"""


def takes_webhooks(desk: Desk) -> None:
    """Configure the key that the tests sign with."""
    desk.write("rules.yaml", RULES)
    desk.write("webhooks.pem", public_key().decode())
    toml = desk.folder / "badgejobs.toml"
    desk.write("badgejobs.toml", toml.read_text() + WEBHOOKS)


@contextmanager
def running(desk: Desk, command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command as a process, ended as an operator does; what it says is in ``told``."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")}
    with (desk.folder / "told").open("w") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "badgejobs", command],
            cwd=desk.folder,
            env=inherited | {"NO_COLOR": "1", "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=told,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=60)
    assert code == 0, (desk.folder / "told").read_text()


@contextmanager
def receiver(desk: Desk) -> Iterator[str]:
    """``badgejobs webhooks``, and where it takes them."""
    with running(desk, "webhooks") as process:
        yield _url_in(desk.folder / "told", process)


def _url_in(file: Path, process: subprocess.Popen[bytes]) -> str:
    ends = time.monotonic() + 60
    while True:
        found = [word for word in file.read_text().split() if word.startswith("http://")]
        if found:
            return found[0]
        assert process.poll() is None, file.read_text()
        assert time.monotonic() < ends, "webhooks did not start"
        time.sleep(0.05)


def comments_on(live_wix: LiveWix, post: str, *numbers: int) -> None:
    """Members comment on a post of the blog."""
    world = live_wix.world
    site, now = world.sites[INSTANCE], world.clock()
    at = stamp(datetime.fromtimestamp(now, UTC))
    for number in numbers:
        member = {"id": member_id(number), "status": "APPROVED", "privacyStatus": "PUBLIC"}
        site.members.put(Record(member, site.members.fields), now)
        body = {
            "id": f"dddddddd-0000-4000-8000-{number:012d}",
            "revision": "1",
            "createdDate": at,
            "updatedDate": at,
            "appId": BLOG,
            "contextId": post,
            "resourceId": post,
            "author": {"memberId": member_id(number)},
            "status": "PUBLISHED",
            "content": {"richContent": {"nodes": []}},
        }
        site.comments.put(Record(body, site.comments.fields), now)


def asked(live_wix: LiveWix, since: int) -> list[tuple[str, Any]]:
    """The calls about comments that came later: path, and the resources that were asked for."""
    return [
        (entry.path, entry.body.get("query", {}).get("filter", {}).get("resourceId"))
        for entry in list(live_wix.world.journal.entries)[since:]
        if entry.path.startswith("/comments/")
    ]


@pytest.mark.slow
def test_a_comment_on_a_new_post_is_read_by_its_post_alone(desk: Desk, live_wix: LiveWix) -> None:
    takes_webhooks(desk)
    comments_on(live_wix, "post-1", 1, 2)
    first = desk.run("scan", "shop", "comments", "--foreground", "--json")
    assert json.loads(first.out)["activities"]["new"] == 2, first.err

    comments_on(live_wix, "post-2", 3)
    since = len(live_wix.world.journal.entries)
    event = comment_created("post-2", author={"memberId": member_id(9)}, status="DELETED")
    with receiver(desk) as url:
        body = sign(claims_of("wix.comments.v2.comment_created", event, instance=INSTANCE))
        forged = sign(claims_of("wix.ecom.v1.order_created", instance=INSTANCE), key="another")
        with httpx.Client(trust_env=False) as wix:
            assert wix.post(url, content=body).status_code == 200
            assert wix.post(url, content=forged).status_code == 401
    assert asked(live_wix, since) == []  # to take a webhook is not to ask Wix

    second = desk.run("scan", "shop", "comments", "--foreground", "--json")
    assert json.loads(second.out)["activities"]["new"] == 1, second.err
    calls = asked(live_wix, since)
    assert [path for path, _ in calls] == [wire.COMMENTS_QUERY, wire.COMMENTS_COUNT]
    assert "post-2" in json.dumps(calls[0][1])
    assert "post-1" not in json.dumps(calls)
    told = (desk.folder / "told").read_text()
    assert "noted=1" in told
    assert "refused=1" in told
    assert "post-2" not in told
    assert member_id(9) not in told

    # Whom the event called the author, and what it said of the comment, is nowhere believed.
    third = desk.run("sync", "shop", "--json")
    assert third.code == 0, third.err
    given = live_wix.world.sites[INSTANCE].assignments.current.values()
    assert {one.body["memberId"] for one in given} == {member_id(n) for n in (1, 2, 3)}


@pytest.mark.slow
def test_up_takes_webhooks_too_where_a_key_is_named(lonely_desk: Desk) -> None:
    takes_webhooks(lonely_desk)
    port = free_port()
    toml = (lonely_desk.folder / "badgejobs.toml").read_text()
    lonely_desk.write("badgejobs.toml", toml.replace("port = 0", f"port = {port}"))
    url = f"http://127.0.0.1:{port}/webhooks/wix"
    order = sign(claims_of("wix.ecom.v1.order_created", instance=INSTANCE))
    with running(lonely_desk, "up") as process, httpx.Client(trust_env=False) as wix:
        ends = time.monotonic() + 60
        while True:
            with suppress(httpx.TransportError):
                assert wix.post(url, content=order).status_code == 200
                break
            assert process.poll() is None, (lonely_desk.folder / "told").read_text()
            assert time.monotonic() < ends, "webhooks are not taken"
            time.sleep(0.1)
    with pytest.raises(httpx.ConnectError), httpx.Client(trust_env=False) as wix:
        wix.post(url, content=order)


def test_without_a_key_webhooks_are_not_taken(lonely_desk: Desk) -> None:
    ended = lonely_desk.run("webhooks")
    assert ended.code == 4
    assert "webhooks.public_key_file is not set" in ended.err


def test_a_wrong_key_ends_webhooks_and_up_with_the_name_of_the_setting(lonely_desk: Desk) -> None:
    takes_webhooks(lonely_desk)
    lonely_desk.write("webhooks.pem", "app-secret")
    for command in ("webhooks", "up"):
        ended = lonely_desk.run(command)
        assert ended.code == 4
        assert "webhooks.public_key_file: " in ended.err
        assert "no RSA public key" in ended.err


def test_sites_with_an_api_key_get_no_webhooks_and_it_is_said(lonely_desk: Desk) -> None:
    takes_webhooks(lonely_desk)
    toml = (lonely_desk.folder / "badgejobs.toml").read_text()
    head, _, rest = toml.partition("app_id = ")
    tail = rest[rest.index("[webhooks]") :]
    lonely_desk.write("a.key", "an-api-key")
    by_key = f'api_key_file = "a.key"\nsite_id = "{INSTANCE}"\n'
    lonely_desk.write("badgejobs.toml", head + by_key + tail)
    ended = lonely_desk.run("webhooks")
    assert ended.code == 4
    assert "no site has an instance_id" in ended.err
