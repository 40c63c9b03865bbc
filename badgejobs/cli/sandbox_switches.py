"""The switches of a sandbox: how it behaves where Wix leaves it open."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from badgejobs.cli.output import Output, Rows
from badgejobs.cli.sandbox_running import HERE, AsJson, Url, running_sandbox, wrong_usage
from badgejobs.sandbox import refusals
from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.switches import Switches, turned

Turns = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME=POSITION]...", help="Default: show all.")
]


def switch(turns: Turns = None, *, url: Url = HERE, as_json: AsJson = False) -> None:
    """Show or turn what Wix leaves open, in a running sandbox; its reset turns all back.

    Example: badgejobs sandbox switch unknownOnCreate=400 rateLimitRetryAfter=on
    """
    wanted = positions(turns or [])
    with running_sandbox(url) as sandbox:
        if wanted:
            sandbox.turn(wanted)
        found = sandbox.switches()
    rows = [
        (name, _shown(one["position"]), ", ".join(map(_shown, one["positions"])), one["meaning"])
        for name, one in found.items()
        if not wanted or name in wanted
    ]
    columns = ("switch", "position", "positions", "what Wix leaves open")
    Output(as_json=as_json).result(found, Rows(columns, rows))


def positions(turns: Iterable[str]) -> dict[str, Any]:
    """The switches that a command line turns; ends with wrong usage where there is no such one."""
    wanted = dict[str, Any]()
    for turn in turns:
        name, equals, text = turn.partition("=")
        if not equals:
            wrong_usage(f"{turn!r} is no NAME=POSITION, such as unknownOnCreate=400")
        wanted[name] = _position(text)
    try:
        turned(Switches(), wanted)
    except Refusal as refusal:
        wrong_usage(f"{refusals.sentence(refusal)}; see `badgejobs sandbox switch`")
    return wanted


def _position(text: str) -> Any:
    """A position as it is written: a whole number, null, or a word.

    >>> _position("400"), _position("null"), _position("accept")
    (400, None, 'accept')
    """
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if found is None or type(found) is int else text


def _shown(position: object) -> str:
    return "null" if position is None else str(position)
