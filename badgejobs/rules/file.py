"""A rules file while it may change: nothing half written, and nothing broken, takes effect."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Lock

from badgejobs.core.milestone import Ruleset
from badgejobs.errors import Later, RulesError

#: A file is taken up when it was left alone for so long. The beginning of a rules file may be a
#: whole rules file, with fewer badges or softer ones (``gte: 1`` of ``gte: 100``), so that no
#: look at its text can tell whether its writer is done. A writer who pauses for longer between
#: two parts of it must write elsewhere and rename.
SETTLES_IN = timedelta(seconds=2)

#: What changes when a file does.
Stamp = tuple[int, int]

#: No file has this stamp, so the first look reads it.
_NEVER: Stamp = (-1, -1)


class RulesFile:
    """The rules of one site: what their file says now, and what is in force.

    ``load`` reads the file. ``recall`` brings back the rules that were in force last, for a
    process that has never seen them; ``None`` where there are none. ``beside`` is what they mean
    something by beside their text: when it changes, the file is read again, unless that is
    ``settling`` for so many seconds still. ``clock`` tells the time as the file's stamps do.
    ``told`` hears, once a change, what is wrong while old rules stay. Without a ``path`` there is
    nothing but what stands beside, and ``name`` says what that is.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        load: Callable[[], Ruleset],
        recall: Callable[[], Ruleset | None],
        told: Callable[[RulesError], None],
        beside: Callable[[], object] = lambda: None,
        settling: Callable[[], float] = lambda: 0.0,
        name: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path, self._load, self._recall = path, load, recall
        self._told, self._clock, self._beside = told, clock, beside
        self._settling, self._name = settling, name or str(path)
        #: What the rules were read beside.
        self._read_beside: object = None
        self._lock = Lock()
        #: The file as it was last read, by its stamp; what came of it; the last that was right.
        self._read: Stamp | None = _NEVER
        self._broken: RulesError | None = None
        self._rules: Ruleset | None = None
        #: A stamp that is too young to be believed, and since when we know it.
        self._young: Stamp | None = _NEVER
        self._young_since = 0.0

    def now(self) -> Ruleset:
        """The rules as the file says them.

        Raises ``RulesError`` where it is broken, and ``Later`` where it was written so lately
        that more of it may come.
        """
        with self._lock:
            wait = self._look()
            if wait:
                raise Later(
                    f"{self._name} was changed a moment ago, and is not taken up yet",
                    seconds=wait,
                )
            if self._broken:
                # Never the kept one itself, to which every raise would add its frames.
                raise self._broken.anew()
            assert self._rules, "read, and not broken"
            return self._rules

    def in_force(self) -> Ruleset:
        """The rules to decide by: while the file is broken or young, those before.

        Raises as ``now`` does where there were none.
        """
        with self._lock:
            self._look()
            if self._rules is None and (recalled := self._recall()):
                self._rules = recalled
                if self._broken:
                    self._told(self._broken)
            if self._rules:
                return self._rules
        return self.now()

    def _look(self) -> float:
        """Read the file if it changed and stands still; else the seconds until it may be read."""
        stamp, beside = _stamp(self._path), self._beside()
        if stamp == self._read and beside == self._read_beside:
            return 0.0
        wait = self._too_young(stamp) if stamp and self._path else 0.0
        if wait := max(wait, self._settling()):
            return wait
        before = str(self._broken)
        try:
            rules, broken = self._load(), None
        except RulesError as error:
            rules, broken = None, error
        if _stamp(self._path) != stamp:
            # It was written while it was read.
            return SETTLES_IN.total_seconds()
        self._rules, self._broken = rules or self._rules, broken
        # What could not be read at all may be readable the next time, unchanged.
        unread = broken and isinstance(broken.__cause__, OSError)
        self._read, self._read_beside = (_NEVER if unread else stamp), beside
        if broken and self._rules and before != str(broken):
            self._told(broken)
        return 0.0

    def _too_young(self, stamp: Stamp) -> float:
        """The seconds until a file with this stamp may be believed.

        Its age is told by its own stamp, or, where that lies ahead of our clock, by how long we
        have seen it unchanged.
        """
        now = self._clock()
        if stamp != self._young:
            self._young, self._young_since = stamp, now
        age = max(now - stamp[0] / 1e9, now - self._young_since)
        return max(0.0, SETTLES_IN.total_seconds() - age)


def _stamp(file: Path | None) -> Stamp | None:
    """What changes when a file does; ``None`` where it cannot be seen."""
    if file is None:
        return 0, 0
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
