"""Secrets and data of members, planted everywhere, come out nowhere; each line names its run."""

from __future__ import annotations

import json
import os
import re
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from broker_search import WORD_OF_RESULT, WORD_OF_TASK, overheard, plant, standing_in
from console_pages import console_pages
from jobs_stage import NORTH, SECRET, LiveShops, member_id, order_prefix
from jobs_yard import AUTHORIZED, FlowerApi, Yard, eventually
from listeners import SECRET as LISTENERS_SECRET
from listeners import Mailbox, Receiver, mailing, receiving
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.history import seed
from badgejobs.sandbox.records.collection import Record
from badgejobs.service.addresses import free_port
from badgejobs.wix import wire

pytest_plugins = ["jobs_fixtures"]

#: What has run by the time when all is given.
RUNS = {"assign", "provision", "scan orders"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PLANTED = {
    "secret of the app": SECRET,
    "token of metrics": "canary-token-0123456789abcdef01234",
    "member": "bbbbbbbb-0001-4000-8000-",
    "order": order_prefix(NORTH),
    "number of an order": "70707",
    "contact": "0c0c0c0c-",
    "address": "canary.person",
    "first name": "Canaria",
    "last name": "Vogelsang",
    "phone": "5550199",
    "street": "Volierenweg",
    "password of Flower": AUTHORIZED.partition(":")[2],
    "password of the console": "canary-password-0123456789",
    "token of operators": "canary-operator-0123456789",
    "path of the webhook": "canary-hook-0123456789",
    "secret of the webhook": LISTENERS_SECRET.removeprefix("whsec_"),
    "user of the mail server": "canary.sender",
    "password of the mail server": "canary-smtp-0123456789",
    "reader of the mails": "canary.reader@shop.example",
}
#: What a worker says of a task before its run begins, or after it has ended.
OUTSIDE_OF_RUNS = frozenset({"bell answered"})
#: When the mail goes out, to the minute: what is given later waits for the next day, also where a
#: busy machine is slow to start all that gives.
DIGEST_IN = timedelta(seconds=150)
#: Whoever has the console's password looks for a member, and for what counted, by their ids; those
#: who are told of an award are told whose it is.
BELONGS = {
    "console /": frozenset({"member", "order"}),
    "webhook": frozenset({"member"}),
    "mail": frozenset({"member", "reader of the mails"}),
}


def shops_with_people(shops: LiveShops, member: int, times: int) -> None:
    """A member with a name, an address and a contact buys, and all of it stands in the orders."""
    site, now = shops.site(), shops.world.clock()
    at = datetime.now(UTC) - timedelta(minutes=5)
    stamp = f"{at:%Y-%m-%dT%H:%M:%S.000Z}"
    person = {"firstName": PLANTED["first name"], "lastName": PLANTED["last name"]}
    mail = f"{PLANTED['address']}{member}@example.com"
    contact = f"{PLANTED['contact']}0000-4000-8000-{member:012d}"
    body = {
        "id": member_id(member), "status": "APPROVED", "privacyStatus": "PUBLIC",
        "loginEmail": mail, "contactId": contact, "contact": person,
        "profile": {"nickname": PLANTED["first name"], "slug": PLANTED["last name"].lower()},
    }  # fmt: skip
    site.members.put(Record(body, site.members.fields), now)
    standard = next(one for one in seed.orders() if one["paymentStatus"] == "PAID")
    address = {"addressLine": f"{PLANTED['street']} 1", "city": PLANTED["last name"]}
    for turn in range(times):
        order = standard | {
            "id": f"{order_prefix(NORTH)}4000-8000-{100 * member + turn:012d}",
            "number": f"{PLANTED['number of an order']}{member}{turn}",
            "buyerInfo": {"memberId": member_id(member), "contactId": contact, "email": mail},
            "billingInfo": {
                "address": address,
                "contactDetails": person | {"phone": PLANTED["phone"]},
            },
            **dict.fromkeys(("createdDate", "purchasedDate", "updatedDate"), stamp),
        }
        site.orders.put(Record(order, site.orders.fields), now)


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """Takes traces, and keeps them as they came."""
    came = list[bytes]()

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page(url: str, **headers: str) -> str:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - this machine's
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as answer:
        return str(answer.read().decode())


def flower_pages(api: FlowerApi) -> dict[str, str]:
    tasks = eventually(lambda: api.ask("/api/tasks") or None)
    paths = ["/", "/tasks", "/broker", "/metrics", "/api/tasks", "/api/workers?refresh=1"]
    paths += [f"/task/{one}" for one in list(tasks)[:3]]
    return {f"flower {path}": api.page(path) for path in paths}


def is_told(web: int) -> bool:
    """Whether the metrics tell of all that was given, and of the runs in a worker's children."""
    token = {"Authorization": f"Bearer {PLANTED['token of metrics']}"}
    told = page(f"http://127.0.0.1:{web}/metrics", **token)
    samples = [one for family in text_string_to_metric_families(told) for one in family.samples]
    given = sum(
        one.value
        for one in samples
        if one.name == "badgejobs_awards" and one.labels == {"state": "assigned"}
    )
    runs = {one.labels["kind"] for one in samples if one.name == "badgejobs_runs_total"}
    return given >= 5 and runs >= RUNS


def telling(receiver: Receiver, mailbox: Mailbox) -> dict[str, str]:
    """Settings by which a webhook is told of each award, and one mail of all of them."""
    mailbox.takes_password = True
    soon = datetime.now(UTC) + DIGEST_IN
    told = {
        "WEBHOOK_URL": f"{receiver.url}/{PLANTED['path of the webhook']}",
        "WEBHOOK_SECRET": LISTENERS_SECRET,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mailbox.port),
        "SMTP_SECURITY": "none",
        "SMTP_USER": PLANTED["user of the mail server"],
        "SMTP_PASSWORD": PLANTED["password of the mail server"],
        "MAIL_FROM": "badges@shop.example",
        "MAIL_TO": PLANTED["reader of the mails"],
        "DIGEST_AT": f"{soon:%H:%M}",
        "TIMEZONE": "UTC",
    }
    return {f"BADGEJOBS_NOTIFY__{name}": value for name, value in told.items()}


