"""What a fleet needs: calls, processes, disk and time, reckoned from measured unit costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, log2

from badgejobs.core.unit_costs import cost

DAY = 86_400.0
_PAGE = 100
_OVERLAP_SECONDS = 600.0
_WALK_EVERY_SECONDS = 21_600.0
_SPARE_PAGES_A_MINUTE = 36.0
#: Celery keeps the result of a job so long.
_RESULT_SECONDS = 3600.0
#: Live work may fill so much of a site's pace: the rest is for awards and for what lags behind.
SHARE_OF_LIVE = 0.7
#: A connection for each job at once, and some for ticks and for people.
_SPARE_CONNECTIONS = 10
#: What one server of each kind is known to carry without being tuned.
MOST_CONNECTIONS = 100
LARGE_DATABASE_BYTES = 500e9
LARGE_BROKER_BYTES = 4e9
#: Jobs a second that one broker with its results carries on one core, with room to spare.
MOST_JOBS_A_SECOND = 2_000.0
#: SQLite has one writer; beyond so many live scans a second they wait for each other.
MOST_SQLITE_SCANS_A_SECOND = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What is planned for; numbers of a day are of all sites together, others of one site."""

    sites: int
    orders_a_day: float
    comments_a_day: float = 0.0
    badges: int = 5
    members: int = 1_000
    history_orders: int = 10_000
    history_comments: int = 0
    posts: int = 500
    orders_every_seconds: float = 60.0
    comments_every_seconds: float = 60.0
    tick_seconds: float = 10.0
    requests_a_minute: int = 180
    awards_an_order: float = 0.1
    #: How busy a worker is to be on average.
    utilisation: float = 0.5
    jobs_at_once: int = 4
    is_sqlite: bool = False

    @property
    def has_comments(self) -> bool:
        """Whether comments are read at all."""
        return self.comments_a_day > 0 or self.history_comments > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """What goes over its budget, and what helps."""

    what: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What it takes."""

    #: Of one site and day, by what they are for.
    calls_a_day: Mapping[str, float]
    #: The part of a site's pace that they are, in percent.
    share_of_pace_percent: float
    jobs_a_second: float
    cpu_seconds_a_day: Mapping[str, float]
    cores: float
    workers: int
    slots_by_lane: Mapping[str, int]
    connections: int
    database_bytes_at_first: float
    database_bytes_after_a_year: float
    broker_bytes: float
    first_reading_seconds: float
    latency_seconds: float
    latency_at_worst_seconds: float
    warnings: tuple[Warned, ...]

    @property
    def calls(self) -> float:
        """All calls of one site and day."""
        return sum(self.calls_a_day.values())


def plan(fleet: Fleet) -> Plan:
    """What this fleet takes.

    >>> few = plan(Fleet(sites=1, orders_a_day=100))
    >>> round(few.calls_a_day["live scans of orders"])
    1440
    >>> few.workers
    1
    """
    calls = _calls(fleet)
    jobs = _jobs(fleet)
    cpu = _cpu(fleet, jobs)
    jobs_a_second = sum(jobs.values()) / DAY
    cores = sum(cpu.values()) / DAY / fleet.utilisation
    slots = _slots(fleet, calls, cpu)
    workers = max(1, ceil(cores), ceil(sum(slots.values()) / fleet.jobs_at_once))
    at_first, after_a_year = _database(fleet)
    broker = (
        cost("broker_megabytes") * 1e6
        + jobs_a_second * _RESULT_SECONDS * cost("result_bytes")
        + fleet.sites * sum(calls.values()) / 1440 * cost("pace_bytes_a_request")
    )
    first, scan = _first_reading_seconds(fleet, cores), _scan_seconds()
    latency = fleet.orders_every_seconds / 2 + fleet.tick_seconds / 2 + 2 * scan
    found = Plan(
        calls_a_day=calls,
        share_of_pace_percent=100 * sum(calls.values()) / 1440 / fleet.requests_a_minute,
        jobs_a_second=jobs_a_second,
        cpu_seconds_a_day=cpu,
        cores=cores,
        workers=workers,
        slots_by_lane=slots,
        connections=workers * fleet.jobs_at_once + _SPARE_CONNECTIONS,
        database_bytes_at_first=at_first,
        database_bytes_after_a_year=after_a_year,
        broker_bytes=broker,
        first_reading_seconds=first,
        latency_seconds=latency,
        latency_at_worst_seconds=fleet.orders_every_seconds + fleet.tick_seconds + 4 * scan,
        warnings=(),
    )
    return _warned(fleet, found)


def _per_site(fleet: Fleet, a_day: float) -> float:
    return a_day / fleet.sites


def _calls(fleet: Fleet) -> dict[str, float]:
    """Calls of one site and day."""
    orders = _per_site(fleet, fleet.orders_a_day)
    comments = _per_site(fleet, fleet.comments_a_day)
    scans = DAY / fleet.orders_every_seconds
    seen = orders / DAY * (fleet.orders_every_seconds + _OVERLAP_SECONDS)
    pages = max(1.0, ceil(seen / _PAGE)) * cost("scan_calls")
    awards = orders * fleet.awards_an_order
    found = {
        "live scans of orders": scans * pages,
        "orders of two days and audits": (
            ceil(2 * orders / _PAGE) + 1 + ceil(fleet.history_orders / _PAGE) / 7
        ),
        "awards": awards * 2 if awards < scans else scans + awards * cost("award_calls"),
        "comparison with Wix": ceil(fleet.members * min(1, fleet.badges / 5) / _PAGE) + 1,
        "tokens": cost("tokens_a_day"),
    }
    if fleet.has_comments:
        looks = DAY / fleet.comments_every_seconds
        changed = min(comments, looks * fleet.posts)
        per_post = 2 * (1 + log2(max(1, fleet.posts))) + 1
        walk_minutes = ceil(fleet.history_comments / _PAGE) / _SPARE_PAGES_A_MINUTE
        walks = DAY / max(_WALK_EVERY_SECONDS, 60 * walk_minutes)
        found["looks at the number of comments"] = looks
        found["comments that are new"] = changed * per_post
        found["walks over all comments"] = walks * max(1, ceil(fleet.history_comments / _PAGE))
    return found


def _jobs(fleet: Fleet) -> dict[str, float]:
    """Jobs of a day, of all sites."""
    orders = fleet.sites * DAY / fleet.orders_every_seconds
    looks = fleet.sites * DAY / fleet.comments_every_seconds if fleet.has_comments else 0.0
    awards = min(fleet.orders_a_day * fleet.awards_an_order, orders)
    return {
        "live scans of orders": orders,
        "looks at comments": looks,
        "awards": awards,
        # hourly provisioning, and each day the other duties, a re-scan and an audit's part
        "duties": fleet.sites * 30.0,
    }


def _cpu(fleet: Fleet, jobs: Mapping[str, float]) -> dict[str, float]:
    """Seconds of a core that a day takes, of all sites."""
    job = cost("job_cpu_ms")
    every_job = sum(jobs.values())
    return {
        "live scans of orders": jobs["live scans of orders"] * (cost("scan_cpu_ms") + job) / 1e3,
        "looks at comments": jobs["looks at comments"] * (cost("probe_cpu_ms") + job) / 1e3,
        "orders and comments": (
            # each order is seen about twice more in the overlap and the re-scan of two days
            3 * fleet.orders_a_day * cost("order_cpu_ms")
            + fleet.sites * fleet.history_orders / 7 * cost("order_cpu_ms") / 2
            + fleet.comments_a_day * cost("comment_cpu_ms")
            + fleet.sites * 4 * fleet.history_comments * cost("comment_cpu_ms") / 2
        )
        / 1e3,
        "awards": jobs["awards"] * (cost("award_cpu_ms") + 2 * job) / 1e3,
        "duties": jobs["duties"] * (cost("scan_cpu_ms") + job) / 1e3,
        "ticks": every_job * cost("tick_cpu_ms_a_due_row") / 1e3,
    }


def _slots(fleet: Fleet, calls: Mapping[str, float], cpu: Mapping[str, float]) -> dict[str, int]:
    """Jobs at once, by lane: a job that waits for Wix takes a slot as one that works does."""
    lanes = {
        "assign": ("awards",),
        "scan": ("live scans of orders", "looks at the number of comments",
                 "looks at comments", "comments that are new"),
        "walk": ("orders of two days and audits", "comparison with Wix", "duties",
                 "walks over all comments", "orders and comments"),
    }  # fmt: skip
    found = dict[str, int]()
    for lane, names in lanes.items():
        waiting = fleet.sites * sum(calls.get(name, 0.0) for name in names)
        busy = sum(cpu.get(name, 0.0) for name in names)
        seconds = waiting * cost("wix_seconds_a_call") + busy
        found[lane] = max(1, ceil(seconds / DAY / fleet.utilisation))
    return found


def _database(fleet: Fleet) -> tuple[float, float]:
    """Bytes once all histories are read, and a year later."""
    past = fleet.sites * (
        fleet.history_orders * cost("order_bytes") + fleet.history_comments * cost("comment_bytes")
    )
    # runs that find nothing share a row; those that find something are kept for 30 days
    finds = min(fleet.orders_a_day, fleet.sites * DAY / fleet.orders_every_seconds)
    runs = 30 * (finds * 2 + fleet.sites * 3) * cost("run_bytes")
    year = 365 * (
        fleet.orders_a_day * cost("order_bytes") + fleet.comments_a_day * cost("comment_bytes")
    )
    return past, past + runs + year


def _scan_seconds() -> float:
    """How long one live scan with one page lasts."""
    return cost("wix_seconds_a_call") + (cost("scan_cpu_ms") + cost("job_cpu_ms")) / 1e3


def _first_reading_seconds(fleet: Fleet, cores: float) -> float:
    """How long it takes until all histories are read: the pace of a site, or all CPUs."""
    pages = fleet.history_orders / _PAGE + fleet.history_comments / _PAGE
    by_pace = 60 * pages / (SHARE_OF_LIVE * fleet.requests_a_minute)
    work = fleet.sites * (
        fleet.history_orders * cost("order_cpu_ms")
        + fleet.history_comments * cost("comment_cpu_ms")
    )
    return max(by_pace, work / 1e3 / max(1.0, ceil(cores)))


def _warned(fleet: Fleet, found: Plan) -> Plan:
    warnings = list[Warned]()
    if found.share_of_pace_percent > 100 * SHARE_OF_LIVE:
        warnings.append(
            Warned(
                what=f"the calls of a site are {found.share_of_pace_percent:.0f} % of its pace",
                cure="read less often: scan.orders_every_seconds, scan.comments_every_seconds",
            )
        )
    scans_a_second = fleet.sites / fleet.orders_every_seconds
    if fleet.is_sqlite and scans_a_second > MOST_SQLITE_SCANS_A_SECOND:
        warnings.append(
            Warned(
                what=f"{scans_a_second:.0f} scans a second wait for SQLite's one writer",
                cure="use PostgreSQL (BADGEJOBS_DATABASE_URL), or read less often",
            )
        )
    if found.connections > MOST_CONNECTIONS:
        warnings.append(
            Warned(
                what=f"{found.connections} connections are more than PostgreSQL takes by default",
                cure=f"set max_connections to {found.connections + 20}, or put a pooler before it",
            )
        )
    if found.broker_bytes > LARGE_BROKER_BYTES:
        warnings.append(
            Warned(
                what=f"the broker holds {found.broker_bytes / 1e9:.0f} GB, nearly all results",
                cure="let results expire sooner (result_expires), or read less often",
            )
        )
    if found.jobs_a_second > MOST_JOBS_A_SECOND:
        warnings.append(
            Warned(
                what=f"{found.jobs_a_second:,.0f} jobs a second are too many for one broker",
                cure="read less often, or split the fleet over several installations",
            )
        )
    if found.database_bytes_after_a_year > LARGE_DATABASE_BYTES:
        gigabytes = found.database_bytes_after_a_year / 1e9
        warnings.append(
            Warned(
                what=f"the database grows to {gigabytes:,.0f} GB in a year",
                cure="split the fleet over several databases by site: no site needs another",
            )
        )
    return replace(found, warnings=tuple(warnings))
