"""The packs of rules as one process knows them: looked at now and then, and parsed once for all."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from badgejobs.bootstrap.readings import Kept, Readings
from badgejobs.bootstrap.told import FromPack
from badgejobs.core.milestone import Ruleset
from badgejobs.core.pack import LOOKS_EVERY, SETTLES_IN, Pack
from badgejobs.errors import DatabaseUnavailable, RulesError, StateError
from badgejobs.rules import Reading, SiteDefaults
from badgejobs.rules.loader import text_of_file
from badgejobs.rules.merging import Merged, Text, merged, read_merged
from badgejobs.store import SqlStore

_TEXTS_KEPT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A pack as it was last looked at; times as our clock tells them."""

    pack: Pack | None
    looked_at: float
    #: A change takes effect then, in all processes alike.
    settled_at: float


class PackShelf:
    """All packs, for all sites of one process."""

    def __init__(
        self,
        store: SqlStore,
        *,
        readings: Readings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._readings, self._clock = store, readings, clock
        self._lock = RLock()
        self._seen = dict[str, _Seen]()
        self._texts = Kept[str](_TEXTS_KEPT)

    def get(self, name: str, *, anew: bool = False) -> Pack | None:
        """A pack; asked for every two seconds at most, however many sites go by it.

        What was known stays while the database is away; ``DatabaseUnavailable`` where nothing
        was. With ``anew`` it is looked at whenever that was.
        """
        with self._lock:
            seen, now = self._seen.get(name), self._clock()
            # a clock may be set back
            if seen and not anew and abs(now - seen.looked_at) < LOOKS_EVERY.total_seconds():
                return seen.pack
            try:
                self._seen[name] = self._looked_at(name, seen)
            except (DatabaseUnavailable, StateError):
                if seen is None:
                    raise
            return self._seen[name].pack

    def settling(self, name: str) -> float:
        """For how many seconds still a change of a pack has not taken effect."""
        seen = self._seen.get(name)
        left = seen.settled_at - self._clock() if seen else 0.0
        return min(max(0.0, left), SETTLES_IN.total_seconds())

    def text(self, name: str, version: int) -> Text:
        """The text of a version; ``RulesError`` where there is none."""
        file = f"pack {name} version {version}"
        with self._lock:
            kept = self._texts.get((name, version))
            if kept is None:
                with self._store.read() as tx:
                    kept = tx.packs.text(name, version)
                if kept is None:
                    raise RulesError("there is no such version", file=file)
                self._texts.put((name, version), kept)
        return Text(text=kept, file=file)

    def merged(self, name: str, version: int, overrides: Text) -> Merged:
        """A version with what a site says otherwise; raises ``RulesError``."""
        return merged(self.text(name, version), overrides)

    def reading(self, name: str, version: int, overrides: Text, site: SiteDefaults) -> Reading:
        """What a version means for a site; one for all sites of which the same is told.

        Raises ``RulesError`` with the place in the pack or in the overrides.
        """
        said = "" if overrides.says_nothing else overrides.text

        def read() -> Reading:
            whole = self.merged(name, version, overrides)
            return read_merged(whole, sources=self._readings.sources, site=site)

        return self._readings.get((name, version, said, site), read)

    def parsed(self, text: str, site: SiteDefaults) -> Ruleset:
        """What a text that was in force once means today; one for all sites, likewise."""
        return self._readings.of_text(text, file="version", site=site).ruleset

    def _looked_at(self, name: str, seen: _Seen | None) -> _Seen:
        now, settled_at = self._clock(), 0.0
        with self._store.read() as tx:
            changed_at = tx.packs.changed_at(name)
            known = seen.pack.changed_at if seen and seen.pack else None
            if seen and changed_at == known:
                return _Seen(pack=seen.pack, looked_at=now, settled_at=seen.settled_at)
            pack = tx.packs.get(name)
            if pack is not None:
                settled_at = now + (SETTLES_IN - (tx.now - pack.changed_at)).total_seconds()
        return _Seen(pack=pack, looked_at=now, settled_at=settled_at)


class PackRules:
    """The rules of one site that goes by a pack."""

    def __init__(self, site: str, told: FromPack, shelf: PackShelf) -> None:
        self._site, self._told, self._shelf = site, told, shelf
        self.name = f"pack {told.pack}"
        self.path: Path | None = told.overrides_file

    def beside(self) -> Hashable:
        """What changes when another version is in force here."""
        pack = self._shelf.get(self._told.pack)
        return pack.version_for(self._site) if pack else None

    def settling(self) -> float:
        """For how many seconds still a change has not taken effect."""
        return self._shelf.settling(self._told.pack)

    def look_anew(self) -> None:
        """Let what was changed a moment ago be seen."""
        self._shelf.get(self._told.pack, anew=True)

    def reading(self, site: SiteDefaults, version: int | None = None) -> Reading:
        """What the version in force means, or another one; raises ``RulesError``."""
        number = self._number() if version is None else version
        return self._shelf.reading(self._told.pack, number, self.overrides, site)

    def parsed(self, text: str, site: SiteDefaults) -> Ruleset:
        """What a text that was in force once means today; raises ``RulesError``."""
        return self._shelf.parsed(text, site)

    def merged(self, version: int | None = None) -> Merged:
        """The pack with what this site says otherwise; raises ``RulesError``."""
        number = self._number() if version is None else version
        return self._shelf.merged(self._told.pack, number, self.overrides)

    @property
    def overrides(self) -> Text:
        """What this site says otherwise; ``RulesError`` where its file cannot be read."""
        if self.path is not None:
            return Text(text=text_of_file(self.path), file=str(self.path))
        return Text(text=self._told.overrides, file=f"overrides of {self._site}")

    def _number(self) -> int:
        pack = self._shelf.get(self._told.pack)
        number = pack.version_for(self._site) if pack else None
        if number is None:
            raise RulesError(
                f"there is no such pack; `badgejobs packs put {self._told.pack} FILE` puts it in, "
                f"and `badgejobs packs list` shows which there are",
                file=self.name,
            )
        return number
