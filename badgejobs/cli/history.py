"""What became of one member's badges, step by step: when, by whom, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from badgejobs.cli.byhand import member_id
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows
from badgejobs.store.ledger import Change

_COLUMNS = ("at (UTC)", "badge", "what", "by", "why", "note", "rules", "run")
#: So much of a version tells it from others.
_SHORT = 10


def history(
    site: Annotated[str, typer.Argument(help="The site.")],
    member: Annotated[str, typer.Argument(help="The member's id at Wix.")],
    badge: Annotated[
        str | None,
        typer.Argument(help="Only this badge, by its id in the rules.", show_default=False),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show every change of a member's awards: when, who did it, why, under which rules and run.

    Example: badgejobs history my-shop 3f2b8c1e-0d3f-4a4e-9f10-6f5a2c9e2201 gold
    """
    settings, out = settled(), Output(as_json=as_json)
    name, who = known_site(settings, site), member_id(member)
    with opened(settings) as house, house.store.read() as tx:
        changes = [
            one for one in tx.awards.history(name, who) if badge is None or one.badge == badge
        ]
    data = {"site": name, "member": who, "changes": [_as_json(one) for one in changes]}
    nothing = "nothing is recorded of this member" + (f" and {badge}" if badge else "")
    out.result(data, Rows(_COLUMNS, [_row(one) for one in changes]) if changes else nothing)


def _row(one: Change) -> tuple[str, ...]:
    state = one.to_state.value.replace("_", " ")
    came = f"{one.from_state.value.replace('_', ' ')} -> {state}" if one.from_state else state
    return (
        f"{one.at:%Y-%m-%d %H:%M:%S}",
        one.badge,
        f"{came} (period {one.period})" if one.period > 1 else came,
        one.actor,
        one.reason,
        one.note,
        one.rules_version[:_SHORT],
        "" if one.run is None else str(one.run),
    )


def _as_json(one: Change) -> dict[str, object]:
    return {name: value for name, value in asdict(one).items() if name not in {"site", "member_id"}}
