"""The store: transactions on one database, and its schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy import Connection, Engine, event, func, select

from badgejobs.core.identity import Digest
from badgejobs.store import schema
from badgejobs.store.activities import SqlActivities
from badgejobs.store.alerts import SqlAlerts
from badgejobs.store.allowances import SqlAllowances
from badgejobs.store.audits import SqlAudits
from badgejobs.store.awards import SqlAwards
from badgejobs.store.bindings import SqlBindings
from badgejobs.store.byhand import SqlByHand
from badgejobs.store.comparing import SqlComparing
from badgejobs.store.copies import SqlCopies
from badgejobs.store.dispatch import SqlDispatch
from badgejobs.store.drifts import SqlDrifts
from badgejobs.store.engine import engine_for, parse, reading
from badgejobs.store.erasing import SqlErasing
from badgejobs.store.faults import translated
from badgejobs.store.figures import SqlFigures
from badgejobs.store.fleet_lines import SqlFleetLines
from badgejobs.store.health import SqlHealth
from badgejobs.store.identities import SqlIdentities
from badgejobs.store.links import SqlLinks
from badgejobs.store.notifications import SqlNotifications
from badgejobs.store.packs import SqlPacks
from badgejobs.store.people import SqlPeople
from badgejobs.store.processes import SqlProcesses
from badgejobs.store.progress import SqlProgress
from badgejobs.store.quarantine import SqlQuarantine
from badgejobs.store.removals import SqlRemovals
from badgejobs.store.requests import SqlRequests
from badgejobs.store.resources import SqlResources
from badgejobs.store.runs import SqlRuns
from badgejobs.store.scans import SqlScans
from badgejobs.store.sightings import SqlSightings
from badgejobs.store.site_records import SqlSiteRecords
from badgejobs.store.sites import SqlSites
from badgejobs.store.standings import SqlStandings
from badgejobs.store.tally import SqlTally
from badgejobs.store.ticks import SqlTicks
from badgejobs.store.versions import SqlVersions
from badgejobs.store.views import SqlViews
from badgejobs.store.wake_ups import SqlWakeUps
from badgejobs.store.waking import SqlWaking

Clock = Callable[[], datetime]


def open_store(
    url: str, *, clock: Clock | None = None, digest: Digest | None = None, brief: bool = False
) -> SqlStore:
    """The store behind a database URL; nothing is connected before its first use.

    ``clock`` replaces the database's time (aware datetimes), for tests and simulations. Without a
    ``digest`` nobody can be erased, and nothing recorded where somebody was. A ``brief`` one waits
    two seconds at most for anything, and keeps no connection open between transactions.
    Raises ``SettingsError`` for a URL that cannot be used, and ``StateError`` for a folder on a
    network file system.
    """
    return SqlStore(url, clock=clock, digest=digest, brief=brief)


class SqlTransaction:
    """One transaction: what can be read and written in it, and its moment."""

    def __init__(
        self, connection: Connection, clock: Clock | None, digest: Digest | None = None
    ) -> None:
        self._connection, self._clock, self._digest = connection, clock, digest

    @cached_property
    def now(self) -> datetime:
        """The database's time when it was first asked for; the same from then on."""
        if self._clock:
            now = self._clock()
        elif self._connection.dialect.name == "postgresql":
            now = self._connection.execute(select(func.clock_timestamp())).scalar_one()
        else:
            now = datetime.now(UTC)
        return now.astimezone(UTC)

    @cached_property
    def activities(self) -> SqlActivities:
        """The facts."""
        return SqlActivities(self._connection, self, self._digest)

    @cached_property
    def identities(self) -> SqlIdentities:
        """By what guests and members are known."""
        return SqlIdentities(self._connection, self._digest)

    @cached_property
    def links(self) -> SqlLinks:
        """Which guest's order is which member's."""
        return SqlLinks(self._connection, self, self.identities)

    @cached_property
    def erasing(self) -> SqlErasing:
        """The way in which all of a member is erased."""
        return SqlErasing(self._connection, self, self._digest)

    @cached_property
    def quarantine(self) -> SqlQuarantine:
        """The records that could not be understood."""
        return SqlQuarantine(self._connection, self)

    @cached_property
    def processes(self) -> SqlProcesses:
        """The processes that are at work."""
        return SqlProcesses(self._connection, self)

    @cached_property
    def packs(self) -> SqlPacks:
        """The packs of rules."""
        return SqlPacks(self._connection, self)

    @cached_property
    def sites(self) -> SqlSites:
        """The sites that were added by command."""
        return SqlSites(self._connection, self)

    @cached_property
    def site_records(self) -> SqlSiteRecords:
        """All that is recorded of a site."""
        return SqlSiteRecords(self._connection, self)

    @cached_property
    def standings(self) -> SqlStandings:
        """The sites that are not simply at work."""
        return SqlStandings(self._connection, self)

    @cached_property
    def health(self) -> SqlHealth:
        """What tells whether the work goes on."""
        return SqlHealth(self._connection, self)

    @cached_property
    def figures(self) -> SqlFigures:
        """Numbers to be watched."""
        return SqlFigures(self._connection, self)

    @cached_property
    def tally(self) -> SqlTally:
        """Totals that only grow."""
        return SqlTally(self._connection)

    @cached_property
    def scans(self) -> SqlScans:
        """The places of scans."""
        return SqlScans(self._connection, self)

    @cached_property
    def dispatch(self) -> SqlDispatch:
        """Whom to ring for."""
        return SqlDispatch(self._connection, self)

    @cached_property
    def waking(self) -> SqlWaking:
        """The duties that other rows of the record make due."""
        return SqlWaking(self._connection, self)

    @cached_property
    def ticks(self) -> SqlTicks:
        """Whose tick it is."""
        return SqlTicks(self._connection, self)

    @cached_property
    def resources(self) -> SqlResources:
        """What is known of each resource, and which may have changed."""
        return SqlResources(self._connection, self)

    @cached_property
    def audits(self) -> SqlAudits:
        """What complete readings found by month."""
        return SqlAudits(self._connection, self)

    @cached_property
    def awards(self) -> SqlAwards:
        """The ledger."""
        return SqlAwards(self._connection, self)

    @cached_property
    def removals(self) -> SqlRemovals:
        """The awards that are to be taken away."""
        return SqlRemovals(self._connection, self)

    @cached_property
    def allowances(self) -> SqlAllowances:
        """What was said beforehand of how much there will be."""
        return SqlAllowances(self._connection, self)

    @cached_property
    def alerts(self) -> SqlAlerts:
        """What a person must know."""
        return SqlAlerts(self._connection, self)

    @cached_property
    def notifications(self) -> SqlNotifications:
        """What is to be told to somebody outside."""
        return SqlNotifications(self._connection, self)

    @cached_property
    def drifts(self) -> SqlDrifts:
        """Where Wix and the ledger differ."""
        return SqlDrifts(self._connection, self)

    @cached_property
    def comparing(self) -> SqlComparing:
        """The ledger as it is held against Wix."""
        return SqlComparing(self._connection, self, self._digest)

    @cached_property
    def sightings(self) -> SqlSightings:
        """What a long reading of Wix has seen so far, and its place."""
        return SqlSightings(self._connection, self, self._digest)

    @cached_property
    def bindings(self) -> SqlBindings:
        """Which Wix badge each badge is."""
        return SqlBindings(self._connection, self)

    @cached_property
    def wake_ups(self) -> SqlWakeUps:
        """When time alone may change what members have earned."""
        return SqlWakeUps(self._connection, self)

    @cached_property
    def versions(self) -> SqlVersions:
        """The versions of the rules that were in force."""
        return SqlVersions(self._connection, self)

    @cached_property
    def runs(self) -> SqlRuns:
        """What ran."""
        return SqlRuns(self._connection, self)

    @cached_property
    def requests(self) -> SqlRequests:
        """Wishes that a member be looked at."""
        return SqlRequests(self._connection, self)

    @cached_property
    def byhand(self) -> SqlByHand:
        """The ledger as commands of a person change it."""
        return SqlByHand(self._connection, self, self._digest)

    @cached_property
    def progress(self) -> SqlProgress:
        """How far all members were when they were looked at last."""
        return SqlProgress(self._connection, self)

    @cached_property
    def people(self) -> SqlPeople:
        """What is recorded, as lists of members, holders and awards."""
        return SqlPeople(self._connection)

    @cached_property
    def views(self) -> SqlViews:
        """What an operator looks at, page by page."""
        return SqlViews(self._connection, self)

    @cached_property
    def fleet_lines(self) -> SqlFleetLines:
        """How each of many sites stands, in numbers."""
        return SqlFleetLines(self._connection, self)

    @cached_property
    def copies(self) -> SqlCopies:
        """A history made large, for measurements."""
        return SqlCopies(self._connection)


