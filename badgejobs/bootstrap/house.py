"""Settings in, House out: the only module that knows every class."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Lock

from badgejobs.bootstrap.directory import Directory
from badgejobs.bootstrap.shelf import Shelf
from badgejobs.bootstrap.site_client import site_client
from badgejobs.bootstrap.site_rules import SiteRules
from badgejobs.bootstrap.told import FromFile, FromPack, ToldSite
from badgejobs.config import Settings, identity_digest, secrets_keys
from badgejobs.coordination.local import LocalThrottle
from badgejobs.coordination.pace import PATIENCE_SECONDS
from badgejobs.coordination.throttle import Throttle
from badgejobs.core.award import Timing
from badgejobs.core.guard import Guard
from badgejobs.core.lane import Lane
from badgejobs.core.milestone import Ruleset, Wants
from badgejobs.core.site import Site
from badgejobs.core.source import Source, Track, tracks_of
from badgejobs.core.totals import Totals
from badgejobs.core.wixfacts import SiteFacts
from badgejobs.errors import Later, RulesError, SettingsError, SourceBroken
from badgejobs.flow.cadence import Cadence
from badgejobs.sources.installed import SourceFactory, found_sources
from badgejobs.store import SqlStore, open_store
from badgejobs.vault.sealing import Vault
from badgejobs.wix.client import WixClient
from badgejobs.wix.transport import Transport

#: The parts of so many sites are kept at hand, those that were asked for last, beside as many as
#: stand in the configuration file: each tick looks at all of these.
MOST_SITES = 500
#: Jobs may still hold a part that was replaced; none runs for so long.
_RETIRED_SECONDS = 600.0

#: The source that tells whose contacts and addresses there are.
_MEMBERS = "membership"


class House:
    """All that one process works with: the record, the pace, and every site."""

    def __init__(
        self,
        settings: Settings,
        store: SqlStore,
        throttle: Throttle | LocalThrottle,
        sources: Mapping[str, SourceFactory],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        #: As the stamps of files tell the time.
        self.clock = clock
        self.store = store
        self.throttle = throttle
        #: What is counted in this process, until a run's end writes it down.
        self.totals = Totals()
        #: How long a request waits for its slot; set before a site is first asked for.
        self.patience_seconds = PATIENCE_SECONDS
        self._sources = sources
        #: What is known of rules, for all sites together.
        self.shelf = Shelf(store, sources=frozenset(sources), clock=clock)
        self.directory = Directory(settings, store, Vault(secrets_keys(settings)))
        self._sites = OrderedDict[str, SiteHouse]()
        #: Those that were replaced, and when: jobs may still hold them.
        self._retired = deque[tuple[float, SiteHouse]]()
        #: The calls of those that were closed.
        self._calls = Counter[str]()
        self._renewed = set[str]()
        self._lock = Lock()
        #: One for all sites; each with its own would hold connections that are idle mostly.
        self.transport = self._new_transport()

    def _new_transport(self) -> Transport:
        return Transport(self.settings.wix_base_url, request_deadline=self.timing.request_deadline)

    @property
    def sites(self) -> tuple[str, ...]:
        """The names of all sites to work for now, of whatever origin; the suspended are none."""
        return self.directory.served()

    @property
    def configured(self) -> frozenset[str]:
        """The names of the configuration file."""
        return self.directory.configured

    def told(self, site: str) -> ToldSite:
        """What was told of a site; ``SettingsError`` for a name that is not known."""
        return self.directory.get(site)

    def rules_of(self, site: str, rules: FromFile | FromPack) -> SiteRules:
        """The rules of a site, without all else that belongs to it."""
        names = frozenset(self._sources)
        return SiteRules(site, rules, self.store, sources=names, clock=self.clock, shelf=self.shelf)

    def site_rules(self, site: str) -> SiteRules:
        """The rules of a site that is served; of these alone it is cheap to have many."""
        return self.rules_of(site, self.told(site).rules)

    def mode(self, source: str) -> str | None:
        """How a source is read; ``None`` for a duty, and for a plug-in that is broken."""
        factory = self._factory(source)
        return factory.mode if factory else None

    def _factory(self, source: str) -> SourceFactory | None:
        try:
            return self._sources.get(source)
        except SourceBroken:
            return None  # told where it is to be read

    @property
    def timing(self) -> Timing:
        """How long each uncertainty of an award lasts."""
        told = self.settings.assign
        return Timing(
            request_deadline=timedelta(seconds=told.request_deadline_seconds),
            quiet_period=timedelta(seconds=told.quiet_period_seconds),
            read_gap=timedelta(seconds=told.read_gap_seconds),
            late_apply=timedelta(seconds=told.late_apply_seconds),
        )

    @property
    def guard(self) -> Guard:
        """How much the rules may take away by themselves."""
        told = self.settings.assign
        return Guard(percent=told.guard_percent, least=told.guard_least)

    @property
    def slice(self) -> timedelta:
        """How long one job works before it hands on."""
        return timedelta(seconds=self.settings.scan.slice_seconds)

    @property
    def lease(self) -> timedelta:
        """How long a job has its work for itself, and what a lost worker had in hand waits."""
        return self.slice + self.timing.request_deadline

    def tracks(self, source: str) -> tuple[Track, ...]:
        """The tracks on which a source is read; one for what is no source, such as a duty."""
        factory = self._factory(source)
        if factory is None:
            # however a plug-in that is broken is read, in full is one way of it
            return (Track.FULL if source in self._sources else Track.LIVE,)
        return tracks_of(factory.mode, is_probed=hasattr(factory, "probe"))

    def cadence(self, site: str, source: str) -> Cadence:
        """How often one source of one site is read."""
        told = self.settings.scan
        pace = self.told(site).requests_per_minute
        walked = self.mode(source) == "walk"
        every = told.comments_every_seconds if walked else told.orders_every_seconds
        return Cadence(
            every=timedelta(seconds=every),
            overlap=timedelta(seconds=told.overlap_seconds),
            walk_every=timedelta(seconds=told.walk_every_seconds),
            walk_at_most_every=timedelta(seconds=told.walk_at_most_every_seconds),
            spare_pages_a_minute=pace * told.spare_percent / 100,
            audit_every=timedelta(seconds=told.audit_every_seconds),
            recent_every=timedelta(seconds=told.recent_every_seconds),
            recent_reaches=timedelta(seconds=told.recent_reaches_seconds),
            miss_gap=timedelta(seconds=told.miss_gap_seconds),
            slice=self.slice,
            last_step=self.timing.request_deadline,
        )

    def at(self, site: str) -> SiteHouse:
        """One site's part of the house, as it was last told of.

        Raises ``SettingsError`` for a name that is not known.
        """
        told = self.told(site)
        with self._lock:
            held = self._sites.get(site)
            if held is None or held.told != told:
                if held and site in self.configured:
                    self._renewed.add(site)
                self.shelf.facts.forget([site])
                self._retire(self._sites.pop(site, None))
                held = self._sites[site] = self.trial(told)
                if len(self._sites) > MOST_SITES + len(self.configured):
                    self._retire(self._sites.popitem(last=False)[1])
            self._sites.move_to_end(site)
            return held

    def trial(self, told: ToldSite) -> SiteHouse:
        """What a site's part would be; not kept. To be closed by who asked for it."""
        return SiteHouse(told.name, self, told, self._sources)

    def _retire(self, one: SiteHouse | None) -> None:
        """Let a part go, and close those that no job can hold any more."""
        now = time.monotonic()
        if one is not None:
            self._retired.append((now, one))
        while self._retired and now - self._retired[0][0] > _RETIRED_SECONDS:
            _, old = self._retired.popleft()
            for client in old.clients:
                self._calls.update(client.calls_by_path)
            old.close()

    def share_pace(self, redis_url: str) -> None:
        """Keep the pace in this Redis from now on, where so far it was kept here alone.

        What was taken here before is not known there, as of any process that is new.
        """
        with self._lock:
            self.throttle = Throttle(redis_url)
            while self._sites:
                self._retire(self._sites.popitem()[1])

    def take_renewed(self) -> set[str]:
        """The sites whose secret has changed in its file since this was last asked."""
        with self._lock:
            renewed, self._renewed = self._renewed, set()
            return renewed

    def calls(self) -> dict[str, int]:
        """How many calls this process made to Wix, by path."""
        with self._lock:
            totals = self._calls.copy()
            for one in self._parts():
                for client in one.clients:
                    totals.update(client.calls_by_path)
        return dict(totals)

    def _parts(self) -> list[SiteHouse]:
        return [*(one for _, one in self._retired), *self._sites.values()]

    def close(self) -> None:
        """Close every connection."""
        for one in self._parts():
            one.close()
        self.transport.close()
        self.throttle.close()
        self.store.dispose()

    def abandon(self) -> None:
        """Forget connections that belong to a parent process, without closing them."""
        self._sites.clear()
        self._retired.clear()
        self.transport = self._new_transport()
        self.totals.forget()
        self.store.dispose(close=False)


