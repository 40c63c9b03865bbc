"""How far a source has been read: ours, durable, made only from stamps that were seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from badgejobs.core.source import Mode, Scope, Walk, Window

#: A stamp further ahead of Wix's own clock than this is kept and does not move the watermark.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """The place of a scan over a window source.

    ``reached`` moves with each recorded page, so a scan that is cut off goes on from there;
    ``cursor`` is only a hint that saves reading the same stamp again.
    """

    #: All that changed before this moment is recorded.
    reached: datetime | None = None
    scanning: bool = False
    #: Where the open window begins.
    since: datetime | None = None
    #: The last stamp recorded within the open window.
    read_to: datetime | None = None
    #: When Wix answered the first page of this window whose stamps come close to the present:
    #: what was still on its way to be seen then may be missing from that page.
    near_since: datetime | None = None
    cursor: str | None = None

    def opened(self, overlap: timedelta) -> Watermark:
        """Begin a scan, or keep on with the one that was cut off."""
        if self.scanning:
            return self
        since = self.reached - overlap if self.reached else None
        return Watermark(reached=self.reached, scanning=True, since=since)

    def turned(
        self,
        stamps: Iterable[datetime],
        *,
        next_cursor: str | None,
        answered_at: datetime,
        overlap: timedelta,
    ) -> Watermark:
        """One page is recorded: keep the place, and after the last page close the window.

        It leaves the watermark no later than the moment of its first page near the present: the
        next overlap begins before all that this page could not show yet, however long the pages
        after it took, and though a stamp be ahead of Wix's clock.
        """
        latest_believed = answered_at + CLOCK_TOLERANCE
        believed = [stamp for stamp in stamps if stamp <= latest_believed]
        read_to = max((*believed, self.read_to) if self.read_to else believed, default=None)
        reached = max((at for at in (self.reached, read_to) if at), default=None)
        near_since = self.near_since
        if near_since is None and read_to and read_to >= answered_at - overlap:
            near_since = answered_at
        if next_cursor is not None:
            return replace(
                self, reached=reached, read_to=read_to, near_since=near_since, cursor=next_cursor
            )
        if reached and near_since:
            reached = min(reached, near_since)
        return Watermark(reached=reached)

    def cursor_dropped(self) -> Watermark:
        """The cursor is refused: go on from the last recorded stamp, equal ones included."""
        return replace(self, cursor=None)

    @property
    def scope(self) -> Window:
        """The window to ask for where no cursor says it."""
        return Window(since=self.read_to or self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The place of a reading that has an end: a full walk, a re-scan, a look at resources."""

    #: The number of the reading that is open, or of the last one. What it sees carries it.
    generation: int = 0
    scanning: bool = False
    cursor: str | None = None
    #: When the open reading began, by the database's clock.
    started_at: datetime | None = None
    #: When the last complete one began: all that was there then is recorded.
    complete_from: datetime | None = None
    #: Of a window source: where the reading begins, ``None`` for the beginning of all.
    since: datetime | None = None
    #: Of a window source: the last stamp recorded.
    read_to: datetime | None = None
    #: Wix's time when it answered the first page; later changes are for the live scan to read.
    until: datetime | None = None
    #: Of a source that is probed: by part, what known resources do not explain.
    offsets: Mapping[str, int] = field(default_factory=dict)
    #: Of an open reading: the parts that could not be read, each with what a person has to mend.
    refused: Mapping[str, str] = field(default_factory=dict)

    def opened(self, now: datetime, *, generation: int, since: datetime | None = None) -> Round:
        """Begin the next reading, or keep on with the one that was cut off."""
        if self.scanning:
            return self
        return replace(
            self,
            generation=generation,
            scanning=True,
            cursor=None,
            started_at=now,
            since=since,
            read_to=None,
            until=None,
            refused={},
        )

    def turned(
        self,
        stamps: Iterable[datetime] = (),
        *,
        next_cursor: str | None,
        answered_at: datetime | None = None,
        refused: Mapping[str, str] | None = None,
    ) -> Round:
        """One page is recorded: keep the place, and after the last page close the reading.

        ``stamps`` are those of a window source, in ascending order: once one is later than the
        reading's beginning, what follows is the live scan's.
        """
        until = self.until or answered_at
        read_to = max((*stamps, self.read_to) if self.read_to else stamps, default=None)
        at_end = next_cursor is None or bool(read_to and until and read_to > until)
        kept = replace(
            self, until=until, read_to=read_to, refused={**self.refused, **(refused or {})}
        )
        if not at_end:
            return replace(kept, cursor=next_cursor)
        return replace(
            kept, scanning=False, cursor=None, started_at=None, complete_from=self.started_at
        )

    def cursor_dropped(self) -> Round:
        """The cursor is refused: go on from the last stamp, or start over where there is none."""
        return replace(self, cursor=None)

    def scope(self, mode: Mode, *, expected: frozenset[str] = frozenset()) -> Scope:
        """What to ask a source of this mode for."""
        if mode == "window":
            return Window(since=self.read_to or self.since)
        return Walk(generation=self.generation, expected=expected)


Place = Watermark | Round