class SqlStore:
    """Where the record is kept: one SQLite file or one PostgreSQL database."""

    def __init__(
        self,
        url: str,
        *,
        clock: Clock | None = None,
        digest: Digest | None = None,
        brief: bool = False,
    ) -> None:
        self._url = parse(url)
        with translated(self._url):
            self._engine = engine_for(self._url, brief=brief)
        self._reading = reading(self._engine)
        self._clock = clock
        #: Makes the digests of this database, under a key that is not in it.
        self.digest = digest

    def __repr__(self) -> str:
        return f"SqlStore({self._url.get_backend_name()})"

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """A transaction for writing: commits at the end, rolls back on an error.

        Raises ``DatabaseUnavailable`` (another time it may work) and ``StateError`` (a person
        must act: disk full, read-only, schema missing).
        """
        with self._transaction(self._engine) as connection:
            yield SqlTransaction(connection, self._clock, self.digest)

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """A transaction that sees one moment's state, waits for no writer, and cannot write."""
        with self._transaction(self._reading) as connection:
            yield SqlTransaction(connection, self._clock, self.digest)

    def migrate(self) -> None:
        """Make or renew the tables; two at once take turns, and a repetition does nothing."""
        with self._transaction(self._engine) as connection:
            schema.migrate(connection)

    def check_schema(self) -> None:
        """Raise ``StateError``, with its cure, where the tables are missing, older or newer."""
        with self._transaction(self._reading) as connection:
            schema.check(connection)

    def ping(self) -> None:
        """Raise ``DatabaseUnavailable`` or ``StateError`` unless the database answers."""
        with self._transaction(self._reading) as connection:
            connection.execute(select(1))

    def size(self) -> int:
        """How many bytes the database takes, its log of changes left aside."""
        with self._transaction(self._reading) as connection:
            if connection.dialect.name == "postgresql":
                size = func.pg_database_size(func.current_database())
                return int(connection.execute(select(size)).scalar_one())
            pages, size_of_page = (
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("page_count", "page_size")
            )
            return int(pages * size_of_page)

    @contextmanager
    def statements(self) -> Iterator[Counter[str]]:
        """Count the statements that are sent meanwhile, by their text; for measurements."""
        counted = Counter[str]()

        def count(_connection: object, _cursor: object, text: str, *_: object) -> None:
            counted[text] += 1

        event.listen(self._engine, "before_cursor_execute", count)
        try:
            yield counted
        finally:
            event.remove(self._engine, "before_cursor_execute", count)

    @property
    def engine_to_watch(self) -> Engine:
        """For instrumentations alone: nobody but this room sends a statement."""
        return self._engine

    def dispose(self, close: bool = True) -> None:  # noqa: FBT001, FBT002 - as SQLAlchemy's
        """Close all connections; in a forked child say ``close=False``: they are the parent's.

        An SQLite file is closed in any case. The child holds none of the locks that its copy
        believes in, and new connections would share that belief until the copy is closed.
        """
        self._engine.dispose(close=close or self._engine.dialect.name == "sqlite")

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        with translated(self._url), engine.begin() as connection:
            yield connection
