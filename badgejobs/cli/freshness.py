"""How fresh each source is, and how late at worst: what follows from how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from badgejobs.bootstrap import House
from badgejobs.cli.output import Rows, ago
from badgejobs.core.source import Track
from badgejobs.errors import SettingsError
from badgejobs.flow.cadence import Latency, worst_case
from badgejobs.store import SqlTransaction
from badgejobs.store.audits import AuditedMonth

_COLUMNS = (
    "site", "source", "history", "known up to", "a change, at worst", "on a new post",
    "an edit or hide", "a removal",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How one source of one site stands."""

    site: str
    source: str
    #: Whether its history was read to its end.
    is_complete: bool
    #: Records so far.
    records: int
    #: All that had changed by then is recorded.
    known_to: datetime | None
    #: Resources that are noted to be read.
    hints: int
    #: The months of the last audit in which ours and Wix's numbers differ.
    differing: tuple[AuditedMonth, ...]
    worst: Latency


def _sources(house: House, site: str) -> list[str]:
    try:
        return house.at(site).wanted_sources()
    except SettingsError:
        return []  # a site that cannot be served, of which its rules tell


def freshness(house: House, tx: SqlTransaction, site: str) -> list[Freshness]:
    """The sources that a site's rules read, in their order.

    Counts the records of sources that are walked, since the length of a walk follows from that.
    """
    found = []
    known_to = tx.scans.known_to(site)
    for source in _sources(house, site):
        mode = house.mode(source) or "window"
        records = tx.activities.number(site, source)
        found.append(
            Freshness(
                site=site,
                source=source,
                is_complete=source in known_to,
                records=records,
                known_to=known_to.get(source),
                hints=tx.resources.hints(site, source),
                differing=tuple(
                    one for one in tx.audits.last(site, source) if one.ours != one.at_wix
                ),
                worst=worst_case(
                    house.cadence(site, source),
                    mode,
                    is_probed=mode == "walk" and Track.LIVE in house.tracks(source),
                    records=records,
                ),
            )
        )
    return found


def table(found: Sequence[Freshness], now: datetime) -> Rows:
    """For the terminal."""
    return Rows(
        _COLUMNS,
        [
            (
                one.site,
                one.source,
                "read" if one.is_complete else f"being read, {one.records:,} so far",
                ago(one.known_to, now),
                *(
                    _length(length)
                    for length in (
                        one.worst.change,
                        one.worst.on_new_resource,
                        one.worst.unseen_by_numbers,
                        one.worst.removal,
                    )
                ),
            )
            for one in found
        ],
    )


def audits(found: Sequence[Freshness]) -> list[Rows]:
    """The months in which an audit found other numbers than ours; none is the rule."""
    rows = [
        (one.site, one.source, month.month, str(month.ours), str(month.at_wix), str(month.missed))
        for one in found
        for month in one.differing
    ]
    columns = ("site", "source", "month audited", "known before", "at Wix", "not known before")
    return [Rows(columns, rows)] if rows else []


def as_json(found: Sequence[Freshness]) -> list[dict[str, Any]]:
    """For ``--json``: lengths in seconds."""
    return [
        asdict(one)
        | {
            "worst": {
                name: round(length.total_seconds()) for name, length in asdict(one.worst).items()
            }
        }
        for one in found
    ]


def _length(length: timedelta) -> str:
    """A length of time, rounded up to its unit.

    >>> _length(timedelta(seconds=60)), _length(timedelta(hours=6, seconds=1))
    ('1 min', '7 h')
    """
    seconds = length.total_seconds()
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{-(-seconds // unit):.0f} {name}"
    return f"{seconds:.0f} s"
