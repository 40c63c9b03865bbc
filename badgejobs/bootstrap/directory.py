"""Every site that we know: those of the configuration file, and those added by command."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import structlog

from badgejobs.bootstrap.told import FromPack, ToldSite, told_rules
from badgejobs.config import Settings, SiteSettings, read_secret
from badgejobs.errors import DatabaseUnavailable, SettingsError, StateError
from badgejobs.store import SqlStore, SqlTransaction
from badgejobs.store.sites import AddedSite, SiteRow, twins
from badgejobs.vault.sealing import Vault
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials, AppCredentials, Credentials

log = structlog.get_logger(__name__)

#: A process asks the database again so often what a site is, and which ones there are.
LOOK_AGAIN_SECONDS = 2.0
#: What was told of so many sites is kept in memory.
_MOST_KEPT = 2_000
#: No file has this stamp, so the first look reads it.
_NEVER = (-1, -1)

#: The apps whose comments count where nothing is said of it, as in a configuration file.
USUAL_COMMENT_APPS = ("blog",)


@dataclass(slots=True)
class _Known:
    """What was told of a site, as it was when it was last looked at."""

    told: ToldSite
    looked_at: float


class Directory:
    """The sites by name. A name that stands in both means the site of the file."""

    def __init__(
        self,
        settings: Settings,
        store: SqlStore,
        vault: Vault,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._store, self.vault = settings, store, vault
        self._monotonic = monotonic
        self._in_file = {
            name: _Configured(name, told, settings) for name, told in settings.sites.items()
        }
        self._at_wix = {one.told.at_wix: name for name, one in self._in_file.items()}
        self._added = OrderedDict[str, _Known]()
        self._lock = Lock()
        self._served: tuple[str, ...] = ()
        self._served_until = 0.0
        self._warned = False

    @property
    def configured(self) -> frozenset[str]:
        """The names of the configuration file."""
        return frozenset(self._in_file)

    def names(self) -> list[str]:
        """Every site that we know, suspended or not."""
        return sorted(self.configured.union(self._added_names()))

    def served(self) -> tuple[str, ...]:
        """The sites to work for now, as they were at most a moment ago: less the suspended."""
        if self._monotonic() >= self._served_until:
            names = self.configured.union(self._added_names())
            try:
                with self._store.read() as tx:
                    suspended = {one.site for one in tx.standings.suspended()}
            except StateError:
                suspended = set()  # no tables yet: nobody is
            self._served = tuple(sorted(names - suspended))
            self._served_until = self._monotonic() + LOOK_AGAIN_SECONDS
        return self._served

    def in_both(self) -> list[str]:
        """The names that stand in the database too, where they have no effect."""
        return sorted(self.configured.intersection(self._added_names()))

    def get(self, name: str) -> ToldSite:
        """What was told of a site, as it was at most a moment ago; ``SettingsError`` of none.

        Also where its secret cannot be opened, with the cure.
        """
        if configured := self._in_file.get(name):
            return configured.now()
        with self._lock:
            known, now = self._added.get(name), self._monotonic()
            if known and now < known.looked_at + LOOK_AGAIN_SECONDS:
                return known.told
        added = self._read(name)
        if added is None:
            raise SettingsError(f"there is no site {name!r}; {self._others()}")
        if known is None or known.told.stamps != added.stamps:
            known = _Known(told=self.told_of(added), looked_at=now)
        with self._lock:
            known.looked_at = now
            self._added[name] = known
            self._added.move_to_end(name)
            while len(self._added) > _MOST_KEPT:
                self._added.popitem(last=False)
        return known.told

    def of_instance(self, instance_id: str) -> str | None:
        """The name of the site that an app's installation is."""
        wanted = instance_id.lower()
        for name, one in self._settings.sites.items():
            if (one.instance_id or "").lower() == wanted:
                return name
        with self._store.read() as tx:
            return tx.sites.of_instance(wanted)

    def told_of(self, added: AddedSite) -> ToldSite:
        """What the rows of a site say; ``SettingsError`` where its secret cannot be opened."""
        row = added.row
        at_wix = named_at_wix(self._settings.wix_base_url, row.instance_id, row.site_id)
        if (other := self._at_wix.get(at_wix, row.name)) != row.name:
            raise SettingsError(twins(row.instance_id or row.site_id or "", row.name, other))
        return ToldSite(
            name=row.name,
            credentials=self._credentials(added),
            rules=FromPack(pack=row.pack, overrides=row.overrides),
            comment_apps=comment_app_ids(row.comment_apps),
            requests_per_minute=row.requests_per_minute or self._settings.requests_per_minute,
            at_wix=at_wix,
            stamps=added.stamps,
        )

    def is_current(self, tx: SqlTransaction, told: ToldSite) -> bool:
        """Whether that is what is told of a site now; until ``tx`` ends, it is not removed.

        What is not is looked at anew when it is next asked for.
        """
        if not told.stamps or told.stamps == tx.sites.stamps(told.name):
            return True
        with self._lock:
            self._added.pop(told.name, None)
        return False

    def forget(self) -> None:
        """Look at the database anew, since this process has just changed it."""
        with self._lock:
            self._added.clear()
            self._served_until = 0.0

    def _credentials(self, added: AddedSite) -> Credentials:
        row = added.row
        if row.site_id is not None:
            assert row.secret, "written with it"
            key = self.vault.open(row.secret, place=place_of_site(row))
            return ApiKeyCredentials(api_key=key, site_id=row.site_id)
        if added.app is None:
            raise SettingsError(
                f"{row.name}: there is no app {row.app!r} any more; add it again (`badgejobs apps "
                f"add {row.app}`), or name another one (`badgejobs sites change {row.name} --app`)"
            )
        assert row.instance_id, "written with the app"
        return AppCredentials(
            app_id=added.app.app_id,
            app_secret=self.vault.open(added.app.secret, place=place_of_app(added.app.name)),
            instance_id=row.instance_id,
        )

    def _read(self, name: str) -> AddedSite | None:
        try:
            with self._store.read() as tx:
                return tx.sites.get(name)
        except StateError:
            return None  # there are no tables yet

    def _added_names(self) -> list[str]:
        try:
            with self._store.read() as tx:
                names = tx.sites.names()
        except StateError:
            return []  # there are no tables yet
        both = sorted(self.configured.intersection(names))
        if both and not self._warned:
            self._warned = True
            log.warning(
                "these sites stand in the configuration file and in the database; the file counts",
                sites=both,
                cure="remove them from the file, or `badgejobs sites remove` them",
            )
        return names

    def _others(self) -> str:
        """Which names there are, as far as they fit into a sentence."""
        try:
            names = self.names()
        except DatabaseUnavailable:
            names = sorted(self.configured)
        return known_names(names)


