"""Faults that tests script: each hits the next so many requests that match it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from badgejobs.sandbox import refusals, validation


class FaultKind(StrEnum):
    """What a fault does to a request."""

    STATUS = "status"
    RESET_BEFORE_WRITE = "reset-before-write"
    RESET_AFTER_WRITE = "reset-after-write"
    SLOW = "slow"
    BAD_JSON = "bad-json"


#: These hit before the request is processed, authorized or counted.
UNPROCESSED = frozenset({FaultKind.STATUS, FaultKind.RESET_BEFORE_WRITE})


@dataclass(slots=True, kw_only=True)
class Fault:
    """One scripted fault; ``count`` falls with every request that it hits."""

    path: str
    kind: FaultKind
    method: str = "*"
    count: int = 1
    status: int = 503
    retry_after_seconds: int | None = None
    delay_seconds: float = 2.0

    def hits(self, method: str, path: str) -> bool:
        """Whether a request matches; a ``*`` at the end of the path matches any rest."""
        if self.method not in ("*", method):
            return False
        if self.path.endswith("*"):
            return path.startswith(self.path[:-1])
        return path == self.path


class Faults:
    """The faults still waiting, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, faults: list[Fault]) -> None:
        """Append faults to those still waiting."""
        self._waiting += faults

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that hits this request, if one does; it is used up by one."""
        for place, fault in enumerate(self._waiting):
            if fault.hits(method, path):
                fault.count -= 1
                if fault.count == 0:
                    del self._waiting[place]
                return fault
        return None


_OPTIONAL = ("method", "count", "status", "retryAfterSeconds", "delaySeconds")


def parse_fault(given: object, field: str) -> Fault:
    """A fault from its JSON form; a refusal names the field that is wrong."""
    found: dict[str, Any] = validation.only_fields(
        given, field, required=("path", "kind"), optional=_OPTIONAL
    )
    if found["kind"] not in list(FaultKind):
        raise refusals.invalid(f"{field}.kind", f"must be one of {', '.join(FaultKind)}")
    method = validation.text(found.get("method", "*"), f"{field}.method")
    if method != "*" and not (method.isascii() and method.isalpha() and method.isupper()):
        raise refusals.invalid(f"{field}.method", "must be a method in capitals, or *")
    pause = found.get("retryAfterSeconds")
    if pause is not None:
        pause = validation.integer(pause, f"{field}.retryAfterSeconds", least=0)
    return Fault(
        path=validation.text(found["path"], f"{field}.path"),
        kind=FaultKind(found["kind"]),
        method=method,
        count=validation.integer(found.get("count", 1), f"{field}.count", least=1),
        status=validation.integer(found.get("status", 503), f"{field}.status", least=200, most=599),
        retry_after_seconds=pause,
        delay_seconds=validation.number(found.get("delaySeconds", 2), f"{field}.delaySeconds"),
    )
