"""A list of members who are to have badges, as a spreadsheet writes it: CSV with a header."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from badgejobs.errors import FileError

#: A list of 100,000 members is a few MB; what is far larger is another file.
MOST_BYTES = 32 * 1024 * 1024
MOST_LINES = 200_000
#: Of a note so many letters are kept.
LONGEST_NOTE = 500
#: The longest address by RFC 5321.
LONGEST_ADDRESS = 320

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_NAMES = ("member_id", "email", "badge", "note")
_DELIMITERS = ",;\t"

EMPTY = "it names no member: member_id and email are empty"
MALFORMED_ID = "member_id does not have the form of Wix's ids"
MALFORMED_ADDRESS = "email is no e-mail address"
NO_BADGE = "it names no badge: fill its badge, or name one for all with --badge"
TOO_MANY_CELLS = "it has more cells than the first line has columns"


class GrantListError(FileError):
    """A list of members cannot be used at all; the text names the file, the line and the cure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line that can be used: a member by id or by address, and the badge."""

    #: Where it begins in the file; the header is line 1.
    line: int
    #: In small letters, as Wix writes it; empty where an address names the member.
    member_id: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    badge: str
    note: str = field(default="", repr=False)
    #: The cells as they stand in the file.
    cells: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """One line that cannot be used, and why; the reason holds nothing of the line."""

    line: int
    why: str
    cells: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantList:
    """What a file holds."""

    delimiter: str
    header: tuple[str, ...]
    entries: tuple[Entry, ...]
    unused: tuple[Unused, ...]


def read_grants(data: bytes, *, file: str, badge: str = "") -> GrantList:
    r"""The lines of a list, in UTF-8; its first line names the columns.

    A member is named by ``member_id``, or by ``email`` where that is empty; ``badge`` stands for
    an empty or missing column of that name. Other columns are let be, and empty lines too. Cells
    are parted by comma, semicolon or tab, as the first line is. Raises ``GrantListError`` where
    nothing of it can be used.

    >>> found = read_grants(b"email;badge\nada@example.com;gold\n;gold\n", file="a.csv")
    >>> [(one.line, one.badge) for one in found.entries], [one.line for one in found.unused]
    ([(2, 'gold')], [3])
    """
    text = _decoded(data, file)
    first = text.partition("\n")[0]
    delimiter = _delimiter_of(first)
    rows = _rows(text, delimiter, file)
    line, header = next(rows, (1, ()))
    places = _places(header, file, line)
    entries, unused = list[Entry](), list[Unused]()
    for line, cells in rows:
        if line > MOST_LINES:
            raise GrantListError(
                f"it has more than {MOST_LINES:,} lines: part it in several files", file=file
            )
        if not any(cell.strip() for cell in cells):
            if cells:
                unused.append(Unused(line=line, why=EMPTY, cells=cells))
            continue
        told = {name: cells[at].strip() for name, at in places.items() if at < len(cells)}
        if why := _fault(told, cells, header, badge):
            unused.append(Unused(line=line, why=why, cells=cells))
            continue
        entries.append(
            Entry(
                line=line,
                member_id=told.get("member_id", "").lower(),
                email="" if told.get("member_id") else told.get("email", ""),
                badge=told.get("badge") or badge,
                note=one_line(told.get("note", "")),
                cells=cells,
            )
        )
    return GrantList(
        delimiter=delimiter, header=header, entries=tuple(entries), unused=tuple(unused)
    )


def one_line(note: str) -> str:
    r"""A note as it is kept: in one line, and not too long.

    >>> one_line("  at the\n fair ")
    'at the fair'
    """
    shown = "".join(letter if letter.isprintable() else " " for letter in note)
    return " ".join(shown.split())[:LONGEST_NOTE]


def _decoded(data: bytes, file: str) -> str:
    if len(data) > MOST_BYTES:
        raise GrantListError(
            f"it is larger than {MOST_BYTES // 1024 // 1024} MiB: part it in several files",
            file=file,
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise GrantListError(
            "it is not in UTF-8: save it as CSV UTF-8", file=file, line=line
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _delimiter_of(header: str) -> str:
    """What parts the cells of the first line; a comma where it has but one."""
    try:
        found = csv.Sniffer().sniff(header, delimiters=_DELIMITERS).delimiter
    except csv.Error:
        return ","
    # of a line of one column it makes a guess
    return found if found in _DELIMITERS and found in header else ","


def _rows(text: str, delimiter: str, file: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each record with the line that it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        begins = reader.line_num + 1
        try:
            yield begins, tuple(next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            raise GrantListError(
                f"it cannot be read as CSV ({error}): see whether a quotation mark is left open",
                file=file,
                line=begins,
            ) from error


def _places(header: Sequence[str], file: str, line: int) -> dict[str, int]:
    """The place of each column that we know."""
    names = [name.strip().casefold() for name in header]
    places = {name: names.index(name) for name in _NAMES if name in names}
    if not {"member_id", "email"} & set(places):
        raise GrantListError(
            "its first line must name the columns, member_id or email among them; badge and note "
            "are known too",
            file=file,
            line=line,
        )
    if twice := [name for name in places if names.count(name) > 1]:
        raise GrantListError(f"its first line names {twice[0]} twice", file=file, line=line)
    return places


def _fault(
    told: dict[str, str], cells: Sequence[str], header: Sequence[str], badge: str
) -> str | None:
    """Why a line cannot be used."""
    member_id, email = told.get("member_id", ""), told.get("email", "")
    if any(cell.strip() for cell in cells[len(header) :]):
        return TOO_MANY_CELLS
    if not member_id and not email:
        return EMPTY
    if member_id and not _GUID.fullmatch(member_id):
        return MALFORMED_ID
    if not member_id and (len(email) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(email)):
        return MALFORMED_ADDRESS
    if not told.get("badge") and not badge:
        return NO_BADGE
    return None
