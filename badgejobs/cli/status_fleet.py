"""How many sites stand: a line each, the worst first, and totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from badgejobs.bootstrap import House
from badgejobs.cli.budget import Budget, budgets, told
from badgejobs.cli.output import Rows, ago
from badgejobs.jobs.duties import ALL_DUTIES
from badgejobs.store.fleet_lines import SiteLine

_COLUMNS = (
    "site", "known up to", "due", "stuck", "waiting", "held", "unknown", "for a person", "budget",
    "drift", "quarantine", "alerts",
)  # fmt: skip
_ADDED_UP = (
    "due", "stuck", "waiting", "held", "unknown", "needs_attention", "drift", "quarantine",
    "alerts", "suspended",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All sites added up, and the worst of them."""

    at: datetime
    number: int
    #: Of all sites, whether they are shown or not.
    totals: dict[str, int]
    shown: Sequence[SiteLine]
    budgets: Sequence[Budget]

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        lines = [
            asdict(one) | {"budget": asdict(used) | {"percent": used.percent}}
            for one, used in zip(self.shown, self.budgets, strict=True)
        ]
        return {"sites": self.number, "totals": self.totals, "worst_first": lines}

    def table(self) -> Rows:
        """For people."""
        rows = [
            (
                one.site,
                _known(one, self.at),
                *map(_number, (one.due, one.stuck, one.waiting, one.held, one.unknown)),
                _number(one.needs_attention),
                told(used),
                *map(_number, (one.drift, one.quarantine, one.alerts)),
            )
            for one, used in zip(self.shown, self.budgets, strict=True)
        ]
        return Rows(_COLUMNS, rows)

    def in_words(self) -> str:
        """The totals in a line."""
        names = {"needs_attention": "for a person", "waiting": "awards waiting"}
        parts = [f"{n} {names.get(name, name)}" for name, n in self.totals.items() if n]
        return f"{self.number} sites: {', '.join(parts) or 'nothing is due and nothing is wrong'}"


def fleet(house: House, sites: Sequence[str], *, limit: int) -> Fleet:
    """These sites, of which the worst ``limit`` are shown; a handful of queries for all."""
    with house.store.read() as tx:
        lines = tx.fleet_lines.of(sites, duties=ALL_DUTIES)
        shown = lines[:limit]
        return Fleet(
            at=tx.now,
            number=len(lines),
            totals={name: sum(int(getattr(one, name)) for one in lines) for name in _ADDED_UP},
            shown=shown,
            budgets=budgets(house, tx, [one.site for one in shown]),
        )


def _known(one: SiteLine, now: datetime) -> str:
    if one.suspended:
        return "suspended"
    return "being read" if one.known_to is None else ago(one.known_to, now)


def _number(number: int) -> str:
    return str(number) if number else ""