def searched(
    yard: Yard, api: FlowerApi, web: int, console: int, traces: list[bytes]
) -> dict[str, str]:
    """All that anybody can look at from outside, by its name."""
    pages = console_pages(console, PLANTED["password of the console"])
    assert any("/badges/" in one for one in pages)
    assert any("/members/" in one for one in pages)
    token = {"Authorization": f"Bearer {PLANTED['token of metrics']}"}
    return {
        # after the console was visited
        **{file.name: file.read_text(errors="replace") for file in yard.folder.glob("*.log")},
        "metrics": page(f"http://127.0.0.1:{web}/metrics", **token),
        "health": page(f"http://127.0.0.1:{web}/health/ready"),
        "broker": standing_in(yard.state),
        "traces": "\n".join(one.decode("latin-1") for one in traces),
        **flower_pages(api),
        **pages,
        "addresses of the console": "\n".join(pages),
    }


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def assert_nothing_came_out(found: dict[str, str]) -> None:
    for name, text in found.items():
        assert text or name == "flower.log", f"nothing was found in {name}, so nothing was searched"
        for what, canary in PLANTED.items():
            if any(name.startswith(one) and what in those for one, those in BELONGS.items()):
                continue
            assert canary not in text, f"{what} stands in {name}"


def assert_each_line_names_its_run(lines: list[dict[str, Any]]) -> None:
    ours = [one for one in lines if one["logger"].startswith("badgejobs.")]
    of_runs = [one for one in ours if one["event"] not in OUTSIDE_OF_RUNS]
    assert len([one for one in of_runs if one["logger"] == "badgejobs.wix.exchange"]) > 5
    assert {one["logger"] for one in of_runs} > {"badgejobs.wix.exchange"}
    for line in of_runs:
        assert {"run", "site", "task_id"} <= line.keys(), line
    for line in ours:
        assert "task_id" in line, line


def assert_the_broker_was_seen(found: dict[str, str]) -> None:
    for what, word in (("a task", WORD_OF_TASK), ("a result", WORD_OF_RESULT)):
        for name in ("broker", "broker, overheard"):
            assert word in found[name], f"what {what} says is not seen in {name}"


