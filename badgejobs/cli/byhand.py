"""A badge given or taken by hand: by a person's command, with a name and a note."""

from __future__ import annotations

import getpass
import re
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from badgejobs.cli.exits import Code
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output
from badgejobs.cli.triggering import ring_for
from badgejobs.cli.wishing import Done, Wisher, granted, revoked, told
from badgejobs.config import Settings
from badgejobs.core.grant_list import one_line
from badgejobs.errors import SettingsError
from badgejobs.flow.byhand import YES_REMOVES_ACCESS
from badgejobs.store.acting import PERSON_AT_WIX, PERSON_BY_COMMAND, RULES

_MEMBER_ID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_OURS = frozenset({RULES, PERSON_AT_WIX, PERSON_BY_COMMAND})

Site = Annotated[str, typer.Argument(help="The site.")]
Note = Annotated[str, typer.Option(help="Why: kept in the history of the award.")]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Who you are. Default: your name on this machine."),
]
Later = Annotated[
    bool, typer.Option("--later", help="Leave it to the workers, and do not wait for Wix.")
]
MaxSeconds = Annotated[
    float | None, typer.Option(min=0, help="Wait no longer than so. Default: 300.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

_LEFT_TO_WORKERS = "left to the workers"
_AWAY = (
    "due; the broker is away, and the next tick of a running beat or `badgejobs sync` will do it"
)


def grant(
    site: Site,
    member: Annotated[
        str | None, typer.Argument(help="The member's id at Wix.", show_default=False)
    ] = None,
    badge: Annotated[
        str | None, typer.Argument(help="The badge's id in the rules.", show_default=False)
    ] = None,
    *,
    note: Note,
    file: Annotated[
        Path | None,
        typer.Option(
            "--csv", help="Grant to all of a list: columns member_id or email, badge, note."
        ),
    ] = None,
    for_all: Annotated[
        str | None, typer.Option("--badge", help="The badge of lines that name none.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Grant the list; without it, only look.")
    ] = False,
    unmatched: Annotated[
        Path | None,
        typer.Option(help="Write the lines that could not be used, and why, to this file."),
    ] = None,
    name: As = None,
    later: Later = False,
    max_seconds: MaxSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Give a member a badge by hand; no rule takes it from them.

    With --csv to all members of a list, of whom each line that could not be matched is told.
    An address finds a member only where they proved to Wix that it is theirs.

    Example: badgejobs grant my-shop 3f2b8c1e-0d3f-4a4e-9f10-6f5a2c9e2201 gold --note "fair 2026"

    Example: badgejobs grant my-shop --csv fair.csv --badge gold --note "fair 2026" --yes
    """  # fmt: skip
    settings, out = settled(), Output(as_json=as_json)
    at, who, why = known_site(settings, site), actor(name), told_note(note)
    if file is not None:
        from badgejobs.cli.byhand_list import grant_list  # noqa: PLC0415 - for lists alone

        if member is not None:
            raise SettingsError("MEMBER and --csv exclude each other: the list names the members")
        grant_list(
            settings, at, file, badge=for_all or "", unmatched=unmatched, yes=yes, who=who,
            note=why, later=later, max_seconds=max_seconds, out=out,
        )  # fmt: skip
        return
    if member is None or badge is None:
        raise SettingsError("name MEMBER and BADGE, or a list with --csv FILE")
    if yes or unmatched or for_all:
        raise SettingsError("--yes, --badge and --unmatched are for a list: name it with --csv")
    pair = member_id(member), badge
    with opened(settings) as house, out.progress() as tell:
        wisher = Wisher(
            who=who, why=why, tell=tell, note=out.note, later=later, max_seconds=max_seconds
        )
        done = granted(house, at, pair, wisher)
    _end(settings, out, done, later=later)


def revoke(
    site: Site,
    member: Annotated[str, typer.Argument(help="The member's id at Wix.")],
    badge: Annotated[str, typer.Argument(help="The badge's id in the rules.")],
    *,
    note: Note,
    removes_access: Annotated[
        bool,
        typer.Option(YES_REMOVES_ACCESS, help="Needed for a badge that opens pages at Wix."),
    ] = False,
    name: As = None,
    later: Later = False,
    max_seconds: MaxSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Take a badge from a member by hand, whoever gave it; no rule gives it to them again.

    Example: badgejobs revoke my-shop 3f2b8c1e-0d3f-4a4e-9f10-6f5a2c9e2201 gold --note "spam"
    """
    settings, out = settled(), Output(as_json=as_json)
    at, who, why = known_site(settings, site), actor(name), told_note(note)
    pair = member_id(member), badge
    with opened(settings) as house, out.progress() as tell:
        wisher = Wisher(
            who=who, why=why, tell=tell, note=out.note, later=later, max_seconds=max_seconds
        )
        done = revoked(house, at, pair, wisher, removes_access=removes_access)
    _end(settings, out, done, later=later)


def actor(name: str | None) -> str:
    """Who acts: the name that is given, else the user's on this machine."""
    if name is None:
        try:
            name = getpass.getuser()
        except (KeyError, ImportError, OSError):
            raise SettingsError(
                "this machine does not tell who you are: say it with --as NAME"
            ) from None
    name = one_line(name)
    if not name or name in _OURS:
        raise SettingsError(f"--as: {name!r} is nobody's name; write your own")
    return name


def told_note(note: str) -> str:
    """The note as it is kept; ``SettingsError`` where nothing is written in it."""
    if not (kept := one_line(note)):
        raise SettingsError("--note: write in a few words why, for who reads the history later")
    return kept


def member_id(text: str) -> str:
    """A member's id as Wix writes it."""
    if not re.fullmatch(_MEMBER_ID, text):
        raise SettingsError(
            "MEMBER is a member's id at Wix, such as 3f2b8c1e-0d3f-4a4e-9f10-...; write it whole, "
            "as `badgejobs members list` shows it"
        )
    return text.lower()


def _end(settings: Settings, out: Output, done: Done, *, later: bool) -> NoReturn:
    """Print what happened, and end with the code that tells of it."""
    member, badge = done.pair
    data: dict[str, Any] = {"site": done.site, "member": member, "badge": badge}
    if later and done.is_to_do:
        rung = ring_for(settings, [("badgejobs.assign", {"site": done.site})])
        data["rung"], shown, code = rung, _LEFT_TO_WORKERS if rung else _AWAY, Code.OK
    else:
        shown, code = told(done)
    state = done.award.state.value if done.award else None
    out.result(data | {"outcome": shown, "state": state}, f"{badge} of {member}: {shown}")
    raise typer.Exit(code)
