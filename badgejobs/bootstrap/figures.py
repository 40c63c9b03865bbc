"""How everything stands, out of the database: for metrics."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from badgejobs import __version__
from badgejobs.config import Settings
from badgejobs.core.alert import Kind as AlertKind
from badgejobs.core.award import State
from badgejobs.core.drift import Kind as DriftKind
from badgejobs.core.lane import Lane
from badgejobs.errors import BadgeJobsError
from badgejobs.metrics import Figures
from badgejobs.sources.installed import found_sources
from badgejobs.store import SqlStore, SqlTransaction

#: What is always told, so that a missing one and a zero are not the same.
_KINDS = ("worker", "beat")


def figures(settings: Settings, store: SqlStore) -> Figures:
    """How everything stands now; a database that does not answer is one of the figures."""
    try:
        store.check_schema()
        with store.read() as tx:
            return _found(settings, tx, sources=frozenset(found_sources()))
    except BadgeJobsError:
        return Figures(version=__version__, database_answers=False)


def _found(settings: Settings, tx: SqlTransaction, *, sources: Collection[str]) -> Figures:
    configured = settings.sites.keys()
    late = tx.health.late(configured, than=timedelta(0))
    ages, site_ages = defaultdict[str, list[float]](list), dict[tuple[str, str], float]()
    for one in tx.figures.read_up_to(configured, sources=sources):
        age = _age(tx, one.at)
        ages[one.source].append(age)
        if settings.metrics.per_site:
            site_ages[one.site, one.source] = age
    alive = tx.processes.alive()
    slots = Counter[str](dict.fromkeys((lane.value for lane in Lane), 0))
    for process in alive:
        slots.update({lane.value: process.slots for lane in process.lanes})
    processes = Counter(dict.fromkeys(_KINDS, 0))
    processes.update(process.kind for process in alive)
    oldest, ticked = tx.figures.oldest_unknown(), tx.health.last_tick()
    return Figures(
        version=__version__,
        database_answers=True,
        totals=tx.tally.all(),
        sites={"served": tx.health.sites(configured), "suspended": tx.health.suspended()},
        ages=ages,
        site_ages=site_ages,
        due_age={lane.value: _age(tx, late[lane].oldest) if lane in late else 0 for lane in Lane},
        due_sites={lane.value: late[lane].sites if lane in late else 0 for lane in Lane},
        awards={state.value: 0 for state in State}
        | {state.value: number for state, number in tx.figures.awards().items()},
        oldest_unknown=0 if oldest is None else _age(tx, oldest),
        drifts=dict.fromkeys((kind.value for kind in DriftKind), 0) | tx.figures.drifts(),
        quarantined=dict.fromkeys(sources, 0) | tx.figures.quarantined(),
        alerts=dict.fromkeys((kind.value for kind in AlertKind), 0) | tx.figures.alerts(),
        processes=processes,
        slots=slots,
        last_tick=None if ticked is None else ticked.timestamp(),
    )


def _age(tx: SqlTransaction, at: datetime) -> float:
    return max(0.0, (tx.now - at).total_seconds())
