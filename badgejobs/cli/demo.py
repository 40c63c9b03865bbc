"""``badgejobs demo``: the main job on real orders and comments, by real processes."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from badgejobs.cli import demo_view
from badgejobs.cli.demo_stage import Stage, stage
from badgejobs.cli.demo_tour import tour
from badgejobs.cli.demo_truth import RULE_OF_BADGE, Comparison, compare, literal_calls
from badgejobs.cli.demo_view import Snapshot
from badgejobs.cli.output import Output
from badgejobs.config import forget_environment, load_settings, prepare_state_dir
from badgejobs.core.milestone import Ruleset
from badgejobs.errors import StateError
from badgejobs.sandbox.history import seed
from badgejobs.service.single import only_one

#: Longer than the sandbox lets its queries trail behind its writes.
SETTLE = timedelta(seconds=3)
#: The demo gives up when exact agreement takes longer; ``--full`` replays much more.
PATIENCE = 180.0
PATIENCE_FULL = 3600.0
#: How often the picture is drawn anew, and how often a plain line is written.
FRAME_SECONDS = 0.5
LINE_SECONDS = 3.0
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def demo(
    *,
    seconds: Annotated[
        float, typer.Option(help="How long the history takes to arrive, fast-forwarded.")
    ] = 14.0,
    full: Annotated[
        bool, typer.Option("--full", help="Replay the whole log of --data, not the extract.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help="Folder with online_retail/ and se_history_meta_2018/.")
    ] = None,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Leave all running, with console and Flower, until Ctrl-C."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object at the end.")
    ] = False,
    picture: Annotated[
        Path | None, typer.Option(help="Also save the last picture and the verdict as SVG.")
    ] = None,
) -> None:
    """Watch real shop orders and real comments become badges, and see them checked.

    Starts a broker, a sandbox of Wix, a worker and beat; lets the history of a real web shop
    and a real question site arrive; ends with each badge held against independent truth.
    Exits with 0 only if they agree exactly, and says how to look at what came of it.

    Example: badgejobs demo --keep
    """
    if full != (data is not None):
        raise typer.BadParameter("--full and --data DIR go together", param_hint="--full")
    if data and not (data / seed.SHOP).is_dir():
        problem = f"{data} has no folder {seed.SHOP}; name the folder of the whole log"
        raise typer.BadParameter(problem, param_hint="--data")
    source = str(data.resolve()) if data else None
    # It needs no site of the configuration, so it may be one that is not filled in yet.
    settings = load_settings(for_show=True)
    folder = prepare_state_dir(prepare_state_dir(settings.state_dir) / "demo")
    ignored = forget_environment(keep={"database_url", "redis_url"})
    out = Output(as_json=as_json)
    with only_one(folder / "demo.lock", "a demo"), stage(folder, with_pages=keep) as on:
        if on.house.settings.database_url is not None:
            out.note(f"the rows of site {on.site} stay in the database of BADGEJOBS_DATABASE_URL")
        _await_badges(on)
        expected = seed.expected(data)
        on.expect(sum(one.rule in RULE_OF_BADGE.values() for one in expected))
        on.sandbox.start_replay(on.instance_id, seconds=seconds, data=source)
        last = _watch(on, out, patience=PATIENCE_FULL if full else PATIENCE)
        rules = on.house.at(on.site).rules()
        state = on.sandbox.state(on.instance_id)
        facts = on.facts()
        rows = compare(rules, expected, state, on.earned(facts))
        literal = literal_calls(facts, rules, datetime.now(UTC))
        _report(out, last, rows, rules, literal=literal, picture=picture)
        if not as_json or keep:
            for line in tour(on.house, on.site, folder, ignored=ignored):
                out.note(line)
        if keep:
            _leave_running(on, out)
    raise typer.Exit(0 if all(row.agrees for row in rows) else 1)


def _await_badges(on: Stage) -> None:
    """The history starts once the worker has provisioned the badges."""
    ends = time.monotonic() + 40
    wanted = len(on.house.at(on.site).rules().milestones)
    while len(on.sandbox.state(on.instance_id)["badges"]) < wanted:
        if time.monotonic() > ends:
            raise StateError(f"the worker did not start; its log is in {on.folder / 'log'}")
        time.sleep(0.2)


def _watch(on: Stage, out: Output, *, patience: float) -> Snapshot:
    """Show what happens until all is done, or until patience ends."""
    rules = on.house.at(on.site).rules()
    ends, next_line, arrived_at = time.monotonic() + patience, 0.0, None
    with out.live() as picture:
        while time.monotonic() < ends:
            snapshot = on.snapshot()
            if picture:
                picture.update(demo_view.live(snapshot, rules), refresh=True)
            elif time.monotonic() >= next_line:
                out.note(snapshot.line())
                next_line = time.monotonic() + LINE_SECONDS
            if arrived_at is None and snapshot.has_arrived:
                arrived_at = datetime.now(UTC)
            if arrived_at and on.is_settled(since=arrived_at + SETTLE):
                break
            time.sleep(FRAME_SECONDS)
    return on.snapshot()


def _report(
    out: Output,
    last: Snapshot,
    rows: list[Comparison],
    rules: Ruleset,
    *,
    literal: int,
    picture: Path | None,
) -> None:
    agrees = all(row.agrees for row in rows)
    if picture:
        # As wide as a page shows well, whatever the terminal is.
        recorder = Console(record=True, width=104, file=StringIO(), force_terminal=True)
        recorder.print(demo_view.live(last, rules))
        recorder.print(demo_view.verdict(rows, rules))
        recorder.print(demo_view.economy(last, literal))
        svg = recorder.export_svg(title="badgejobs demo")
        # Rich names fonts on a server of somebody else's; the reader's own will do.
        picture.write_text(_FONT_FACE.sub("", svg), encoding="utf-8")
    out.result(
        {
            "agrees": agrees,
            "seconds": round(last.seconds, 1),
            "badges": [asdict(row) for row in rows],
            "calls": {"total": last.total_calls, "by_path": dict(last.calls)},
            "literal_calls": literal,
        },
        demo_view.live(last, rules),
        demo_view.verdict(rows, rules),
        demo_view.economy(last, literal),
    )


def _leave_running(on: Stage, out: Output) -> None:
    """Stay until Ctrl-C, and say where to look."""
    for line in on.addresses():
        out.note(line)
    with suppress(KeyboardInterrupt):
        out.note("Ctrl-C ends it all.")
        while True:
            time.sleep(1)
