"""A member erased: all that is recorded of them, and nothing at Wix."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows
from badgejobs.errors import SettingsError
from badgejobs.flow.erase import erase, to_erase

_MEMBER_ID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_AT_WIX = (
    "nothing is changed at Wix: the member and their badges there are for you to delete; one who "
    "joins anew gets another id and is another member"
)


def erase_member(
    site: Annotated[str, typer.Argument(help="The site.")],
    member: Annotated[str, typer.Argument(help="The member's id at Wix.")],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Erase; without it, only count what would go.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Erase all that is recorded of a member; no later scan brings it back.

    Example: badgejobs erase-member my-shop 3f2b8c1e-0d3f-4a4e-9f10-6f5a2c9e2201 --yes
    """
    settings, out = settled(), Output(as_json=as_json)
    name = known_site(settings, site)
    if not re.fullmatch(_MEMBER_ID, member):
        raise SettingsError(
            "MEMBER is a member's id at Wix, such as 3f2b8c1e-0d3f-4a4e-9f10-...; write it whole, "
            "as `badgejobs members list` shows it"
        )
    # as Wix writes it
    member = member.lower()
    with opened(settings) as house:
        rows = (erase if yes else to_erase)(name, member, house.store)
    shown = Rows(("what", "number"), [(kind, str(number)) for kind, number in rows.items()])
    out.result({"site": name, "erased": yes, "rows": dict(rows)}, shown)
    done = "erased for good" if yes else "nothing was erased yet; add --yes"
    out.note(f"badgejobs: {done}; {_AT_WIX}")
