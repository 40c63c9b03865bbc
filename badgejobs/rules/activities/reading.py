"""Rows of a file, CSV or JSON Lines, each with its line; no more than one row is held."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from badgejobs.errors import TrialError
from badgejobs.rules.activities.cells import parsed_json
from badgejobs.rules.activities.rows import COLUMNS, Row
from badgejobs.rules.language.scalars import did_you_mean
from badgejobs.rules.yaml_tree import shortened

#: Longer than any order with all its lines, and little enough to be held at once.
MOST_LINE_BYTES: Final = 1024 * 1024

#: What one row says, by column; cells that are empty are left out.
Cells = dict[str, Any]


def rows_of_file(path: Path) -> Iterator[tuple[int, Cells]]:
    """The rows of a file with their lines; ``TrialError`` where it cannot be read."""
    match path.suffix.lower():
        case ".csv":
            return _of_csv(path)
        case ".jsonl" | ".ndjson":
            return _of_json_lines(path)
        case _:
            raise TrialError(
                "the name does not say what it is; call it .csv (a header and rows) or .jsonl "
                "(one JSON object a line)",
                file=str(path),
            )


def _of_json_lines(path: Path) -> Iterator[tuple[int, Cells]]:
    for number, text in _lines(path):
        if not text.strip():
            continue
        try:
            found = parsed_json(text)
        except ValueError as error:
            raise TrialError(
                f"not a JSON object in one line: {error}", file=str(path), line=number
            ) from None
        if not isinstance(found, dict):
            raise TrialError(
                """not a JSON object; write one a line, such as {"source": "orders", ...}""",
                file=str(path),
                line=number,
            )
        yield number, {key: value for key, value in found.items() if value not in (None, "")}


def _of_csv(path: Path) -> Iterator[tuple[int, Cells]]:
    reader = csv.reader((text for _, text in _lines(path)), strict=True)
    header: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            if cells and header is None:
                header = _header(cells, str(path), line)
            elif cells:
                assert header, "the first row"
                if len(cells) != len(header):
                    raise TrialError(
                        f"{len(cells)} cells under {len(header)} columns; put a cell with a "
                        "comma in it into double quotes",
                        file=str(path),
                        line=line,
                    )
                yield (
                    line,
                    {
                        column: cell
                        for column, cell in zip(header, cells, strict=True)
                        if cell.strip()
                    },
                )
            line = reader.line_num + 1
    except csv.Error as error:
        raise TrialError(
            f"not CSV: {error}; check the double quotes from this line on",
            file=str(path),
            line=line,
        ) from None
    if header is None:
        raise TrialError(
            "the file is empty; begin with a header such as member,source,id,at",
            file=str(path),
            line=1,
        )


def _header(cells: list[str], file: str, line: int) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    if len(names) == 1 and ";" in names[0]:
        raise TrialError("separate the columns by commas, not by ';'", file=file, line=line)
    for number, name in enumerate(names):
        if name not in COLUMNS:
            raise TrialError(
                f"column {number + 1}, '{shortened(name)}', is not known; "
                f"{did_you_mean(name, COLUMNS)}",
                file=file,
                line=line,
            )
        if name in names[:number]:
            raise TrialError(f"the column '{name}' stands twice; keep one", file=file, line=line)
    for name, field in Row.model_fields.items():
        if field.is_required() and name not in names:
            raise TrialError(f"the column '{name}' is missing; add it", file=file, line=line)
    return names


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    file = str(path)
    if path.exists() and not path.is_file():
        raise TrialError("not a file; name the file itself", file=file)
    try:
        with path.open("rb") as stream:
            number = 0
            while raw := stream.readline(MOST_LINE_BYTES + 1):
                number += 1
                if len(raw) > MOST_LINE_BYTES:
                    raise TrialError(
                        f"the line is longer than {MOST_LINE_BYTES // 1024} KiB; "
                        "is it the right file?",
                        file=file,
                        line=number,
                    )
                yield number, _decoded(raw, file, number)
    except FileNotFoundError:
        raise TrialError("there is no such file; correct its name", file=file) from None
    except OSError as error:
        raise TrialError(
            f"cannot be read ({error.strerror}); check its owner and permissions", file=file
        ) from error


def _decoded(raw: bytes, file: str, line: int) -> str:
    try:
        return raw.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise TrialError(
            f"not UTF-8 (byte 0x{raw[error.start]:02X}); save the file as UTF-8",
            file=file,
            line=line,
            column=error.start + 1,
        ) from None
