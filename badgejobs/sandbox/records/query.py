"""Wix's query language: which fields a list can be filtered and sorted by, and how.

A filter is compiled once into a predicate over the few values that were taken out of a record
when it was stored, so that reading a page never decodes a record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.records.operators import OPERATORS, Test

#: The filterable and sortable values of one record, by dotted field name; absent ones are None.
Values = Mapping[str, Any]
#: Field names in order of weight, each with whether it runs downwards.
Sort = tuple[tuple[str, bool], ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: How deep filters may nest; deeper ones are refused rather than recursed into.
_DEEPEST = 100


def instant(stamp: object) -> int | None:
    """Microseconds since 1970 of an ISO 8601 text, or None if it is no such text.

    >>> instant("1970-01-01T00:00:30Z") == instant("1970-01-01T00:00:30.000Z") == 30_000_000
    True
    """
    if not isinstance(stamp, str):
        return None
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return ((found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What one kind of record can be filtered and sorted by."""

    #: The operators that are documented for each field.
    filterable: Mapping[str, frozenset[str]]
    sortable: frozenset[str]
    default_sort: Sort
    #: How many fields can be sorted by at once, None for any number.
    most_sorts: int | None = None
    #: Fields that hold dates and are compared as instants.
    dates: frozenset[str] = frozenset()
    #: Further fields whose values are kept for the endpoint's own conditions.
    kept: frozenset[str] = frozenset()
    #: Values made of the whole record, for the endpoint's own orders.
    derived: Mapping[str, Callable[[Mapping[str, Any]], Any]] = field(default_factory=dict)
    _paths: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        default = {name for name, _ in self.default_sort}
        names = {*self.filterable, *self.sortable, *self.kept, *default}
        paths = {name: tuple(name.split(".")) for name in sorted(names)}
        object.__setattr__(self, "_paths", paths)

    def values(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a record's body that filters and sorts can ask for."""
        found = {name: _dig(body, path) for name, path in self._paths.items()}
        for name in self.dates:
            found[name] = instant(found[name])
        for name, made in self.derived.items():
            found[name] = made(body)
        return found


def _dig(value: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path; through a list, a tuple of what stands in each entry."""
    for depth, part in enumerate(path):
        if isinstance(value, list):
            found = (_dig(entry, path[depth:]) for entry in value)
            return tuple(one for one in found if one is not None)
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    if isinstance(value, list):
        return tuple(one for one in value if not isinstance(one, dict | list))
    return None if isinstance(value, dict) else value


@dataclass(slots=True)
class Filter:
    """A compiled filter: the predicate, and which fields it names anywhere."""

    matches: Callable[[Values], bool]
    named: frozenset[str]
    #: By field, the date that whatever matches has at least.
    least: Mapping[str, int]


def compile_filter(
    given: object, fields: Fields, path: str, *, strict: bool = False, most_in: int | None = None
) -> Filter:
    """Turn a filter into a predicate, or refuse it; ``path`` is where it stood.

    A ``strict`` filter takes only the operators that are documented for each field. ``most_in``
    is how long a list behind ``$in`` or ``$nin`` may be; 0 or ``None`` sets no limit.
    """
    compiler = _Compiler(fields, path, strict=strict, most_in=most_in or None)
    predicate = compiler.filter({} if given is None else given, 0)
    return Filter(predicate, frozenset(compiler.named), compiler.least)


class _Compiler:
    def __init__(self, fields: Fields, path: str, *, strict: bool, most_in: int | None) -> None:
        self.fields, self.path, self.strict, self.most_in = fields, path, strict, most_in
        self.named: set[str] = set()
        self.least: dict[str, int] = {}

    def filter(self, given: object, depth: int) -> Callable[[Values], bool]:
        if depth > _DEEPEST:
            raise refusals.invalid(self.path, f"nests deeper than {_DEEPEST} levels")
        parts = [
            self._logic(name, operand, depth)
            if name.startswith("$")
            else self._field(name, operand, depth)
            for name, operand in validation.mapping(given, self.path).items()
        ]
        if len(parts) == 1:
            return parts[0]
        return lambda values: all(part(values) for part in parts)

    def _logic(self, name: str, operand: object, depth: int) -> Callable[[Values], bool]:
        if name == "$not":
            inner = self.filter(operand, depth + 1)
            return lambda values: not inner(values)
        if name not in {"$and", "$or"}:
            raise refusals.invalid(self.path, f"Unknown operator '{name}'")
        given = validation.items(operand, f"{self.path}.{name}")
        parts = [self.filter(one, depth + 1) for one in given]
        if name == "$and":
            return lambda values: all(part(values) for part in parts)
        return lambda values: any(part(values) for part in parts)

    def _field(self, name: str, operand: object, depth: int) -> Callable[[Values], bool]:
        if name not in self.fields.filterable:
            raise refusals.invalid(self.path, f"Field '{name}' is not declared as filterable")
        self.named.add(name)
        asked = operand if isinstance(operand, dict) else {"$eq": operand}
        tests = [self._test(name, operator, value) for operator, value in asked.items()]
        if depth == 0 and name in self.fields.dates:  # deeper ones may be one of several
            bounds = (instant(asked.get(operator)) for operator in ("$gt", "$gte"))
            known = [bound for bound in bounds if bound is not None]
            if known:
                self.least[name] = max(known)
        if len(tests) == 1:
            only = tests[0]
            return lambda values: only(values[name])
        return lambda values: all(test(values[name]) for test in tests)

    def _test(self, name: str, operator: str, operand: object) -> Test:
        where = f"{self.path}.{name}"
        make = OPERATORS.get(operator)
        if make is None:
            raise refusals.invalid(where, f"Unknown operator '{operator}'")
        if self.strict and operator not in self.fields.filterable[name]:
            raise refusals.invalid(where, f"Operator '{operator}' is not supported for this field")
        if self.most_in and operator in {"$in", "$nin"} and isinstance(operand, list):
            validation.items(operand, where, most=self.most_in)
        if name in self.fields.dates and operator not in {"$exists", "$isEmpty"}:
            operand = self._instants(operand, where)
        try:
            return make(operand)
        except TypeError as error:
            raise refusals.invalid(where, f"{operator} {error}") from error

    def _instants(self, operand: object, where: str) -> object:
        if isinstance(operand, list):
            return [self._instants(one, where) for one in operand]
        if operand is None:
            return None
        found = instant(operand)
        if found is None:
            raise refusals.invalid(where, "is not a date in ISO 8601 form", "FORMAT")
        return found


def parse_sort(given: object, fields: Fields, path: str) -> Sort:
    """The order that a query asks for, or the default one of its endpoint."""
    entries = validation.items([] if given is None else given, path, most=fields.most_sorts)
    found: list[tuple[str, bool]] = []
    for place, entry in enumerate(entries):
        where = f"{path}[{place}]"
        one = validation.mapping(entry, where)
        name = validation.text(one.get("fieldName"), f"{where}.fieldName")
        if name not in fields.sortable:
            raise refusals.invalid(
                f"{where}.fieldName", f"Field '{name}' is not declared as sortable"
            )
        order = one.get("order")
        if order not in (None, "ASC", "DESC"):
            raise refusals.invalid(f"{where}.order", "must be ASC or DESC")
        found.append((name, order == "DESC"))
    return tuple(found) or fields.default_sort
