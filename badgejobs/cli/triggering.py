"""Work that is left to the workers: they are told, and waited for where that is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from badgejobs.cli.exits import Code
from badgejobs.cli.opening import bind_celery, standing
from badgejobs.cli.output import Output, Rows
from badgejobs.config import Settings
from badgejobs.errors import BrokerUnavailable
from badgejobs.jobs.units import BY_HAND

#: A task by its name, and its arguments.
Bell = tuple[str, dict[str, str | int]]

#: So long is waited unasked: what is left goes on without anybody.
WAITS_SECONDS = 300.0

Wait = Annotated[bool, typer.Option("--wait", help="Wait for the workers, and show what they did.")]
Background = Annotated[
    bool, typer.Option("--background", help="Leave it to the workers, and end at once.")
]
_COLUMNS = ("run", "what", "came of it", "task")
#: What is told of a run in a column of its own, or not at all.
_APART = frozenset({"run", "site", "kind"})


def trigger(
    settings: Settings,
    out: Output,
    bells: Sequence[Bell],
    *,
    what: str,
    data: Mapping[str, Any],
    wait: bool,
    max_seconds: float | None = None,
) -> None:
    """Ring these bells in a person's name, print the tasks, and end with the code that tells of it.

    With ``wait`` all is printed that they and those after them did within ``max_seconds``.
    """
    if not bells:
        out.result(dict(data) | {"rung": False, "tasks": []}, f"{what}: there is nothing to do")
        return
    tasks, heard = list[str](), list[dict[str, Any]]()

    def listen(rung: Sequence[str]) -> None:
        from badgejobs.jobs.following import follow  # noqa: PLC0415 - importing Celery takes time

        tasks.extend(rung)
        if not wait:
            return
        ends = time.monotonic() + (WAITS_SECONDS if max_seconds is None else max_seconds)
        with out.progress() as tell:
            for one in follow(rung, sleep=time.sleep, time_is_up=lambda: time.monotonic() >= ends):
                heard.append(one.as_json())
                tell.counted("tasks ended", sum("result" in done for done in heard))

    rung = ring_for(settings, list(bells), by=BY_HAND, heard=listen)
    if not wait:
        out.result(dict(data) | {"rung": rung, "tasks": tasks}, _said(what, rung=rung))
        for task in tasks:
            out.note(f"badgejobs: task {task}")
        return
    out.result(dict(data) | {"rung": rung, "tasks": heard}, Rows(_COLUMNS, [*map(_row, heard)]))
    raise typer.Exit(_concluded(out, what, heard, rung=rung))


def _said(what: str, *, rung: bool) -> str:
    return f"{what}: " + (
        "the workers were told"
        if rung
        else "due; the broker is away, and the next tick of a running beat or `badgejobs sync` "
        "will do it"
    )


def _row(one: Mapping[str, Any]) -> tuple[str, str, str, str]:
    told = one.get("result")
    if told is None:
        return "", "", "not ended yet", one["task"]
    numbers = [f"{name} {n}" for name, n in told.items() if name not in _APART and n]
    came = ", ".join(numbers) or "nothing was to be done"
    return str(told.get("run", "")), told.get("kind", ""), came, one["task"]


def _concluded(out: Output, what: str, heard: Sequence[Mapping[str, Any]], *, rung: bool) -> Code:
    if not rung:
        out.note(f"badgejobs: {_said(what, rung=False)}")
        return Code.UNAVAILABLE
    results = [one.get("result") for one in heard]
    if any(told is None for told in results):
        out.note("badgejobs: the time is up; the rest goes on without anybody waiting for it")
        return Code.PARTIAL
    if any(told and "error" in told for told in results):
        return Code.FAILURE
    left = any(told and ("waits" in told or "already" in told) for told in results)
    return Code.PARTIAL if left else Code.OK


def ring_for(
    settings: Settings,
    bells: list[Bell],
    *,
    by: str | None = None,
    heard: Callable[[list[str]], None] | None = None,
) -> bool:
    """Ring for the workers; no where the broker is away.

    ``by`` is who asks, where a person does, and ``heard`` is told the ids of the tasks while the
    broker can be asked about them.
    """
    from badgejobs.jobs.app import app  # noqa: PLC0415 - importing Celery takes a second
    from badgejobs.jobs.asking import WORKER, sends_as  # noqa: PLC0415 - as above
    from badgejobs.jobs.ringing import ring  # noqa: PLC0415 - as above

    try:
        with standing(settings) as address:
            bind_celery(settings, address)
            sends_as(by or WORKER)
            try:
                rung = [ring(name, **arguments) for name, arguments in bells]
                if heard:
                    heard([task for task in rung if task])
            finally:
                app.close()
    except BrokerUnavailable:
        return False
    return all(rung)
