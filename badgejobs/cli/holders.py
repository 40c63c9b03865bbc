"""Who has a badge at Wix by our ledger: since when, given by whom, under which rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from badgejobs.bootstrap import House
from badgejobs.cli.members import SHOWN, require_badge
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows, ago
from badgejobs.cli.streaming import paged, write_rows, written
from badgejobs.errors import SettingsError
from badgejobs.store.people import Holder

_COLUMNS = ("member", "since", "earned", "given by", "rules", "why")
_FIELDS = ("member", "since", "earned_at", "giver", "by", "rules_version", "state", "reason")
#: So much of a version tells it from others.
_SHORT = 10


def holders(
    site: Annotated[str, typer.Argument(help="The site.")],
    badge: Annotated[str, typer.Argument(help="The badge's id in the rules.")],
    *,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=f"Only so many. Default: {SHOWN}; with --csv or --json all.",
            show_default=False,
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all as CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
) -> None:
    """Show who has a badge at Wix by our ledger, in the order in which they earned it.

    What differs at Wix from the ledger is shown by `badgejobs drift`.

    Example: badgejobs holders my-shop gold

    Example: badgejobs holders my-shop gold --csv > gold.csv
    """  # fmt: skip
    if as_csv and as_json:
        raise SettingsError("--csv and --json exclude each other; name one of them")
    settings, out = settled(), Output(as_json=as_json)
    name = known_site(settings, site)
    with opened(settings) as house:
        require_badge(house, name, badge)
        if as_csv or as_json:
            rows = (_told(one) for one in _holders(house, name, badge, limit))
            with written(None) as stdout:
                write_rows(rows, _FIELDS, "csv" if as_csv else "jsonl", stdout)
            return
        with house.store.read() as tx:
            now = tx.now
        found = list(_holders(house, name, badge, (limit or SHOWN) + 1))
    shown = found[: limit or SHOWN]
    rows_shown = [
        (
            one.member_id,
            ago(one.since, now),
            f"{one.earned_at:%Y-%m-%d}",
            one.by or (one.giver or ""),
            one.rules_version[:_SHORT],
            one.reason,
        )
        for one in shown
    ]
    out.result(None, Rows(_COLUMNS, rows_shown) if shown else f"nobody has {badge} at Wix by us")
    if len(found) > len(shown):
        out.note(f"badgejobs: these are the first {len(shown)}; --limit shows more, --csv and "
                 "--json all")  # fmt: skip


def _holders(house: House, site: str, badge: str, limit: int | None) -> Iterator[Holder]:
    def page(after: tuple[datetime, str] | None, most: int) -> Sequence[Holder]:
        with house.store.read() as tx:
            return tx.people.holders(site, badge, after=after, limit=most)

    return paged(page, start=None, place=lambda one: (one.earned_at, one.member_id), limit=limit)


def _told(one: Holder) -> dict[str, Any]:
    told = asdict(one)
    return {"member": told.pop("member_id")} | told
