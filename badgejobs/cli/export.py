"""Awards, their history, or all of one member, for other programs and for those concerned."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from badgejobs.bootstrap import House
from badgejobs.cli.byhand import member_id
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output
from badgejobs.cli.streaming import paged, plain, write_rows, written
from badgejobs.core.award import Award
from badgejobs.errors import SettingsError
from badgejobs.store.ledger import Change
from badgejobs.store.people import AwardLine

#: What is no business of a reader: tokens of workers, and what only sending needs.
_OURS = frozenset({"claim", "claimed_until", "not_before", "empty_reads"})
_AWARD = tuple(name for name in Award.__dataclass_fields__ if name not in _OURS)
_CHANGE = tuple(Change.__dataclass_fields__)


class What(StrEnum):
    """What is exported of a site."""

    AWARDS = "awards"
    HISTORY = "history"


class Format(StrEnum):
    """How."""

    CSV = "csv"
    JSONL = "jsonl"


Out = Annotated[
    Path | None,
    typer.Option("--out", help="Write to this file, which only you can read. Default: stdout.",
                 show_default=False),
]  # fmt: skip


def export(
    site: Annotated[str, typer.Argument(help="The site.")],
    *,
    what: Annotated[
        What, typer.Option(help="Each award as it stands, or each change of one.")
    ] = What.AWARDS,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="For spreadsheets, or a JSON object a line. Default: csv.",
            show_default=False,
        ),
    ] = None,
    out_file: Out = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
) -> None:
    """Export all awards of a site or their whole history; times are in UTC.

    Rows come as they are read, however many there are; with --out the file appears once it is
    whole. A text that a spreadsheet would take for a formula begins with an apostrophe in CSV.

    Example: badgejobs export my-shop --out awards.csv

    Example: badgejobs export my-shop --what history --format jsonl
    """  # fmt: skip
    if as_json and form is Format.CSV:
        raise SettingsError("--format csv and --json exclude each other: name one of them")
    settings, out = settled(), Output()
    name = known_site(settings, site)
    chosen = Format.JSONL if as_json else form or Format.CSV
    with opened(settings) as house, written(out_file) as file:
        rows, columns = (
            (_awards(house, name), (*_AWARD, "opened_at", "changed_at"))
            if what is What.AWARDS
            else (_history(house, name), _CHANGE)
        )
        number = write_rows(rows, columns, chosen.value, file)
    if out_file is not None:
        out.note(f"badgejobs: {number} rows of {what.value} in {out_file}")


def export_member(
    site: Annotated[str, typer.Argument(help="The site.")],
    member: Annotated[str, typer.Argument(help="The member's id at Wix.")],
    *,
    out_file: Out = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, as it does in any case.")
    ] = False,
) -> None:
    """Export all that is recorded of one member as JSON, for those who ask what is known of them.

    These are the rows that `badgejobs erase-member` would delete: activities, awards and their
    history, links, drift, wake-ups, requests, notifications. Digests that only lead back to the
    member with a key, and tokens of workers, are left out.

    Example: badgejobs export-member my-shop 3f2b8c1e-0d3f-4a4e-9f10-6f5a2c9e2201 --out ana.json
    """  # fmt: skip
    del as_json
    settings, out = settled(), Output()
    name, who = known_site(settings, site), member_id(member)
    with opened(settings) as house:
        # one member's rows are few: what they did is held in memory to tell what is theirs
        with house.store.read() as tx:
            at, rows = tx.now, {kind: list[dict[str, Any]]() for kind in tx.erasing.kinds()}
            for kind, row in tx.erasing.told(name, who):
                rows[kind].append(row)
        number = sum(map(len, rows.values()))
        with written(out_file) as file:
            told = {"site": name, "member": who, "at": at, "number": number, "rows": rows}
            json.dump(told, file, default=plain, ensure_ascii=False, indent=2)
            file.write("\n")
    if out_file is not None:
        out.note(f"badgejobs: {number} rows in {out_file}")


def _awards(house: House, site: str) -> Iterator[dict[str, Any]]:
    def page(after: tuple[str, str], most: int) -> Sequence[AwardLine]:
        with house.store.read() as tx:
            return tx.people.awards(site, after=after, limit=most)

    for one in paged(
        page, start=("", ""), place=lambda one: (one.award.member_id, one.award.badge)
    ):
        told = {name: getattr(one.award, name) for name in _AWARD}
        yield told | {"opened_at": one.opened_at, "changed_at": one.changed_at}


def _history(house: House, site: str) -> Iterator[dict[str, Any]]:
    def page(after: tuple[str, int], most: int) -> Sequence[tuple[int, Change]]:
        with house.store.read() as tx:
            return tx.people.history(site, after=after, limit=most)

    for _, one in paged(page, start=("", 0), place=lambda row: (row[1].member_id, row[0])):
        yield asdict(one)
