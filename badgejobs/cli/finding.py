"""What one look of the doctor found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from badgejobs.errors import BadgeJobsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: ``error`` is set where it failed by one of ours."""

    check: str
    ok: bool
    finding: str
    cure: str = ""
    error: BadgeJobsError | None = None

    @property
    def state(self) -> str:
        """``ok`` or ``failed``."""
        return "ok" if self.ok else "failed"

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {"check": self.check, "ok": self.ok, "finding": self.finding, "cure": self.cure}


def looked_at(check: str, look: Callable[[], str], *, cure: str) -> Finding:
    """Look, and turn an error into a finding.

    Texts of errors often end in their own cure, behind a semicolon; ``cure`` is for the others.
    """
    try:
        return Finding(check=check, ok=True, finding=look())
    except BadgeJobsError as error:
        return failed(check, error, cure=cure)


def failed(check: str, error: BadgeJobsError, *, cure: str) -> Finding:
    """An error as a finding."""
    said, _, told = str(error).partition("; ")
    return Finding(check=check, ok=False, finding=said, cure=told or cure, error=error)
