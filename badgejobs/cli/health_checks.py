"""What `badgejobs health` and the page of `badgejobs web` look at: cheap, and never at Wix."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from badgejobs.cli.finding import Finding, failed
from badgejobs.cli.opening import standing
from badgejobs.cli.output import ago
from badgejobs.config import Settings
from badgejobs.core.lane import Lane
from badgejobs.errors import BadgeJobsError
from badgejobs.sources.installed import found_sources
from badgejobs.store import SqlStore, SqlTransaction, open_store
from badgejobs.store.health import Late

_START = "start it, or correct its address in BADGEJOBS_"
#: What of a schedule may pass before something that follows it is late.
_INTERVALS = 3


def examined(settings: Settings) -> list[Finding]:
    """Every check; where the database does not answer, those that ask it are left out."""
    store = open_store(settings.database, brief=True)
    try:
        return [_broker(settings), *_of_database(settings, store)]
    finally:
        store.dispose()


def database_answers(settings: Settings) -> Finding:
    """Whether the database answers, and its tables are ones that we can work with."""
    store = open_store(settings.database, brief=True)
    try:
        return _database(store)
    finally:
        store.dispose()


def _database(store: SqlStore) -> Finding:
    try:
        store.check_schema()
    except BadgeJobsError as error:
        return failed("database", error, cure=f"{_START}DATABASE_URL")
    return Finding(check="database", ok=True, finding="answers")


def _broker(settings: Settings) -> Finding:
    try:
        with standing(settings):
            return Finding(check="broker", ok=True, finding="answers")
    except BadgeJobsError as error:
        own = settings.redis_url is None and settings.broker_url is None
        cure = f"{_START}REDIS_URL or BADGEJOBS_BROKER_URL"
        return failed(
            "broker", error, cure="start `badgejobs up`, or worker and beat" if own else cure
        )


def _of_database(settings: Settings, store: SqlStore) -> Iterator[Finding]:
    found = _database(store)
    yield found
    if not found.ok:
        return
    try:
        with store.read() as tx:
            yield from _at_work(settings, tx)
            yield from _late(settings, tx)
            yield from _awards(settings, tx)
    except BadgeJobsError as error:
        yield failed("database", error, cure=f"{_START}DATABASE_URL")


def _at_work(settings: Settings, tx: SqlTransaction) -> Iterator[Finding]:
    alive = tx.processes.alive()
    workers = [one for one in alive if one.kind == "worker"]
    unmanned = [lane for lane in Lane if not any(lane in one.lanes for one in workers)]
    slots = sum(one.slots for one in workers)
    yield Finding(
        check="workers",
        ok=not unmanned,
        finding=f"{len(workers)} at work, {slots} jobs at once"
        + (f"; nobody works for {' or '.join(unmanned)}" if unmanned else ""),
        cure=f"start `badgejobs worker --lanes {','.join(unmanned)}`" if unmanned else "",
    )
    beats = sum(one.kind == "beat" for one in alive)
    yield Finding(
        check="beat",
        ok=beats > 0,
        finding=f"{beats} at work",
        cure="" if beats else "start `badgejobs beat`",
    )
    at = tx.health.last_tick()
    most = max(settings.health.tick_seconds, _INTERVALS * settings.tick_seconds)
    ticks = at is not None and tx.now - at <= timedelta(seconds=most)
    yield Finding(
        check="tick",
        ok=ticks,
        finding="none yet" if at is None else f"the last {ago(at, tx.now)}",
        cure="" if ticks else "look whether beat, broker and a worker run; see their logs",
    )


def _late(settings: Settings, tx: SqlTransaction) -> Iterator[Finding]:
    told, configured = settings.health, settings.sites.keys()
    total = tx.health.sites(configured)
    most = total * told.late_sites_percent / 100
    late = tx.health.late(configured, than=timedelta(seconds=told.due_seconds))
    for lane in Lane:
        cure = f"start more workers for the lane {lane}; see `badgejobs status`"
        yield _lateness(f"due work: {lane}", late.get(lane), tx, most=most, cure=cure)
    every = {"window": settings.scan.orders_every_seconds}
    every["walk"] = settings.scan.comments_every_seconds
    unread = tx.health.unread(
        configured,
        than={
            mode: timedelta(seconds=max(told.scan_seconds, _INTERVALS * seconds))
            for mode, seconds in every.items()
        },
        sources=frozenset(found_sources()),
    )
    cure = "`badgejobs status` says for each site what stands in the way"
    yield _lateness("live scans", unread, tx, most=most, cure=cure)
    suspended = tx.health.suspended()
    finding = f"{total} served, {suspended} suspended"
    yield Finding(check="sites", ok=True, finding=finding)


def _lateness(
    check: str, late: Late | None, tx: SqlTransaction, *, most: float, cure: str
) -> Finding:
    """Late work is a fault where it is that of more than a few sites."""
    if late is None:
        return Finding(check=check, ok=True, finding="in time")
    ok = late.sites <= most
    finding = f"late at {late.sites} site(s), the oldest {ago(late.oldest, tx.now)}"
    return Finding(check=check, ok=ok, finding=finding, cure="" if ok else cure)


def _awards(settings: Settings, tx: SqlTransaction) -> Iterator[Finding]:
    told, configured = settings.health, settings.sites.keys()
    lost = tx.health.unknown(configured, than=timedelta(seconds=told.unknown_seconds))
    yield Finding(
        check="unknown awards",
        ok=lost == 0,
        finding=f"{lost} whose answer was lost and that nobody settled in time",
        cure="look whether Wix answers: `badgejobs doctor`" if lost else "",
    )
    stuck = tx.health.need_attention(configured)
    ok = stuck <= told.attention_most
    yield Finding(
        check="awards for a person",
        ok=ok,
        finding=f"{stuck}",
        cure="" if ok else "`badgejobs status` says why; then `badgejobs retry SITE`",
    )
