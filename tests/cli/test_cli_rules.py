"""What the commands about rules files print."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_desk import Desk

from badgejobs import rules
from badgejobs.rules.schema import schema_text

pytest_plugins = ["cli_fixtures"]

ROOM = Path(rules.__file__).parent
TWELVE = str(ROOM / "examples" / "twelve.yaml")


def test_check_tells_each_rule_and_what_was_assumed(lonely_desk: Desk) -> None:
    ended = lonely_desk.run("rules", "check", TWELVE)
    assert ended.code == 0, ended.err
    rows = [line.split("\t") for line in ended.out.splitlines()]
    assert len(rows) == 14
    assert rows[0] == ["first-purchase", "First Purchase", "1 or more paid orders"]
    assert "note: timezone: taken as UTC here" in ended.err
    assert "note: currency: the site's own is not known here" in ended.err
    assert "does not take" not in ended.err
    assert "14 badge(s), all well" in ended.err


def test_what_the_site_would_say_can_be_said_by_hand(lonely_desk: Desk) -> None:
    told = lonely_desk.run(
        "rules", "describe", TWELVE, "--timezone", "Asia/Tokyo", "--currency", "JPY"
    )
    assert told.code == 0, told.err
    assert "worth 1500 JPY or more in total" in told.out
    assert "the time of Asia/Tokyo" in told.out
    assert "note: timezone" not in told.err
    assert "note: currency" not in told.err
    wrong = lonely_desk.run("rules", "check", TWELVE, "--timezone", "Asia/Tokio")
    assert wrong.code == 4
    assert "'Asia/Tokio', is not known here" in wrong.err


def test_describe_tells_a_paragraph_a_badge(lonely_desk: Desk) -> None:
    told = lonely_desk.run("rules", "describe", TWELVE).out.split("\n\n")
    assert told[1] == (
        "Loyal Customer (loyal-customer)\n"
        "  10 or more paid orders, each settled for 14 days; taken back 7 days after it is no "
        "longer met; a change of this rule takes it from nobody."
    )


@pytest.mark.parametrize("command", ["check", "describe"])
def test_a_machine_is_told_the_same_as_one_object(lonely_desk: Desk, command: str) -> None:
    told = json.loads(lonely_desk.run("rules", command, TWELVE, "--json").out)
    assert [one["id"] for one in told["badges"]][:2] == ["first-purchase", "loyal-customer"]
    assert len(told["notes"]) == 2
    assert re.fullmatch("[0-9a-f]{16}", told["version"])


def test_the_schema_that_is_printed_is_the_one_that_is_shipped(lonely_desk: Desk) -> None:
    assert lonely_desk.run("rules", "schema").out == schema_text()


def test_help_is_the_page_that_documents_the_language(lonely_desk: Desk) -> None:
    page = (ROOM / "README.md").read_text(encoding="utf-8")
    assert lonely_desk.run("rules", "help").out.strip() == page.strip()
    assert json.loads(lonely_desk.run("rules", "help", "--json").out)["text"] == page


def test_help_on_a_terminal_is_set_to_its_width() -> None:
    outer, inner = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "badgejobs", "rules", "help"],
        stdout=inner, stderr=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm"},
    )  # fmt: skip
    os.close(inner)
    shown = b""
    try:
        while block := os.read(outer, 65536):
            shown += block
    except OSError:
        pass  # how Linux says that the other side is closed
    finally:
        os.close(outer)
    assert child.wait(timeout=60) == 0
    plain = re.sub(r"\x1b(?:\[[0-9;?]*[a-zA-Z]|\]8;[^\x1b]*\x1b\\)", "", shown.decode())
    assert "│" in plain or "─" in plain
    assert "**" not in plain, "the marks of Markdown are for pipes"
    assert max(len(line.rstrip()) for line in plain.splitlines()) <= 80


def test_init_writes_the_schema_that_the_rules_name(lonely_desk: Desk) -> None:
    made = lonely_desk.run("init", "my-shop", "--folder", "new")
    assert made.code == 0, made.err
    folder = lonely_desk.folder / "new"
    first = (folder / "my-shop.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=rules.schema.json"
    assert (folder / "rules.schema.json").read_text(encoding="utf-8") == schema_text()