class SiteHouse:
    """What is particular to one site: its rules, its credentials, its clients and sources."""

    def __init__(
        self,
        name: str,
        house: House,
        told: ToldSite,
        sources: Mapping[str, SourceFactory],
    ) -> None:
        self.told = told
        self.profile = Site(name=name, comment_apps=told.comment_apps)
        self._store = house.store
        self.at_wix = told.at_wix
        self._is_own = False
        #: Whether the key of the digests was held against the database's.
        self._has_key = False
        self._rules = house.rules_of(name, told.rules)
        self._sources = sources
        client = partial(
            site_client,
            site=name,
            settings=house.settings,
            throttle=house.throttle,
            patience_seconds=house.patience_seconds,
            transport=house.transport,
            totals=house.totals,
            credentials=told.credentials,
            per_minute=told.requests_per_minute,
            require_own=self.require_own,
        )
        self.badges: WixClient = client(lane=Lane.ASSIGN)
        self._scanning: WixClient = client(lane=Lane.SCAN)
        #: For long reads that must leave room for awards and scans.
        self.reading: WixClient = client(lane=Lane.WALK)

    @property
    def clients(self) -> tuple[WixClient, ...]:
        """One client a lane of the site's pace."""
        return self.badges, self._scanning, self.reading

    def require_own(self) -> None:
        """See to it that what is recorded under this name belongs to the site of the settings.

        Asked before each request to Wix: badges that another site's members earned must not
        reach this one. Raises ``SettingsError`` with the cure.
        """
        if self._is_own:
            return
        with self._store.read() as tx:
            stands = tx.bindings.site(self.profile.name)
        if stands not in {None, self.at_wix}:
            name = self.profile.name
            raise SettingsError(
                f"what is recorded under {name!r} is of another site ({stands}), and the settings "
                f"name {self.at_wix}; give the new site a name of its own, or, if it is the same "
                f"one, run `badgejobs rebind {name} --yes`"
            )
        self._is_own = stands is not None

    def take_for_own(self) -> None:
        """A person says that it is the site that was recorded, though Wix names it otherwise."""
        self._is_own = True

    def site_facts(self) -> SiteFacts:
        """What Wix told last of the site's time zone and currency; empty where it never did."""
        return self._rules.site_facts()

    def learn_site_facts(self) -> None:
        """Ask Wix for the site's zone and currency, where its rules leave them to it.

        Raises ``SettingsError`` with the cure where Wix does not tell.
        """
        self._rules.learn_site_facts(self.reading, at_wix=self.at_wix)

    def check_rules(self) -> None:
        """Raise ``RulesError`` where the rules cannot be used; Wix is not asked."""
        self._rules.reading()

    def rules(self) -> Ruleset:
        """The rules to decide by: the file's, and while it is broken or just written, the last.

        Raises ``RulesError`` when it was never right, and ``Later`` when it may not be whole.
        """
        return self._rules.in_force()

    def rules_version(self) -> str:
        """The version of those rules; raises likewise. It asks the database for nothing more."""
        return self._rules.version()

    def rules_now(self) -> Ruleset:
        """The rules as the file says them now; raises as ``rules``, whatever was before."""
        return self._rules.now()

    def wanted_sources(self) -> list[str]:
        """The sources that the rules read; none while there are no rules that can be used.

        Where guests' orders are to find their member, and there are any, members are read too.
        """
        try:
            rules = self.rules()
        except (RulesError, Later):
            return []
        wanted = set(rules.sources)
        if rules.wants.guests and _MEMBERS in self._sources and _MEMBERS not in wanted:
            with self._store.read() as tx:
                wanted |= {_MEMBERS} if tx.identities.has_guests(self.profile.name) else set()
        return sorted(wanted)

    def client(self, track: Track) -> WixClient:
        """The client whose lane a track has: what is live goes before what is not."""
        return self._scanning if track is Track.LIVE else self.reading

    def source(self, name: str, wants: Wants) -> Source[WixClient]:
        """One source of this site, which reads what these wants ask of it.

        Raises ``SourceBroken`` for a plug-in that cannot be used, and ``SettingsError`` where
        guests' orders are to find their member and the key is not the one of the database.
        """
        if name not in self._sources:
            known = ", ".join(sorted(self._sources))
            raise SettingsError(f"there is no source {name!r}; known: {known}")
        digest = self._store.digest if wants.guests else None
        if digest and not self._has_key:
            with self._store.begin() as tx:
                tx.identities.require_key()
            self._has_key = True
        return self._sources[name](replace(self.profile, wants=wants, digest=digest))

    def close(self) -> None:
        """Close the connections to Wix."""
        for client in self.clients:
            client.close()


def open_house(
    settings: Settings, *, redis_url: str | None, clock: Callable[[], float] = time.time
) -> House:
    """Build the house; without a Redis, the pace is kept in this process alone.

    ``clock`` tells the time as the stamps of files do.
    """
    throttle = Throttle(redis_url) if redis_url else LocalThrottle()
    store = open_store(settings.database, digest=identity_digest(settings))
    return House(settings, store, throttle, found_sources(), clock)
