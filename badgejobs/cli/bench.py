"""Measurements: figures of one run beside each other, never asserted, since machines are noisy."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from itertools import cycle
from statistics import mean, median
from typing import Annotated
from urllib.parse import urlsplit

import typer

from badgejobs.cli.bench_assign import measure_assign
from badgejobs.cli.bench_backfill import measure_backfill
from badgejobs.cli.bench_console import measure_console
from badgejobs.cli.bench_delta import measure_delta
from badgejobs.cli.bench_dispatch import measure_dispatch
from badgejobs.cli.bench_explain import measure_explain
from badgejobs.cli.bench_fleet import measure_fleet
from badgejobs.cli.bench_rules import measure_rules
from badgejobs.cli.bench_sandbox import measured_sandbox, measuring_client
from badgejobs.cli.bench_scan import measure_scan
from badgejobs.cli.bench_units import measure_units
from badgejobs.cli.output import Output, Rows
from badgejobs.sandbox import builtin
from badgejobs.sandbox.history import seeds
from badgejobs.wix import calls, wire
from badgejobs.wix.client import WixClient

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

bench = typer.Typer(help="Measure, and print figures of one run beside each other.")
bench.command("assign")(measure_assign)
bench.command("rules")(measure_rules)
bench.command("explain")(measure_explain)
bench.command("console")(measure_console)
bench.command("backfill")(measure_backfill)
bench.command("delta")(measure_delta)
bench.command("scan")(measure_scan)
bench.command("dispatch")(measure_dispatch)
bench.command("fleet")(measure_fleet)
bench.command("units")(measure_units)


@bench.callback()
def _bench() -> None:
    """Measure, and print figures of one run beside each other."""


@bench.command("sandbox")
def sandbox(
    *,
    pages: Annotated[int, typer.Option(min=10, help="Pages in one round.")] = 300,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each, taken in turn.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Pages of 100 real orders a second: what the sandbox serves, and what our client takes.

    A bare reader over one connection asks for the same pages as our client does, and throws
    them away; the two take turns, so that a machine that slows down slows both.

    Example: badgejobs bench sandbox --pages 300
    """
    with measured_sandbox(seeds.REAL) as url, measuring_client(url) as client:
        bare = _Bare(url)
        served, taken = list[float](), list[float]()
        for _ in range(rounds + 1):
            served.append(_rate(pages, bare.page))
            taken.append(_rate(pages, _Walk(client).page))
        size = bare.size
    # The first round of each fills caches.
    serves, takes = median(served[1:]), median(taken[1:])
    ratio = median(one / other for one, other in zip(served[1:], taken[1:], strict=True))
    found = {
        "pages_a_round": pages,
        "rounds": rounds,
        "bytes_a_page": size,
        "sandbox_pages_a_second": round(serves, 1),
        "client_pages_a_second": round(takes, 1),
        "ratio": round(ratio, 2),
    }
    Output(as_json=as_json).result(
        found,
        Rows(
            ("figure", "median"),
            [
                ("the sandbox serves, pages/s", f"{serves:,.0f}"),
                ("our client takes, pages/s", f"{takes:,.0f}"),
                ("ratio, round by round", f"{ratio:.2f}"),
                ("bytes a page", f"{size:,}"),
            ],
        ),
    )


class _Bare:
    """Asks for the same pages over one connection, and throws away what comes."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        token = calls.token(
            app_id=builtin.APP_ID,
            app_secret=builtin.APP_SECRET,
            instance_id=builtin.instance_id(1),
        )
        self._headers: dict[str, str] = {}
        found = json.loads(self._send(token.path, _encoded(token)))
        self._headers = {"Authorization": found["access_token"]}
        requests, sizes, cursor = list[bytes](), list[int](), None
        while cursor or not requests:  # a cursor may be used again, so the walk is asked for once
            requests.append(_encoded(calls.search_orders(None, cursor=cursor)))
            answer = self._send(wire.ORDERS_SEARCH, requests[-1])
            sizes.append(len(answer))
            cursor = json.loads(answer)["metadata"]["cursors"].get("next")
        self.size = round(mean(sizes))
        self._requests = cycle(requests)

    def page(self) -> None:
        """The next page, from the first again after the last."""
        self._send(wire.ORDERS_SEARCH, next(self._requests))

    def _send(self, path: str, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json", **self._headers}
        self._connection.request("POST", path, body, headers)
        return self._connection.getresponse().read()


class _Walk:
    """Our client, reading the orders page by page, from the first again after the last."""

    def __init__(self, client: WixClient) -> None:
        self._client = client
        self._cursor: str | None = None

    def page(self) -> None:
        """The next page, decoded into orders."""
        self._cursor = self._client.search_orders(None, self._cursor).next_cursor


def _encoded(call: calls.Call) -> bytes:
    return json.dumps(call.body).encode()


def _rate(pages: int, page: Callable[[], None]) -> float:
    began = time.perf_counter()
    for _ in range(pages):
        page()
    return pages / (time.perf_counter() - began)
