"""``badgejobs health``: whether the work goes on, told by an exit code."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from badgejobs.cli.exits import Code
from badgejobs.cli.output import Output, Rows
from badgejobs.config import HeartbeatFile, Settings, load_settings
from badgejobs.errors import StateError


def health(
    *,
    process: Annotated[
        Literal["worker", "beat"] | None,
        typer.Option(help="Look only at the heartbeat files of this machine's; asks no server."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell whether the work goes on: 0 when all is well, else 1, and for what fails the cure.

    Looks at the database, the broker, how late the work is, who is at work, and at awards that
    nobody settles; the bounds are the settings of [health]. Changes nothing, asks Wix nothing.

    Example: badgejobs health --json
    """
    settings = load_settings()
    out = Output(as_json=as_json)
    if process is not None:
        out.result({"ok": True, "process": process, "heartbeat": beats(settings, process)})
        return
    from badgejobs.cli.health_checks import examined  # noqa: PLC0415 - all that --process spares
    from badgejobs.cli.logs import set_up_logs  # noqa: PLC0415 - as above

    set_up_logs(level="ERROR", form=settings.log_format)
    found = examined(settings)
    out.result(
        {"ok": all(one.ok for one in found), "checks": [one.as_json() for one in found]},
        Rows(
            ("check", "state", "finding", "cure"),
            [(one.check, one.state, one.finding, one.cure) for one in found],
        ),
    )
    if not all(one.ok for one in found):
        raise typer.Exit(Code.FAILURE)


def beats(settings: Settings, kind: str) -> str:
    """How the processes of a kind on this machine beat; ``StateError`` where one hangs, or none is.

    What a killed one left behind is passed over where its number is nobody's.
    """
    most = settings.health.heartbeat_seconds
    files = HeartbeatFile.found(settings.state_dir, kind)
    ages = {one: age for one in files if (age := one.age_seconds()) is not None}
    hanging = [one for one, age in ages.items() if age > most and not one.is_left_behind()]
    if hanging:
        number = hanging[0].path.name.rpartition("-")[2]
        raise StateError(
            f"the {kind} of process {number} has not told for {ages[hanging[0]]:.0f} s that it "
            "lives; it hangs: end it, and it or another takes its jobs up"
        )
    fresh = [age for age in ages.values() if age <= most]
    if not fresh:
        raise StateError(
            f"no {kind} runs with the state folder {settings.state_dir}; start `badgejobs {kind}`"
        )
    return f"{max(fresh):.0f} s ago"
