"""Faults that tests script: which request each of them hits, and when it is used up.

A fault counts the requests that match it from the moment it was added, those too that another
fault hits: the third call of an endpoint is its third call, whatever else goes wrong. Chance
is drawn once for each of them as well, so that a seed always means the same call numbers.
What a fault does to the request that it hits is said in :mod:`badgejobs.sandbox.faults.kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from badgejobs.sandbox.faults.kinds import EFFECTS, FaultKind

#: The last part of the path of every call that answers with a page of a list.
_LISTS: Final = frozenset({"query", "search", "query-cursor", "list-by-resource"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be known of a request before anything else is done with it."""

    method: str
    path: str
    #: Whether the call answers with a page of a list.
    is_list: bool = False
    #: Where in it a cursor stands, if it sends one.
    cursor_field: str | None = None
    #: Whether it names a token or key, right or wrong.
    has_credential: bool = False
    #: Whose it is; ``None`` where nobody knows.
    instance_id: str | None = None


def asked(
    method: str,
    path: str,
    *,
    query: Mapping[str, str],
    body: Any,
    has_credential: bool,
    instance_id: str | None = None,
) -> Asked:
    """What a look-up of faults wants to know of a request."""
    is_list = path.rpartition("/")[2] in _LISTS
    return Asked(
        method=method,
        path=path,
        is_list=is_list,
        cursor_field=_cursor_field(query, body) if is_list else None,
        has_credential=has_credential,
        instance_id=instance_id,
    )


def _cursor_field(query: Mapping[str, str], body: Any) -> str | None:
    """Where lists take a cursor, if one stands there: in the URL, or in a query in the body."""
    if "cursorPaging.cursor" in query:
        return "cursorPaging.cursor"
    for wrapper in ("query", "search"):
        found = body
        for part in (wrapper, "cursorPaging", "cursor"):
            found = found.get(part) if isinstance(found, dict) else None
        if found is not None:
            return f"{wrapper}.cursorPaging.cursor"
    return None


@dataclass(slots=True, kw_only=True, eq=False)
class Fault:
    """One scripted fault."""

    path: str
    kind: FaultKind
    method: str = "*"
    #: Only requests of this site's; ``None`` for all.
    instance_id: str | None = None
    #: How many requests it still hits, None for no end.
    count: int | None = 1
    #: The first matching request that it may hit; those before pass.
    first_call: int = 1
    #: The chance that it hits a matching request, drawn from ``seed``.
    probability: float = 1.0
    seed: int = 0
    status: int = 503
    #: The value of a ``Retry-After`` header as it is sent.
    retry_after: str | None = None
    delay_seconds: float = 2.0
    #: The JSON to answer with in place of the kind's own.
    body: bytes | None = None
    #: The size of the body of an answer that floods, unpacked.
    size: int | None = None
    _calls: int = field(default=0, init=False)
    _luck: Random = field(init=False)

    def __post_init__(self) -> None:
        self._luck = Random(self.seed)  # noqa: S311 - meant to be foreseen

    def matches(self, request: Asked) -> bool:
        """Whether a request is one of those that it is about.

        A ``*`` at the end of the path matches any rest. What spoils a list is about lists, what
        ends a cursor about requests that send one, and what ends a token about those with one.
        """
        if self.method not in ("*", request.method):
            return False
        if self.instance_id not in (None, request.instance_id):
            return False
        if EFFECTS[self.kind].of_lists and not request.is_list:
            return False
        if self.kind is FaultKind.EXPIRED_CURSOR and request.cursor_field is None:
            return False
        if self.kind is FaultKind.EXPIRED_TOKEN and not request.has_credential:
            return False
        if self.path.endswith("*"):
            return request.path.startswith(self.path[:-1])
        return request.path == self.path

    def strikes(self) -> bool:
        """Count one more matching request, and say whether its turn and the dice are for it."""
        self._calls += 1
        if self._calls < self.first_call:
            return False
        return self.probability >= 1 or self._luck.random() < self.probability


class Faults:
    """The faults still waiting, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, faults: list[Fault]) -> None:
        """Append faults to those still waiting."""
        self._waiting += faults

    def hitting(self, request: Asked) -> list[Fault]:
        """The faults that would hit this request, oldest first; every match is counted."""
        return [one for one in self._waiting if one.matches(request) and one.strikes()]

    def use(self, fault: Fault) -> None:
        """Note that a fault hit a request; one that is used up is forgotten."""
        if fault.count is not None:
            fault.count -= 1
            if fault.count == 0:
                self._waiting.remove(fault)
