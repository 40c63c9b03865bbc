"""A second, plain reading of what a filter means, against which the sandbox's is held."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from sandbox_caller import order

TEXTS = ("", "a", "A", "ab", "Straße", "ÄB", "\uffee", "\U0001f3c5", "\U0001f3c5b")
STAMPS = ("2026-01-01T00:00:30Z", "2026-01-01T00:00:30.000Z", "2026-01-01T01:00:30+01:00")
LATER = ("2026-01-01T00:00:30.000001Z", "2026-01-02", "2025-12-31T23:59:59.999999-00:30")
APPS = ("x", "y", "z")
NUMBER, DATE, ARCHIVED, ITEMS = (
    "number",
    "updatedDate",
    "archived",
    "lineItems.catalogReference.appId",
)


def some_order(chance: random.Random, number: int) -> dict[str, Any]:
    items = [{"catalogReference": {"appId": chance.choice(APPS)}} for _ in range(number % 3)]
    more = {
        "number": chance.choice([*TEXTS, None]),
        "updatedDate": chance.choice([*STAMPS, *LATER, None]),
        "archived": chance.choice([True, False, None]),
        "lineItems": chance.choice([items, items, None]),
    }
    kept = {name: value for name, value in more.items() if value is not None or number % 2}
    record = order(number)
    return {name: record[name] for name in ("id", "status", "createdDate")} | kept


def some_filter(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(chance.choice([0, 1, 1, 2])):
        if depth < 3 and chance.random() < 0.4:
            inner = [some_filter(chance, depth + 1) for _ in range(chance.choice([0, 1, 2, 3]))]
            name = chance.choice(["$and", "$or", "$not"])
            found[name] = some_filter(chance, depth + 1) if name == "$not" else inner
        else:
            name = chance.choice([NUMBER, DATE, ARCHIVED, ITEMS])
            found[name] = some_test(chance, name)
    return found


def some_test(chance: random.Random, name: str) -> Any:
    domains: dict[str, tuple[Any, ...]]
    domains = {NUMBER: TEXTS, DATE: STAMPS + LATER, ARCHIVED: (True, False), ITEMS: APPS}
    values = domains[name]
    some = [chance.choice(values) for _ in range(chance.choice([0, 1, 2, 3]))]
    one = chance.choice(values)
    tests: dict[str, Any] = {"$eq": one, "$ne": one, "$in": some, "$nin": some}
    tests |= {"$exists": chance.random() < 0.5, "$isEmpty": chance.random() < 0.5}
    if name == ITEMS:
        tests |= {"$hasAll": some, "$hasSome": some}
    else:
        tests |= {"$gt": one, "$gte": one, "$lt": one, "$lte": one}
    if name == NUMBER:
        tests["$startsWith"] = one.swapcase()
    if chance.random() < 0.2:
        return chance.choice([one, None])
    return {
        operator: tests[operator]
        for operator in chance.sample(list(tests), chance.choice([0, 1, 1, 2]))
    }


def holds(given: dict[str, Any], record: dict[str, Any]) -> bool:
    for name, wanted in given.items():
        if name == "$not":
            good = not holds(wanted, record)
        elif name in ("$and", "$or"):
            good = (all if name == "$and" else any)(holds(one, record) for one in wanted)
        else:
            tests = wanted if isinstance(wanted, dict) else {"$eq": wanted}
            found = read(record, name)
            good = all(passes(found, name, test, operand) for test, operand in tests.items())
        if not good:
            return False
    return True


def read(record: dict[str, Any], name: str) -> Any:
    if name == ITEMS:
        lines = record.get("lineItems")
        return lines and [line["catalogReference"]["appId"] for line in lines]
    return when(record.get(name)) if name == DATE else record.get(name)


def moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp if "T" in stamp else f"{stamp}T00:00:00Z")


def when(stamps: Any) -> Any:
    if isinstance(stamps, list):
        return [when(one) for one in stamps]
    return None if stamps is None else moment(stamps)


def passes(found: Any, name: str, test: str, operand: Any) -> bool:
    if test == "$exists":
        return bool((found is not None) == operand)
    if test == "$isEmpty":
        return bool((found in (None, "", [])) == operand)
    if name == DATE:
        operand = when(operand)
    among = found if isinstance(found, list) else [found]
    if test in ("$eq", "$ne"):
        return (operand in among) == (test == "$eq")
    if test in ("$in", "$nin", "$hasSome"):
        return any(one in among for one in operand) == (test != "$nin")
    if test == "$hasAll":
        return all(one in among for one in operand)
    if found is None or test == "$startsWith":
        return found is not None and found.casefold().startswith(operand.casefold())
    return bool(
        {"$gt": found > operand, "$gte": found >= operand, "$lt": found < operand}.get(
            test, found <= operand
        )
    )
