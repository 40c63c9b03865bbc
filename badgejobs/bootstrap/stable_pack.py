"""The rules of a site that go by a pack: the text of its stable version."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from badgejobs.bootstrap.told import FromPack
from badgejobs.core.milestone import Ruleset
from badgejobs.errors import RulesError
from badgejobs.store import SqlStore

#: A process asks again so often which version is the stable one.
_LOOK_AGAIN_SECONDS = 2.0


class StablePack:
    """What a pack says now, and what is in force; as :class:`badgejobs.rules.RulesFile`."""

    def __init__(
        self,
        told: FromPack,
        store: SqlStore,
        *,
        load: Callable[[], Ruleset],
        recall: Callable[[], Ruleset | None],
    ) -> None:
        self._told, self._store, self._load, self._recall = told, store, load, recall
        self._lock = Lock()
        self._text: str | None = None
        self._until = 0.0
        self._read: tuple[str, Ruleset] | None = None

    def text(self) -> str:
        """The text of the stable version; ``RulesError`` where there is none."""
        with self._lock:
            if time.monotonic() >= self._until:
                with self._store.read() as tx:
                    self._text = tx.sites.stable_rules(self._told.pack)
                self._until = time.monotonic() + _LOOK_AGAIN_SECONDS
            text = self._text
        if text is None:
            raise RulesError(
                "there is no such pack with a stable version; put one in with `badgejobs packs "
                f"put {self._told.pack} FILE`",
                file=f"pack {self._told.pack}",
            )
        return text

    def now(self) -> Ruleset:
        """The rules as the pack says them; raises ``RulesError``."""
        text = self.text()
        if self._read is None or self._read[0] != text:
            self._read = text, self._load()
        return self._read[1]

    def in_force(self) -> Ruleset:
        """The rules to decide by: while the pack cannot be used, those before."""
        try:
            return self.now()
        except RulesError:
            if (before := self._recall()) is not None:
                return before
            raise
