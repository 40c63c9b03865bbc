from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from threading import Thread

import pytest
from command_desk import Desk, LiveWix
from typer.testing import CliRunner

from badgejobs.cli import application
from badgejobs.cli.sandbox_running import HERE
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.wix import wire

pytest_plugins = ["cli_fixtures"]

runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Desk:
    """A folder to type commands in; the sandbox commands read no settings of it."""
    return Desk(tmp_path, "http://127.0.0.1:9")


def asked(live_wix: LiveWix, path: str) -> tuple[int, str | None]:
    """Status and Retry-After of one request without credentials."""
    connection = http.client.HTTPConnection(live_wix.url.removeprefix("http://"), timeout=30)
    try:
        connection.request("POST", path, b"{}")
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Retry-After")
    finally:
        connection.close()


def test_fault_scripts_one_and_says_so_in_one_line(folder: Desk, live_wix: LiveWix) -> None:
    ended = folder.run(
        "sandbox", "fault", wire.TOKEN, "status", "--method", "POST", "--count", "2",
        "--first-call", "2", "--status", "429", "--retry-after", "soon", "--url", live_wix.url,
    )  # fmt: skip
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "scripted: status for POST /oauth2/token, the next 2 requests from call 2 on "
        "(status 429, retryAfter soon)\n"
    )
    found = [asked(live_wix, wire.TOKEN) for _ in range(4)]
    assert found == [(400, None), (429, "soon"), (429, "soon"), (400, None)]


def test_fault_tells_machines_what_it_scripted(folder: Desk, live_wix: LiveWix) -> None:
    ended = folder.run(
        "sandbox", "fault", "*", "error-body", "--body", '{"message": ""}', "--forever",
        "--probability", "0.5", "--seed", "3", "--url", f"{live_wix.url}/", "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert json.loads(ended.out) == {
        "url": live_wix.url,
        "fault": {
            "path": "*",
            "kind": "error-body",
            "method": "*",
            "forever": True,
            "probability": 0.5,
            "seed": 3,
            "body": {"message": ""},
        },
    }


def test_log_shows_the_requests_and_the_last_ones_only_if_asked(
    folder: Desk, live_wix: LiveWix
) -> None:
    asked(live_wix, wire.TOKEN)
    asked(live_wix, wire.BADGES_QUERY)
    shown = folder.run("sandbox", "log", "--url", live_wix.url)
    assert shown.code == 0, shown.err
    rows = [line.split("\t") for line in shown.out.splitlines()]
    assert [row[1:] for row in rows] == [
        ["POST", wire.TOKEN, "400", "-", "-"],
        ["POST", wire.BADGES_QUERY, "401", "-", "-"],
    ]
    last = folder.run("sandbox", "log", "--last", "1", "--json", "--url", live_wix.url)
    (entry,) = json.loads(last.out)["requests"]
    assert (entry["path"], entry["status"], entry["body"]) == (wire.BADGES_QUERY, 401, {})


def test_a_sandbox_that_is_down_is_one_sentence_with_the_cure(folder: Desk) -> None:
    for command in (["fault", "*", "slow"], ["log"], ["state"]):
        ended = folder.run("sandbox", *command, "--url", "http://127.0.0.1:9")
        assert ended.code == 1
        assert ended.out == ""
        (line,) = ended.err.splitlines()
        assert line.startswith("badgejobs: no sandbox answers at http://127.0.0.1:9 (")
        assert line.endswith(
            "start one with `badgejobs sandbox serve --port 9`, or name another by --url"
        )


def test_what_is_no_sandbox_is_told_as_one_that_is_away(folder: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(30)
        port = other.getsockname()[1]

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"SSH-2.0-other\r\n")

        thread = Thread(target=answer)
        thread.start()
        ended = folder.run("sandbox", "log", "--url", f"http://127.0.0.1:{port}")
        thread.join()
    assert ended.code == 1
    assert ended.err.startswith("badgejobs: no sandbox answers at")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["*", "explode"], "kind must be one of status, html, "),
        (["badges", "slow"], "PATH begins with / as in /badges/v4/badges, or is *; not 'badges'"),
        (["*", "slow", "--bytes", "9"], "bytes belongs to huge, gzip-bomb, not to slow"),
        (["*", "slow", "--count", "0"], "count is 0, expected 1 or more"),
        (["*", "slow", "--count", "2", "--forever"], "forever excludes count"),
        (["*", "slow", "--probability", "2"], "probability is out of range, expected 1 or less"),
        (["*", "slow", "--method", "post"], "method must be a method in capitals, or *"),
        (["*", "status", "--body", "{"], "--body is JSON, as '[]'; not '{'"),
        (["*", "slow", "--url", "http://www.wixapis.com"], "--url is a sandbox on this machine"),
        (["*", "slow", "--url", "https://127.0.0.1:1"], "--url is a sandbox on this machine"),
        (["*", "slow", "--url", "file:///etc/hosts"], "--url is a sandbox on this machine"),
        (["*", "slow", "--url", "http://127.0.0.1:99999"], "--url is a sandbox on this machine"),
    ],
)
def test_a_fault_that_cannot_be_is_one_sentence_and_nobody_is_asked(
    arguments: list[str], told: str
) -> None:
    ended = runner.invoke(application("sandbox"), ["sandbox", "fault", *arguments])
    assert ended.exit_code == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"badgejobs: {told}")


def test_the_help_lists_every_kind_and_the_default_address_is_that_of_serve() -> None:
    shown = runner.invoke(application("sandbox"), ["sandbox", "fault", "--help"]).output
    for kind in FaultKind:
        assert f"\n    {kind} " in shown
    serve = runner.invoke(application("sandbox"), ["sandbox", "serve", "--help"]).output
    assert f"[default: {HERE.rpartition(':')[2]}" in serve
