"""What each piece of work costs, as it was measured; all planning goes by these figures.

Measured on 2026-11-26 on a virtual machine with two cores (AMD EPYC) that was busy with other
work (load 17), on SQLite. CPU times are what a busy machine spoils least, and upper bounds all
the same: caches are shared. The command beside a figure measures it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_UNITS: Final = "badgejobs bench units"
_FLEET: Final = "badgejobs bench fleet"
_RECKONED: Final = "reckoned from the length of what is stored"
_CELERY: Final = "measured once with Celery 5.7: jobs that do nothing, with events"
_DOCUMENTED: Final = "documented by Wix"
_ASSUMED: Final = "assumed; `badgejobs doctor` shows how soon your own site answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One figure, its unit, and how it comes to be known."""

    value: float
    unit: str
    by: str


def _cost(value: float, unit: str, by: str = _UNITS) -> Cost:
    return Cost(value=value, unit=unit, by=by)


MEASURED: Final[Mapping[str, Cost]] = {
    # of one live scan of orders that finds nothing: the job alone, without Celery
    "scan_cpu_ms": _cost(11.0, "ms"),
    "scan_statements": _cost(14, ""),
    "scan_calls": _cost(1, ""),
    # of one look at the number of comments
    "probe_cpu_ms": _cost(18.0, "ms"),
    # of reading and deciding one record of a page of 100
    "order_cpu_ms": _cost(0.5, "ms"),
    "comment_cpu_ms": _cost(0.3, "ms"),
    "award_cpu_ms": _cost(1.3, "ms"),
    "award_calls": _cost(0.03, ""),
    "order_bytes": _cost(620, "bytes"),
    "comment_bytes": _cost(650, "bytes"),
    "run_bytes": _cost(220, "bytes"),
    # of a job in a worker: its message, its result and its events
    "job_cpu_ms": _cost(3.0, "ms", _CELERY),
    "result_bytes": _cost(700, "bytes", _RECKONED),
    "tick_cpu_ms_a_due_row": _cost(1.0, "ms", _CELERY),
    "worker_megabytes": _cost(120, "MB", _FLEET),
    "broker_megabytes": _cost(8, "MB", _CELERY),
    "pace_bytes_a_request": _cost(100, "bytes", _RECKONED),
    "wix_seconds_a_call": _cost(0.3, "s", _ASSUMED),
    "requests_a_minute": _cost(200, "", _DOCUMENTED),
    "tokens_a_day": _cost(6, "", _DOCUMENTED),
}


def cost(name: str) -> float:
    """The figure of that name."""
    return MEASURED[name].value
