"""Every metric: its name, its labels and what it means, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from badgejobs.core import totals
from badgejobs.core.totals import AWARD_LAG, DELIVERY, RUN_SECONDS, Spread
from badgejobs.metrics.figures import Figures, quantile

PREFIX = "badgejobs_"
#: The shares of sites for which the age of what was read is told; the last is the oldest of all.
SHARES = (0.5, 0.9, 0.99, 1.0)

#: A value with the values of its labels.
Point = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """How something stands now."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    points: Callable[[Figures], Iterable[Point]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A total over all processes that only grows; ``divisor`` brings it to its base unit."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    total: str
    divisor: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How durations are spread, in seconds."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    spread: Spread


def _of(mapping: Mapping[str, float]) -> Iterable[Point]:
    return [((name,), value) for name, value in sorted(mapping.items())]


def _one(value: float | None) -> Iterable[Point]:
    return [] if value is None else [((), value)]


def _shares(figures: Figures) -> Iterable[Point]:
    return [
        ((source, f"{share:g}"), quantile(ages, share))
        for source, ages in sorted(figures.ages.items())
        if ages
        for share in SHARES
    ]


GAUGES = (
    Gauge(
        name="build_info",
        meaning="Always 1; the label says which version of badgejobs answers.",
        labels=("version",),
        points=lambda found: [((found.version,), 1)],
    ),
    Gauge(
        name="database_up",
        meaning="1 while the database answers, else 0, and then nothing below is told.",
        points=lambda found: _one(float(found.database_answers)),
    ),
    Gauge(
        name="sites",
        meaning="Sites, by whether they are served or suspended.",
        labels=("standing",),
        points=lambda found: _of(found.sites),
    ),
    Gauge(
        name="watermark_age_seconds",
        meaning="How long ago a scan began that read all of a source that had changed, over the "
        "sites: this share of them (0.5, 0.9, 0.99 and 1, which is all) is at most as old.",
        labels=("source", "share"),
        points=_shares,
    ),
    Gauge(
        name="site_watermark_age_seconds",
        meaning="The same of each site; only where metrics.per_site is true.",
        labels=("site", "source"),
        points=lambda found: sorted(found.site_ages.items()),
    ),
    Gauge(
        name="due_age_seconds",
        meaning="For how long the oldest work of a lane has been due and is in nobody's hand.",
        labels=("lane",),
        points=lambda found: _of(found.due_age),
    ),
    Gauge(
        name="due_sites",
        meaning="Sites at which work of a lane is due and in nobody's hand.",
        labels=("lane",),
        points=lambda found: _of(found.due_sites),
    ),
    Gauge(
        name="awards",
        meaning="Awards in the ledger, by the state in which they stand.",
        labels=("state",),
        points=lambda found: _of(found.awards),
    ),
    Gauge(
        name="unknown_award_age_seconds",
        meaning="How long ago that request was sent whose answer is missing for the longest time; "
        "0 where none is missing.",
        points=lambda found: _one(found.oldest_unknown),
    ),
    Gauge(
        name="drifts",
        meaning="Differences between the ledger and Wix that the last readings found, by kind.",
        labels=("kind",),
        points=lambda found: _of(found.drifts),
    ),
    Gauge(
        name="quarantined_records",
        meaning="Records of Wix that could not be understood and were not dropped, by source.",
        labels=("source",),
        points=lambda found: _of(found.quarantined),
    ),
    Gauge(
        name="open_alerts",
        meaning="Alerts for which a person is asked, by kind; `badgejobs status` says the cure.",
        labels=("kind",),
        points=lambda found: _of(found.alerts),
    ),
    Gauge(
        name="processes",
        meaning="Processes that were heard of within 30 seconds, by kind.",
        labels=("kind",),
        points=lambda found: _of(found.processes),
    ),
    Gauge(
        name="worker_slots",
        meaning="Jobs that the workers of a lane take at once; one may work for several lanes.",
        labels=("lane",),
        points=lambda found: _of(found.slots),
    ),
    Gauge(
        name="last_tick_timestamp_seconds",
        meaning="When it was last looked to its end for what is due, in seconds since 1970.",
        points=lambda found: _one(found.last_tick),
    ),
)

COUNTERS = (
    Counter(
        name="api_calls",
        meaning="Requests to Wix that left, by lane of the pace and by answer: 2xx, 3xx, 429, "
        "other 4xx, 5xx, or lost, where none came. Token requests are not among them.",
        labels=("lane", "answer"),
        total=totals.CALLS,
    ),
    Counter(
        name="throttle_waits",
        meaning="How often a request waited for its slot of a site's pace.",
        labels=("lane",),
        total=totals.WAITS,
    ),
    Counter(
        name="throttle_wait_seconds",
        meaning="How long requests waited for their slots, in all.",
        labels=("lane",),
        total=totals.WAITED_MS,
        divisor=1000,
    ),
    Counter(
        name="throttle_refusals",
        meaning="How often a job ended its turn since no slot of a site's pace came soon enough.",
        labels=("lane",),
        total=totals.PACED,
    ),
    Counter(
        name="runs",
        meaning="Runs that ended, by kind and by outcome: done, waits (its time has not come), "
        "failed.",
        labels=("kind", "outcome"),
        total=totals.RUNS,
    ),
    Counter(
        name="runs_failed",
        meaning="Runs that an error ended, by kind and by the class of the error.",
        labels=("kind", "error"),
        total=totals.FAILED,
    ),
)

HISTOGRAMS = (
    Histogram(
        name="award_lag_seconds",
        meaning="From when a badge was earned to when it was given at Wix; not of what was found "
        "in the past.",
        spread=AWARD_LAG,
    ),
    Histogram(
        name="award_delivery_seconds",
        meaning="From when it was known here that a badge was earned to when it was given at Wix; "
        "not of what was found in the past.",
        spread=DELIVERY,
    ),
    Histogram(
        name="run_duration_seconds",
        meaning="How long runs took, by kind: the work of the tasks and of commands alike.",
        labels=("kind",),
        spread=RUN_SECONDS,
    ),
)
