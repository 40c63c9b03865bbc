"""What ran, when, started by whom, and what came of it."""

from __future__ import annotations

import re
import textwrap
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from badgejobs.cli.opening import known_site, known_sites, opened, settled
from badgejobs.cli.output import Output, Rows, ago
from badgejobs.config import Settings
from badgejobs.errors import SettingsError
from badgejobs.store.runs import Run

#: Letters of an error that a table shows; the JSON has all of them.
_SHORT = 60
#: Longer than anything is kept, and no moment before the calendar begins.
_LONGEST = timedelta(days=36_525)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
#: What a line about one of many sites has: no window, and no calls.
_NARROW = (
    "run",
    "started",
    "site",
    "what",
    "by",
    "seen/new/changed/void",
    "awards",
    "took",
    "error",
)
_COLUMNS = (
    "run", "started", "site", "what", "by", "window", "pages", "calls", "seen/new/changed/void",
    "awards", "took", "error",
)  # fmt: skip


def runs(
    site: Annotated[str | None, typer.Argument(help="Default: all.", show_default=False)] = None,
    *,
    source: Annotated[
        str | None,
        typer.Option(help="Only runs of this source, or of a duty such as assign."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="Only runs of this kind, such as scan, backfill, walk, assign or reconcile, or "
            "with its source: 'scan orders'."
        ),
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only those that failed, or never ended.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Only the latest so many.")] = 20,
    since: Annotated[
        str | None, typer.Option(help="Only those of the last 90s, 30m, 2h, 7d, ...")
    ] = None,
    run_id: Annotated[
        int | None, typer.Option("--id", min=1, help="Only this one, with all that is known of it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what ran: who started it, what it read, what came of it, how long it took.

    Of many sites each line is short; name one for what it read and called, and --id for all of
    one run, as the result of a task names it.

    Example: badgejobs runs my-shop --source orders --since 2h

    Example: badgejobs runs --failed --kind scan --since 1d --limit 100
    """
    settings, out = settled(), Output(as_json=as_json)
    if run_id is not None:
        _show_one(settings, out, run_id)
        return
    sites = [known_site(settings, site)] if site else known_sites(settings)
    within = None if since is None else duration(since)
    with opened(settings) as house, house.store.read() as tx:
        now = tx.now
        found = tx.runs.find(
            sites, source=source, kind=kind, failed=failed, within=within, limit=limit
        )
    columns = _NARROW if site is None and len(sites) > 1 else _COLUMNS
    rows = [dict(zip(_COLUMNS, _row(one, now), strict=True)) for one in found]
    lines = [[row[name] for name in columns] for row in rows]
    shown = Rows(columns, lines) if found else "no such run"
    out.result({"at": now, "runs": [_as_json(one) for one in found]}, shown)


def _show_one(settings: Settings, out: Output, run_id: int) -> None:
    with opened(settings) as house, house.store.read() as tx:
        now, run = tx.now, tx.runs.get(run_id)
    if run is None:
        raise SettingsError(
            f"--id: there is no run {run_id}; runs are kept for {settings.runs_kept_days} days, "
            "and `badgejobs runs` shows the latest"
        )
    shown = {name: value for name, value in asdict(run).items() if name != "numbers"}
    shown |= {"took": _took(run)} | dict(run.numbers)
    rows = [(name, _plain(value)) for name, value in shown.items() if value is not None]
    out.result({"at": now, "runs": [_as_json(run)]}, Rows(("what", "told"), rows))


def _plain(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else str(value)


def duration(text: str) -> timedelta:
    """A length of time as it is written; ``SettingsError`` where it is none.

    >>> duration("90s"), duration("7d")
    (datetime.timedelta(seconds=90), datetime.timedelta(days=7))
    """
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if not found:
        raise SettingsError(f"--since: {text!r} is no length of time; write 90s, 30m, 2h or 7d")
    number, unit = found.groups()
    length = timedelta(**{_UNITS[unit]: int(number)})
    if length > _LONGEST:
        raise SettingsError(f"--since: {text!r} is too long; write 90s, 30m, 2h or 7d")
    return length


def _row(run: Run, now: datetime) -> tuple[str, ...]:
    told = run.numbers
    rows = [str(told[name]) for name in ("seen", "new", "changed", "void") if name in told]
    opened_now = told.get("opened", 0) + told.get("cleared", 0)
    held = f" (+{told['held']} held)" if told.get("held") else ""
    return (
        str(run.id),
        ago(run.started_at, now),
        run.site,
        run.kind,
        run.started_by,
        _window(run),
        str(told.get("pages", "")),
        str(told.get("calls", "")),
        "/".join(rows),
        f"{opened_now}{held}" if "opened" in told else "",
        _took(run),
        textwrap.shorten(run.error or "", _SHORT, placeholder=" ..."),
    )


def _window(run: Run) -> str:
    """What was read by last changes, in UTC; empty where nothing was read so."""
    if run.window_until is None:
        return ""
    since = f"{run.window_since:%Y-%m-%d %H:%M}" if run.window_since else "the beginning"
    return f"{since} to {run.window_until:%Y-%m-%d %H:%M}"


def _took(run: Run) -> str:
    if run.ended_at is None:
        return "not ended"
    return f"{_seconds(run):.1f} s"


def _seconds(run: Run) -> float | None:
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at else None


def _as_json(run: Run) -> dict[str, Any]:
    return asdict(run) | {"seconds": _seconds(run)}