class _Configured:
    """A site of the configuration file, whose secret may be replaced in its file."""

    def __init__(self, name: str, settings: SiteSettings, all_settings: Settings) -> None:
        self._name, self._settings = name, settings
        self._secret = "api_key" if settings.api_key else "app_secret"
        self._file: Path | None = getattr(settings, f"{self._secret}_file")
        #: Not the file's own: settings may have been read long ago, by a parent process.
        self._stamp: tuple[int, int] | None = _NEVER
        self._lock = Lock()
        self.told = ToldSite(
            name=name,
            credentials=_credentials(settings),
            rules=told_rules(settings),
            comment_apps=settings.comment_app_ids,
            requests_per_minute=all_settings.requests_per_minute_of(name),
            at_wix=named_at_wix(all_settings.wix_base_url, settings.instance_id, settings.site_id),
        )

    def now(self) -> ToldSite:
        """With the secret that its file holds now."""
        with self._lock:
            stamp = _stamp(self._file)
            if self._file is None or stamp == self._stamp:
                return self.told
            self._stamp = stamp
            try:
                secret, _ = read_secret(self._file, shown=f"sites.{self._name}.{self._secret}_file")
            except SettingsError as error:
                log.warning("the old secret stays in use", site=self._name, error=str(error))
                return self.told
            self._settings = self._settings.model_copy(update={self._secret: secret})
            credentials = _credentials(self._settings)
            if credentials != self.told.credentials:
                self.told = replace(self.told, credentials=credentials)
            return self.told


def place_of_site(row: SiteRow) -> str:
    """Where the sealed API key of a site stands."""
    return f"site/{row.name}/secret"


def place_of_app(name: str) -> str:
    """Where the sealed secret of an app stands."""
    return f"app/{name}/secret"


def known_names(names: list[str]) -> str:
    """The sites there are, as an error shows them.

    >>> known_names(["north", "south"])
    'known: north, south'
    """
    if not names:
        return (
            "known: none; name its configuration by --config before the command, or run "
            "`badgejobs init` or `badgejobs sites add`"
        )
    if len(names) > _MOST_NAMED:
        return f"there are {len(names)}; see `badgejobs sites list`"
    return f"known: {', '.join(names)}"


#: More names help nobody.
_MOST_NAMED = 20


def comment_app_ids(names: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of apps by everyday name or GUID; the usual ones where none is named."""
    return tuple(wire.COMMENT_APPS.get(one, one) for one in names or USUAL_COMMENT_APPS)


def named_at_wix(base_url: str, instance_id: str | None, site_id: str | None) -> str:
    """A site as Wix knows it, or a sandbox: they share no site."""
    where = "Wix" if base_url == wire.BASE_URL else "a sandbox"
    one = f"instance {instance_id}" if instance_id else f"site {site_id}"
    return f"{one.lower()} at {where}"


def _credentials(told: SiteSettings) -> Credentials:
    if told.api_key and told.site_id:
        return ApiKeyCredentials(api_key=told.api_key.get_secret_value(), site_id=told.site_id)
    assert told.app_id, "settings demand one of the two kinds"
    assert told.app_secret, "as above"
    assert told.instance_id, "as above"
    return AppCredentials(
        app_id=told.app_id,
        app_secret=told.app_secret.get_secret_value(),
        instance_id=told.instance_id,
    )


def _stamp(file: Path | None) -> tuple[int, int] | None:
    """What changes when a file does; ``None`` where it cannot be seen."""
    try:
        stat = file.stat() if file else None
    except OSError:
        return None
    return (stat.st_mtime_ns, stat.st_size) if stat else None
