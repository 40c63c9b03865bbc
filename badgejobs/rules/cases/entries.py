"""Activities in the short forms of cases: ``{order: o1, member: ada, at: ...}``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from badgejobs.core.activity import Activity
from badgejobs.core.calendar import Calendar
from badgejobs.rules.activities.cells import moment
from badgejobs.rules.activities.facts import activity_of
from badgejobs.rules.activities.problems import RowError
from badgejobs.rules.activities.rows import row_of
from badgejobs.rules.cases.models import DefaultsRule, Entry
from badgejobs.rules.language.scalars import whole
from badgejobs.rules.language.times import span

#: The key that begins a short form, and the source that it stands for.
KINDS: Final = {"order": "orders", "comment": "comments", "joined": "membership"}
#: Where the number of a repetition goes.
NUMBER: Final = "#"
MOST_TIMES: Final = 1_000

#: Which activity of which source.
Key = tuple[str, str]


class Stage:
    """The activities of one case so far: what is said later of one is added to it."""

    def __init__(
        self,
        defaults: DefaultsRule,
        *,
        calendar: Calendar,
        currency: str | None,
        sources: AbstractSet[str],
    ) -> None:
        self._defaults: Mapping[str, Entry] = {
            "order": defaults.order, "comment": defaults.comment, "joined": defaults.joined,
        }  # fmt: skip
        self._calendar, self._currency, self._sources = calendar, currency, sources
        self._cells = dict[Key, Entry]()
        self._facts = dict[Key, Activity]()

    def take(self, entry: Entry) -> None:
        """An activity that came, or what changed of one; ``RowError`` where it cannot be."""
        for cells in self._repeated(entry):
            kind, named = _unfolded(cells)
            key = str(named.get("source")), str(named.get("id"))
            known = self._cells.get(key) or self._defaults.get(kind, {})
            self._cells[key] = known | named
            try:
                row = row_of(self._cells[key], sources=self._sources)
                self._facts[key] = activity_of(row, currency=self._currency)
            except RowError as error:
                where = (kind, *error.where[1:]) if error.where[:1] == ("id",) else error.where
                raise RowError(where, error.text) from None

    def members(self) -> dict[str, list[Activity]]:
        """Each member's activities as they stand."""
        found = dict[str, list[Activity]]()
        for one in self._facts.values():
            if one.member_id is not None:
                found.setdefault(one.member_id, []).append(one)
        return found

    def _repeated(self, entry: Entry) -> Iterator[Entry]:
        """So many of it as ``times`` says, each ``every`` so long after the one before."""
        rest = {key: value for key, value in entry.items() if key not in {"times", "every"}}
        if "times" not in entry:
            if "every" in entry:
                raise RowError(("every",), "stands beside 'times: 10' only; add it or remove this")
            yield rest
            return
        times = _read("times", entry["times"], whole)
        if times > MOST_TIMES:
            raise RowError(("times",), f"{times} is too much; at most {MOST_TIMES}")
        step = _read("every", entry["every"], span) if "every" in entry else None
        begins = _read("at", rest["at"], moment) if step and "at" in rest else None
        for number in range(1, times + 1):
            cells = _numbered(rest, str(number))
            if begins:
                cells["at"] = begins.isoformat()
                begins = self._calendar.plus(begins, step) if step else begins
            if times > 1 and cells == rest | {"at": cells.get("at")}:
                raise RowError(("times",), f"put {NUMBER} where the number goes, such as o{NUMBER}")
            yield cells


def _unfolded(cells: Entry) -> tuple[str, Entry]:
    """The kind of a short form, and its cells in full."""
    kinds = [key for key in cells if key in {*KINDS, "source"}]
    if len(kinds) != 1:
        raise RowError((), "begin with one of 'order: o1', 'comment: c1', 'joined: ada' or "
                           "'source: NAME'")  # fmt: skip
    [kind] = kinds
    if kind == "source":
        return kind, cells
    rest = {key: value for key, value in cells.items() if key != kind}
    for key in ("source", "id"):
        if key in rest:
            raise RowError((key,), f"'{kind}' says it already; remove this")
    unfolded = {"source": KINDS[kind], "id": cells[kind]}
    if kind == "joined":
        unfolded["member"] = cells[kind]
    return kind, unfolded | rest


def _numbered(value: Any, number: str) -> Any:
    match value:
        case str():
            return value.replace(NUMBER, number)
        case list():
            return [_numbered(one, number) for one in value]
        case dict():
            return {key: _numbered(one, number) for key, one in value.items()}
        case _:
            return value


def _read(key: str, value: object, reader: Any) -> Any:
    try:
        return reader(value)
    except ValueError as error:
        raise RowError((key,), str(error)) from None