def assert_metrics_are_whole(told: str, newer: str) -> None:
    families = list(text_string_to_metric_families(told))
    samples = [one for family in families for one in family.samples]
    assert any(
        s.name == "badgejobs_api_calls_total" and s.labels["answer"] == "5xx" for s in samples
    )
    assert {one.name for one in openmetrics(newer)} == {one.name for one in families}  # type: ignore[no-untyped-call]


def test_what_was_planted_comes_out_nowhere_and_each_line_names_its_run(
    yard: Yard, shops: LiveShops
) -> None:
    web, flower_port, console_port = free_port(), free_port(), free_port()
    token = yard._write("metrics.token", PLANTED["token of metrics"])
    for member in (1, 2):
        shops_with_people(shops, member, 3)
    shops.fault(wire.ORDERS_SEARCH, kind=FaultKind.STATUS, status=503, first_call=2)
    shops.fault(wire.ORDERS_SEARCH, kind=FaultKind.BROKEN_RECORD, first_call=3)
    shops.fault(wire.ASSIGNMENTS_BULK_CREATE, kind=FaultKind.STATUS, status=400)
    with (
        collector() as (endpoint, traces),
        receiving() as receiver,
        mailing() as mailbox,
        ExitStack() as undo,
    ):
        yard._environment = {
            **telling(receiver, mailbox),
            "BADGEJOBS_LOG_FORMAT": "json",
            "BADGEJOBS_LOG_LEVEL": "DEBUG",
            "BADGEJOBS_HEALTH__PORT": str(web),
            "BADGEJOBS_METRICS__TOKEN_FILE": str(token),
            "BADGEJOBS_CONSOLE__PASSWORD": PLANTED["password of the console"],
            "BADGEJOBS_CONSOLE__OPERATOR_TOKEN": PLANTED["token of operators"],
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        worker = yard.start("badgejobs", "worker", "--pool", "prefork", "--concurrency", "2")
        worker.says("ready.")
        heard = undo.enter_context(overheard(yard.state))
        flower = yard.start("badgejobs", "flower", "--port", str(flower_port))
        served = yard.start("badgejobs", "web")
        beat = yard.start("badgejobs", "beat")
        console = yard.start("badgejobs", "console", "--port", str(console_port))
        console.listens(console_port)
        flower.listens(flower_port)
        served.listens(web)
        shops.buys(7, 1)
        eventually(lambda: len(shops.given()) >= 4 or None)
        shops_with_people(shops, 3, 1)

        def asked_for_and_given() -> bool | None:
            yard.command("scan", NORTH, "orders")  # in vain while a worker is at it
            return len(shops.given()) >= 5 or None

        eventually(asked_for_and_given)
        eventually(lambda: traces or None)
        # given at Wix is not yet settled here, and what a run counted comes with its end
        eventually(lambda: is_told(web) or None)
        eventually(lambda: receiver.seen or None)
        eventually(lambda: mailbox.mails or None, patience=2 * DIGEST_IN.total_seconds())
        plant(yard.state)
        found = searched(yard, FlowerApi(flower_port), web, console_port, traces)
        token_sent = {"Authorization": f"Bearer {PLANTED['token of metrics']}"}
        newer = page(
            f"http://127.0.0.1:{web}/metrics",
            Accept="application/openmetrics-text;version=1.0.0",
            **token_sent,
        )
        for one in (beat, console, flower, served, worker):
            assert one.stop() == 0, one.said()

    found["broker, overheard"] = "\n".join(heard)
    found["webhook"] = json.dumps([receiver.seen, receiver.headers])
    found["mail"] = "\n".join(str(mail) for mail in mailbox.mails)
    assert_nothing_came_out(found)
    assert_the_broker_was_seen(found)
    record = b"".join(file.read_bytes() for file in yard.state.glob("badgejobs.db*"))
    assert PLANTED["member"].encode() in record, "what was planted did come in"
    assert_metrics_are_whole(found["metrics"], newer)
    assert "flower_events_total" in found["flower /metrics"], "Flower's own numbers are beside ours"

    assert_each_line_names_its_run(lines_of(worker.said()))
    names = "".join(re.findall(r"run/badgejobs\.\w+|POST|SELECT", found["traces"]))
    assert "run/badgejobs.scan" in names
    assert "POST" in names
    assert "SELECT" in names
    assert not [name for name in os.environ if name.startswith("OTEL_")], "of this test alone"
