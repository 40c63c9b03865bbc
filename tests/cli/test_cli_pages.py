"""What the pages tell people to type can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

import badgejobs
from badgejobs.cli import application

PACKAGE = Path(badgejobs.__file__).parent
PAGES = sorted([PACKAGE.parent / "README.md", *PACKAGE.glob("*/README.md")])


def lines_of(page: Path) -> Iterator[str]:
    """Each command of a page, from blocks of code and from the running text."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from re.findall(r"^\s*badgejobs (.+)$", block, re.MULTILINE)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from (" ".join(one.split()) for one in re.findall(r"`badgejobs\s([^`]+)`", prose))


@cache
def root() -> Any:
    return get_command(application())


def what_is_wrong(line: str) -> str | None:
    """Why a line could not be typed; what stands for a value is not looked at."""
    words = [one for one in shlex.split(line, comments=True) if one not in {"&", "..."}]
    command = root()
    while words and words[0].startswith("--"):
        del words[:2]
    while isinstance(command, TyperGroup) and words:
        found = command.commands.get(words[0])
        if found is None:
            return f"there is no `{words[0]}`"
        command, words = found, words[1:]
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    unknown = [one for one in words if one.startswith("--") and one not in {*known, "--help"}]
    return f"it has no {', '.join(unknown)}" if unknown else None


@pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: page.parent.name if page.parent != PACKAGE.parent else "main"
)
def test_every_command_of_a_page_exists_with_its_options(page: Path) -> None:
    lines = list(lines_of(page))
    wrong = {line: problem for line in lines if (problem := what_is_wrong(line))}
    assert wrong == {}


def test_the_page_on_giving_names_each_command_that_is_about_awards() -> None:
    text = (PACKAGE / "flow" / "README.md").read_text(encoding="utf-8")
    told = {line.split()[0] for line in lines_of(PACKAGE / "flow" / "README.md")}
    assert told >= {
        "grant", "revoke", "history", "release", "reconcile", "drift", "clear-override",
        "provision", "rules", "bench", "retry", "status", "backfill",
    }  # fmt: skip
    assert "--yes-this-removes-access" in text
