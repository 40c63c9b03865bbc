"""What commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from badgejobs.cli.progress import Progress, told_on

#: Pipes and files have no width of their own.
_PLAIN_WIDTH = 120


#: Columns whose cells are never broken.
_WHOLE = frozenset({"record", "what", "run", "member", "order", "took", "ended"})


@dataclass(frozen=True, slots=True)
class Rows:
    """A table on a terminal, and lines with tabs for pipes."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not console.is_terminal:
            for row in self.rows:
                # Not as Text, which would put blanks in the place of the tabs.
                yield Segment("\t".join(row))
                yield Segment.line()
            return
        table = Table(box=box.SIMPLE, pad_edge=False, header_style="bold")
        for column in self.columns:
            # an id that is cut in two cannot be copied, and a broken word not be read
            whole = column in _WHOLE
            table.add_column(column, overflow="ignore" if whole else "fold", no_wrap=whole)
        for row in self.rows:
            table.add_row(*(_coloured(cell) for cell in row))
        yield table


@dataclass(frozen=True, slots=True)
class Page:
    """A page of Markdown: set on a terminal, and as it is written for pipes."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not console.is_terminal:
            yield Segment(self.text)
            return
        from rich.markdown import Markdown  # noqa: PLC0415 - a parser, for this one page only

        yield from console.render(
            Markdown(self.text), options.update(no_wrap=False, overflow="fold")
        )


@dataclass(frozen=True, slots=True)
class Source:
    """A text to be copied as it is, on a terminal too."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self.text)


class Output:
    """Where one command prints; on a pipe plain lines, and with ``as_json`` one JSON object.

    Colours follow the terminal and ``NO_COLOR``.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._out = _console(stderr=False)
        self._err = _console(stderr=True)

    def note(self, line: str) -> None:
        """A word on the way, on stderr."""
        self._err.print(line, markup=False, highlight=False, soft_wrap=True)

    def result(self, data: Any, *shown: RenderableType) -> None:
        """The outcome: ``data`` as JSON where that was asked for, else what is to be shown."""
        if self.as_json:
            text = json.dumps(data, default=_plain, ensure_ascii=False, indent=2)
            self._out.out(text, highlight=False)
            return
        for one in shown:
            self._out.print(one, markup=False, highlight=False, soft_wrap=True)

    def record(self, data: Any) -> None:
        """One of many outcomes, as a line of JSON Lines."""
        self._out.out(json.dumps(data, default=_plain, ensure_ascii=False), highlight=False)

    def text(self, text: str) -> None:
        """A piece of a long document, as it is."""
        self._out.out(text, highlight=False, end="")

    @contextmanager
    def live(self) -> Iterator[Live | None]:
        """A picture that is drawn anew; ``None`` where nobody watches."""
        if self.as_json or not self._out.is_terminal:
            yield None
            return
        with Live(console=self._out, auto_refresh=False, transient=True) as picture:
            yield picture

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """What says how far long work is: bars that fill, or now and then a line in a log."""
        with told_on(self._err) as progress:
            yield progress


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago, or ahead, a moment lies.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> ago(noon, noon.replace(minute=5)), ago(noon.replace(second=9), noon), ago(None, noon)
    ('5 min ago', 'in 9 s', 'never')
    """
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    size, unit = abs(seconds), "s"
    for length, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if size >= length:
            size, unit = size / length, name
            break
    length_shown = f"{int(size)} {unit}"
    return f"{length_shown} ago" if seconds >= 0 else f"in {length_shown}"


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    return console


def _coloured(cell: str) -> Text:
    styles = {"ok": "green", "failed": "bold red", "warning": "yellow"}
    return Text(cell, style=styles.get(cell, ""))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
