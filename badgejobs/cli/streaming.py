"""Long lists: read page by page, and written line by line, to a file of one's own or a pipe."""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Protocol, TextIO, TypeVar

from badgejobs.errors import FileError

Form = Literal["csv", "jsonl"]

#: Rows of one query.
PAGE = 1_000
#: What makes a spreadsheet take a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

Row = TypeVar("Row")
Place = TypeVar("Place")


class _Sink(Protocol):
    """Takes one row after the other."""

    def __call__(self, row: Mapping[str, Any], /) -> None:
        """One more."""
        ...


def paged(
    read: Callable[[Place, int], Sequence[Row]],
    *,
    start: Place,
    place: Callable[[Row], Place],
    limit: int | None = None,
) -> Iterator[Row]:
    """All rows, or the first ``limit``: each page begins after the last row before it.

    >>> list(paged(lambda after, most: list(range(after, 5))[:most], start=0,
    ...            place=lambda row: row + 1, limit=3))
    [0, 1, 2]
    """
    left = limit
    while left is None or left > 0:
        asked = PAGE if left is None else min(PAGE, left)
        page = read(start, asked)
        yield from page
        if len(page) < asked:
            return
        start = place(page[-1])
        left = None if left is None else left - len(page)


def cell(value: object) -> str:
    """A value as a spreadsheet may have it: no text in it is ever a formula.

    >>> cell("=HYPERLINK(1)"), cell(-3), cell(None), cell("gold")
    ("'=HYPERLINK(1)", '-3', '', 'gold')
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case datetime():
            return value.isoformat()
        case Enum():
            return str(value.value)
        case dict() | list():
            return json.dumps(value, default=plain, ensure_ascii=False, sort_keys=True)
        case _:
            text = str(value)
            return f"'{text}" if text.startswith(_FORMULA) else text


def plain(value: object) -> str:
    """What JSON has no form for."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def write_rows(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], form: Form, to: TextIO
) -> int:
    """Write rows one by one; how many."""
    sink = _csv(to, columns) if form == "csv" else _lines(to)
    number = 0
    for row in rows:
        sink(row)
        number += 1
    return number


@contextmanager
def written(path: Path | None) -> Iterator[TextIO]:
    """Where to write: a file that only we can read, or stdout.

    The file is there only once it is whole, in the place of one that was there before.
    """
    if path is None:
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:
            # whoever read has seen enough; nothing more is written when Python ends
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if path.exists() and not path.is_file():
        # a device or a pipe would be replaced by a file
        raise FileError(
            "--out is no plain file: name one that is, or is not there; without --out it is "
            "written to stdout",
            file=str(path),
        )
    try:
        # mkstemp makes it 0600
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        why = error.strerror or "it cannot be written"
        raise FileError(
            f"--out cannot be written: {why}; name a file in a folder of yours that is there",
            file=str(path),
        ) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        why = error.strerror or "it cannot be written"
        raise FileError(
            f"--out cannot be written: {why}; name a file on a disk with room", file=str(path)
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _csv(to: TextIO, columns: Sequence[str]) -> _Sink:
    writer = csv.writer(to)
    writer.writerow(columns)
    return lambda row: writer.writerow([cell(row[name]) for name in columns])


def _lines(to: TextIO) -> _Sink:
    return lambda row: print(json.dumps(row, default=plain, ensure_ascii=False), file=to)
