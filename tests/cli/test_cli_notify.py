"""By real processes: those outside are told, also after one was killed, and a person is shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from command_desk import Desk, LiveWix, member_id
from listeners import SECRET, Mailbox, Receiver, mailing, receiving
from one_process import run_here

from badgejobs.jobs.duties import NOTIFY
from badgejobs.store import open_store

pytest_plugins = ["cli_fixtures"]


def told_by(desk: Desk, receiver: Receiver, mailbox: Mailbox) -> None:
    desk.write("hook.secret", SECRET)
    path = desk.folder / "badgejobs.toml"
    notify = f"""
[notify]
webhook_url = "{receiver.url}"
webhook_secret_file = "hook.secret"
smtp_host = "127.0.0.1"
smtp_port = {mailbox.port}
smtp_security = "none"
mail_from = "badges@shop.example"
mail_to = ["owner@shop.example"]
templates = "templates"
"""
    desk.write("badgejobs.toml", path.read_text() + notify)
    (desk.folder / "templates").mkdir()


def as_json(desk: Desk, *arguments: str, code: int = 0) -> dict[str, Any]:
    ended = run_here([*arguments, "--json"], folder=desk.folder, environment={})
    assert ended.code == code, ended.err
    assert SECRET not in ended.out + ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


@pytest.mark.slow
def test_what_a_killed_process_was_telling_is_told_again_under_its_id_and_all_is_shown(
    desk: Desk, live_wix: LiveWix
) -> None:
    assert desk.run("sync", "shop").code == 0
    with receiving() as receiver, mailing() as mailbox:
        told_by(desk, receiver, mailbox)
        tried = as_json(desk, "notify", "test", "shop")
        assert {name: one["ok"] for name, one in tried["channels"].items()} == {
            "webhook": True, "mail": True,
        }  # fmt: skip
        assert mailbox.mails[0]["Subject"] == "shop: 1 badge given"

        receiver.hang, receiver.seen[:] = threading.Event(), []
        live_wix.buys(1, 1)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")}
        syncing = subprocess.Popen(
            [sys.executable, "-m", "badgejobs", "sync", "shop"],
            cwd=desk.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        ends = time.monotonic() + 60
        while not receiver.seen and time.monotonic() < ends:
            time.sleep(0.05)
        syncing.kill()
        output, _ = syncing.communicate()
        receiver.hang.set()
        receiver.hang = None
        store = open_store(
            f"sqlite:///{desk.folder}/state/badgejobs.db",
            clock=lambda: datetime.now(UTC) + timedelta(minutes=15),
        )
        with store.begin() as tx:
            # as if its lease and its claim were over
            lease = tx.scans.lease("shop", NOTIFY, holds=timedelta(seconds=1), if_rested=False)
            tx.scans.release(lease, due_in=timedelta(minutes=-15), completed=False)
            assert tx.notifications.postpone("shop", until=datetime.now(UTC)) == 1
        store.dispose()
        receiver.answers = [(410, {})]
        assert desk.run("sync", "shop").code == 0
        assert len(receiver.ids) == 2
        assert len(set(receiver.ids)) == 1

        status = desk.run("status", "shop").out
        assert "channel switched off webhook" in status
        assert "`badgejobs notify retry shop`" in status
        failed = as_json(desk, "notify", "list", "shop", "--failed")["notifications"]
        assert [(one["state"], one["last_error"]) for one in failed] == [
            ("given up", "answered 410: it wants nothing more")
        ]
        again = as_json(desk, "notify", "retry", "shop")
        assert (again["again"], again["told"]) == (1, 1)
        assert len(set(receiver.ids)) == 1
        assert receiver.members() == [member_id(1)] * 3
        assert as_json(desk, "status")["alerts"] == []
    for word in (SECRET, "/hook", member_id(1), "owner@"):
        assert word not in output.decode()


def test_a_preview_shows_what_templates_make_and_where_one_is_broken(lonely_desk: Desk) -> None:
    desk = lonely_desk
    with receiving() as receiver, mailing() as mailbox:
        told_by(desk, receiver, mailbox)
    shown = as_json(desk, "notify", "preview")
    assert shown["mail subject"].startswith("shop: ")
    assert json.loads(shown["webhook"])["type"] == "badge.given"
    assert "Example &lt;Badge&gt;" in shown["mail html"]

    template = desk.write("templates/digest.txt.j2", "Dear owner,\n\n{{ nubmer }} badges\n")
    ended = run_here(["notify", "preview"], folder=desk.folder, environment={})
    assert ended.code == 4
    assert f"{template}:3: the template cannot be used" in ended.err
    assert "nubmer" in ended.err


def test_where_nobody_is_told_the_cure_is_said(lonely_desk: Desk) -> None:
    ended = run_here(["notify", "test"], folder=lonely_desk.folder, environment={})
    assert ended.code == 4
    assert "write webhook_url and webhook_secret_file" in ended.err
