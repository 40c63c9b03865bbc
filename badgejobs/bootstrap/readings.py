"""Texts of rules as one process knows them: parsed once for all sites of which the same is told."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from collections.abc import Set as AbstractSet
from pathlib import Path
from threading import RLock
from typing import Generic, TypeVar

from badgejobs.rules import Reading, SiteDefaults, read_text
from badgejobs.rules.loader import text_of_file

#: Readings that are kept: sites that say the same share one.
_READINGS_KEPT = 500

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The values that were asked for last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values = OrderedDict[Hashable, Value]()

    def get(self, key: Hashable) -> Value | None:
        """What was put there, unless so many others were asked for since."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: Hashable, value: Value) -> None:
        """Keep it; the one that was asked for longest ago may go."""
        self._values[key] = value
        if len(self._values) > self._most:
            self._values.popitem(last=False)


class Readings:
    """What texts mean. Those with errors are read anew each time."""

    def __init__(self, sources: AbstractSet[str]) -> None:
        self.sources = sources
        self._lock = RLock()
        self._kept = Kept[Reading](_READINGS_KEPT)

    def of_file(self, path: Path, site: SiteDefaults) -> Reading:
        """What a file says now; raises ``RulesError``."""
        return self.of_text(text_of_file(path), file=str(path), site=site)

    def of_text(self, text: str, *, file: str, site: SiteDefaults) -> Reading:
        """What a text means; raises ``RulesError``, in which ``file`` is its name."""

        def read() -> Reading:
            return read_text(text, file=file, sources=self.sources, site=site)

        return self.get((hashlib.sha256(text.encode()).digest(), site), read)

    def get(self, key: Hashable, read: Callable[[], Reading]) -> Reading:
        """What is kept under a key, or is read now; raises as ``read`` does."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                kept = read()
                self._kept.put(key, kept)
        return kept
