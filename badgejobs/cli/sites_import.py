"""Many sites at once, from a table: all of it is right, or nothing is done."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from badgejobs.bootstrap import House
from badgejobs.bootstrap.directory import named_at_wix
from badgejobs.bootstrap.told import FromPack
from badgejobs.cli.opening import opened, settled
from badgejobs.cli.output import Output
from badgejobs.cli.site_told import Around, Wrong, looked_at, sealed_key, told_overrides
from badgejobs.config import checks, read_secret
from badgejobs.errors import FileError, RulesError, SettingsError
from badgejobs.jobs import duties, standing
from badgejobs.store import SqlTransaction
from badgejobs.store.sites import SiteRow, twins

Value = TypeVar("Value")

#: What a table may say, and must.
COLUMNS = (
    "name", "app", "instance", "site_id", "api_key_file", "pack", "overrides", "comment_apps",
    "requests_per_minute",
)  # fmt: skip
NEEDED = ("name", "pack")
_MOST_BYTES = 64 * 1024 * 1024
#: Rows whose complaints are shown; the others are counted.
_MOST_SHOWN = 20
_BY = "sites import"


class TableError(FileError):
    """A table of sites cannot be used as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One row of the table, read and checked."""

    row: SiteRow
    #: The API key in the clear, where the row names its file.
    key: str | None


class _Once:
    """Sees to it that a table has each name, and each site at Wix, once."""

    def __init__(self) -> None:
        self._lines, self._at_wix = dict[str, int](), dict[str, str]()

    def check(self, row: SiteRow, line: int) -> list[Wrong]:
        """What of a row says again what stands in an earlier one."""
        if (before := self._lines.setdefault(row.name, line)) != line:
            return [Wrong("name", f"{row.name} stands in line {before} already; remove one")]
        where = row.instance_id or row.site_id or ""
        if (other := self._at_wix.setdefault(where, row.name)) != row.name:
            field = "instance" if row.instance_id else "site_id"
            return [Wrong(field, twins(where, row.name, other))]
        return []


def import_sites(
    file: Annotated[Path, typer.Argument(help="A CSV file, whose first line names its columns.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Add the sites of a table, and change those that stand otherwise; the others stay.

    Columns: name, pack, and app and instance, or site_id and api_key_file; also overrides (a
    file), comment_apps (parted by blanks) and requests_per_minute. Paths are relative to the
    table's folder. Wix is not asked.

    Example: badgejobs sites import sites.csv --dry-run
    """
    settings, out = settled(), Output(as_json=as_json)
    with opened(settings) as house:
        with house.store.read() as tx:
            lines = _read(house, tx, file, out)
            stand = {one.row.name: one.row for one in tx.sites.all()}
        rows = [_sealed(house, one, stand.get(one.row.name), dry_run=dry_run) for one in lines]
        new = [one.name for one in rows if one.name not in stand]
        changed = [one.name for one in rows if one.name in stand and stand[one.name] != one]
        if not dry_run:
            with house.store.begin() as tx:
                new, changed = tx.sites.put(rows)
                tx.site_records.begin(new, duties.DUTIES)
                for name in changed:
                    standing.make_all_due(tx, name, asked_by=_BY)
                for name in (*new, *changed):
                    tx.standings.probe_soon(name)  # what Wix refused may be mended by it
    same = len(rows) - len(new) - len(changed)
    done = "would be" if dry_run else "are"
    out.result(
        {"dry_run": dry_run, "new": new, "changed": changed, "unchanged": same},
        f"{len(new)} sites {done} added, {len(changed)} {done} changed, {same} stand so already",
    )


def _sealed(house: House, line: _Line, stands: SiteRow | None, *, dry_run: bool) -> SiteRow:
    if line.key is None:
        return line.row
    if dry_run and (stands is None or stands.secret is None):
        return line.row
    return sealed_key(house.directory.vault, line.row, line.key, stands=stands)


