"""The closed set of filter operators: each makes a test of one value out of its operand.

A value is None (absent), a truth value, a number, a text, or a tuple for a list. Values of
different kinds are never equal and never in an order. A wrong operand raises TypeError.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

Test = Callable[[Any], bool]

_ABSENT, _TRUTH, _NUMBER, _TEXT, _OTHER = range(5)


def kind(value: object) -> int:
    """The rank of a value's kind, which is also how kinds are sorted."""
    if isinstance(value, str):
        return _TEXT
    if value is None:
        return _ABSENT
    if isinstance(value, bool):
        return _TRUTH
    return _NUMBER if isinstance(value, int | float) else _OTHER


def _scalar(operand: object) -> Any:
    if kind(operand) == _OTHER:
        raise TypeError("takes a single value")
    return operand


def _present(operand: object) -> Any:
    if operand is None:
        raise TypeError("takes a value, not null")
    return _scalar(operand)


def _scalars(operand: object) -> list[Any]:
    if not isinstance(operand, list):
        raise TypeError("takes a list")
    return [_scalar(one) for one in operand]


def _truth(operand: object) -> bool:
    if not isinstance(operand, bool):
        raise TypeError("takes true or false")
    return operand


def _contained(operand: object) -> Test:
    wanted = frozenset((kind(one), one) for one in _scalars(operand))

    def test(value: Any) -> bool:
        if isinstance(value, tuple):
            return any(kind(one) != _OTHER and (kind(one), one) in wanted for one in value)
        found = kind(value)
        return found != _OTHER and (found, value) in wanted

    return test


def _equal(operand: object) -> Test:
    if isinstance(operand, list):
        whole = tuple(operand)
        return lambda value: isinstance(value, tuple) and value == whole
    return _contained([operand])


def _negated(make: Callable[[object], Test]) -> Callable[[object], Test]:
    def negated(operand: object) -> Test:
        test = make(operand)
        return lambda value: not test(value)

    return negated


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[object], Test]:
    def make(operand: object) -> Test:
        bound, bound_kind = _present(operand), kind(operand)
        return lambda value: kind(value) == bound_kind and compare(value, bound)

    return make


def _starts_with(operand: object) -> Test:
    if not isinstance(operand, str):
        raise TypeError("takes a text")
    prefix = operand.casefold()
    return lambda value: isinstance(value, str) and value.casefold().startswith(prefix)


def _exists(operand: object) -> Test:
    wanted = _truth(operand)
    return lambda value: (value is not None) == wanted


def _is_empty(operand: object) -> Test:
    wanted = _truth(operand)
    return lambda value: (value is None or value in ("", ())) == wanted


def _has_all(operand: object) -> Test:
    tests = [_contained([one]) for one in _scalars(operand)]
    return lambda value: all(test(value) for test in tests)


OPERATORS: Final[Mapping[str, Callable[[object], Test]]] = {
    "$eq": _equal,
    "$ne": _negated(_equal),
    "$gt": _ordered(operator.gt),
    "$gte": _ordered(operator.ge),
    "$lt": _ordered(operator.lt),
    "$lte": _ordered(operator.le),
    "$in": _contained,
    "$nin": _negated(_contained),
    "$startsWith": _starts_with,
    "$exists": _exists,
    "$isEmpty": _is_empty,
    "$hasAll": _has_all,
    "$hasSome": _contained,
}
