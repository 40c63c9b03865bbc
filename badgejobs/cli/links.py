"""Whose the orders of guests were found to be, and how such a link is undone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows, ago
from badgejobs.errors import Later, RulesError
from badgejobs.flow.unlink import unlink as undo

_COLUMNS = ("link", "source", "activity", "member", "by", "made", "undone")


def links(
    site: Annotated[
        str | None, typer.Argument(help="Default: the only site.", show_default=False)
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show which orders of guests were found to be a member's, by what, and which were undone.

    Example: badgejobs links my-shop --json
    """
    settings, out = settled(), Output(as_json=as_json)
    name = known_site(settings, site)
    with opened(settings) as house, house.store.read() as tx:
        now, rows, totals = tx.now, tx.links.of(name), tx.links.totals(name)
    shown = [
        (
            str(one.id),
            one.source,
            one.activity_id,
            one.member_id,
            one.kind,
            ago(one.made_at, now),
            f"{one.undone_by}, {ago(one.undone_at, now)}" if one.undone_at else "",
        )
        for one in rows
    ]
    data = {"site": name, **asdict(totals), "links": [asdict(one) for one in rows]}
    out.result(data, Rows(_COLUMNS, shown))
    if totals.ambiguous:
        out.note(
            f"badgejobs: {totals.ambiguous} orders of guests could be more than one member's, and "
            "count for nobody"
        )


def unlink(
    site: Annotated[str, typer.Argument(help="The site.")],
    link: Annotated[int, typer.Argument(help="The link, as `badgejobs links` shows it.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Take a guest's order from a member again; it never comes to them by itself any more.

    Example: badgejobs unlink my-shop 7
    """
    settings, out = settled(), Output(as_json=as_json)
    name = known_site(settings, site)
    with opened(settings) as house:
        try:
            rules = house.at(name).rules()
        except (RulesError, Later):
            rules = None
        decided = undo(name, link, rules, house.store)
    data = {"site": name, "link": link, "decided": decided is not None}
    if decided is None:
        out.result(data, f"link {link} of {name}: undone; its members are decided when rules can")
        return
    told = f"opened {decided.opened}, withdrew {decided.withdrawn}"
    out.result(data | asdict(decided), f"link {link} of {name}: undone; {told}")