def _read(house: House, tx: SqlTransaction, file: Path, out: Output) -> list[_Line]:
    """Every row, or ``SettingsError`` after all complaints of all rows were told."""
    around = Around.read(tx, house.settings)
    names = {name for _, fields in _rows(file) if (name := fields.get("name"))}
    # a table says all of its sites anew, which may have changed places
    around = replace(
        around, at_wix={where: one for where, one in around.at_wix.items() if one not in names}
    )
    found, bad = list[_Line](), 0
    once = _Once()
    for number, fields in _rows(file):
        one, wrong = _line(house, fields, around, file.parent)
        if not wrong:
            wrong = once.check(one.row, number)
        if not wrong:
            found.append(one)
            continue
        bad += 1
        for error in wrong if bad <= _MOST_SHOWN else ():
            problem = f"column {error.field}: {error.problem}"
            out.note(str(TableError(problem, file=str(file), line=number)))
    if bad:
        more = f", of which {_MOST_SHOWN} are shown" if bad > _MOST_SHOWN else ""
        raise SettingsError(
            f"{file}: {bad} {'row' if bad == 1 else 'rows'} cannot be used{more}; "
            "nothing was done: correct that and call it again"
        )
    return found


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows that are not empty, by line; ``FileError`` where it is no such table."""
    text, name = _text(file), str(file)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = [one.strip().lower() for one in next(reader, [])]
        _check_columns(columns, name)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(columns):
                raise TableError(
                    f"has {len(cells)} cells and the first line {len(columns)} columns; put what "
                    "holds a comma into quotes",
                    file=name, line=reader.line_num,
                )  # fmt: skip
            yield reader.line_num, dict(zip(columns, (one.strip() for one in cells), strict=False))
    except csv.Error as error:
        raise TableError(
            f"is no CSV here ({error}); save it with commas, and quotes in pairs",
            file=name, line=reader.line_num,
        ) from None  # fmt: skip


def _check_columns(columns: list[str], file: str) -> None:
    for one in columns:
        if one not in COLUMNS:
            cure = (
                "save the table with commas between the columns"
                if ";" in one or "\t" in one
                else checks.did_you_mean(one, COLUMNS)
            )
            raise TableError(f"there is no column {one!r}; {cure}", file=file, line=1)
        if columns.count(one) > 1:
            raise TableError(f"names the column {one} twice; remove one", file=file, line=1)
    for one in NEEDED:
        if one not in columns:
            raise TableError(
                f"lacks the column {one}; the first line names the columns, such as "
                "name,app,instance,pack",
                file=file, line=1,
            )  # fmt: skip


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise TableError(
            f"cannot be read ({error.strerror}); correct its name or permissions", file=str(file)
        ) from None
    except UnicodeDecodeError:
        raise TableError("is not UTF-8; save it as UTF-8", file=str(file)) from None
    if len(content) > _MOST_BYTES:
        raise TableError("is too large for a table of sites; part it in several", file=str(file))
    return text


def _line(
    house: House, fields: Mapping[str, str], around: Around, folder: Path
) -> tuple[_Line, list[Wrong]]:
    """A row as it was read, and all that is wrong with it."""
    given = {name: text for name, text in fields.items() if text}
    wrong = [Wrong(one, "is empty; fill it in") for one in NEEDED if one not in given]

    def kept(read: Callable[[], Value], otherwise: Value) -> Value:
        try:
            return read()
        except Wrong as error:
            wrong.append(error)
            return otherwise

    named = given.get("overrides")
    row = SiteRow(
        name=given.get("name", ""),
        app=given.get("app"),
        instance_id=given.get("instance"),
        site_id=given.get("site_id"),
        pack=given.get("pack", ""),
        overrides=kept(lambda: told_overrides(folder / named if named else None), ""),
        comment_apps=tuple(given.get("comment_apps", "").split()),
        requests_per_minute=kept(lambda: _number(given.get("requests_per_minute")), None),
    )
    key = kept(lambda: _key(given, folder), None)
    at_wix = named_at_wix(house.settings.wix_base_url, row.instance_id, row.site_id)
    row, more = looked_at(row, around, at_wix=at_wix)
    told = {one.field for one in wrong}
    wrong += [one for one in more if one.field not in told]
    if row.overrides and row.pack in around.packs:
        kept(lambda: _check_rules(house, row), None)
    return _Line(row=row, key=key), wrong


def _check_rules(house: House, row: SiteRow) -> None:
    """Raise :class:`Wrong` for overrides that do not fit the pack."""
    told = FromPack(pack=row.pack, overrides=row.overrides)
    try:
        house.rules_of(row.name, told).reading()
    except RulesError as error:
        raise Wrong("overrides", str(error)) from None


def _key(given: Mapping[str, str], folder: Path) -> str | None:
    named = given.get("api_key_file")
    if named is None:
        if "site_id" in given:
            raise Wrong("api_key_file", "is empty; name the file that the API key stands in")
        return None
    if "site_id" not in given:
        raise Wrong("site_id", "is empty; an API key is of a site id")
    try:
        secret, _ = read_secret(folder / named, shown="the file")
    except SettingsError as error:
        raise Wrong("api_key_file", str(error)) from None
    return secret.get_secret_value()


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal():
        raise Wrong(
            "requests_per_minute", f"{text[:20]!r} is no whole number; write one, such as 180"
        )
    return int(text)
