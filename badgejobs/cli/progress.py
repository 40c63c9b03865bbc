"""How far long work is: bars on a terminal, now and then a line in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

#: How often a log is told how far it is.
_COUNTS_EVERY_SECONDS = 10.0


class Progress(Protocol):
    """Says what is going on, and how far it is."""

    def __call__(self, line: str) -> None:
        """What is being done now."""
        ...

    def counted(
        self, what: str, done: int, *, of: int | None = None, is_about: bool = False
    ) -> None:
        """How much of one kind is done, and of how much where that is known, or about so much.

        Where it is known, the rate and the time that is left are told too.
        """
        ...


class _Lines:
    """For logs and pipes: a line where something changes, and counts every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""
        #: When each count was first told, and how much was done by then.
        self._began = dict[str, tuple[float, int]]()
        self._quiet_until = time.monotonic() + _COUNTS_EVERY_SECONDS

    def __call__(self, line: str) -> None:
        if line != self._last:
            self._note(line)
        self._last = line

    def counted(
        self, what: str, done: int, *, of: int | None = None, is_about: bool = False
    ) -> None:
        now = time.monotonic()
        began, before = self._began.setdefault(what, (now, done))
        if now < self._quiet_until:
            return
        self._quiet_until = now + _COUNTS_EVERY_SECONDS
        pace = ""
        if of is not None and now > began and done > before:
            rate = (done - before) / (now - began)
            pace = f", {rate:,.0f}/s, {left(max(0, of - done) / rate)} left"
        self._note(f"{what}: {_number(done, of, is_about)}{pace}")

    def _note(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class _Bars:
    """For terminals: a line for what is done now, and a bar for each kind that is counted."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._now = bars.add_task("", total=None, number="")
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, line: str) -> None:
        self._bars.update(self._now, description=line)

    def counted(
        self, what: str, done: int, *, of: int | None = None, is_about: bool = False
    ) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=of, number="", completed=done)
        task = self._bars.tasks[self._tasks[what]]
        number = _number(done, of, is_about)
        if of is not None and task.speed:
            number += f", {task.speed:,.0f}/s, {left(max(0, of - done) / task.speed)} left"
        self._bars.update(self._tasks[what], completed=done, total=of, number=number)


def _number(done: int, of: int | None, is_about: bool = False) -> str:
    about = "about " if is_about else ""
    return f"{done:,}" if of is None else f"{done:,} of {about}{of:,}"


def left(seconds: float) -> str:
    """How long something will still take, in words.

    >>> left(8), left(200), left(5400)
    ('8 s', '3 min', '1 h 30 min')
    """
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


@contextmanager
def told_on(console: Console) -> Iterator[Progress]:
    """Progress as this console can show it."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    bars = Bars(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[number]}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with bars:
        yield _Bars(bars)
