"""How far a source has been read: ours, durable, made only from stamps that were seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from badgejobs.core.source import Scope, Walk, Window

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

        A window that took long to close, counted from its first page near the present, leaves
        the watermark at that page's moment: the next overlap begins before all that the page
        could not show yet.
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
        if reached and near_since and answered_at - near_since > overlap / 2:
            reached = min(reached, near_since)
        return Watermark(reached=reached)

    def cursor_dropped(self) -> Watermark:
        """The cursor is refused: go on from the last recorded stamp, equal ones included."""
        return replace(self, cursor=None)

    @property
    def scope(self) -> Scope:
        """The window to ask for where no cursor says it."""
        return Window(since=self.read_to or self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The place of a source that can only be walked in full, round after round."""

    #: The number of the walk that is open, or of the last one.
    generation: int = 0
    scanning: bool = False
    cursor: str | None = None
    #: When the open walk began, by the database's clock.
    started_at: datetime | None = None
    #: When the last complete walk began: all that was there then is recorded.
    complete_from: datetime | None = None

    def opened(self, now: datetime) -> Round:
        """Begin the next walk, or keep on with the one that was cut off."""
        if self.scanning:
            return self
        return replace(
            self, generation=self.generation + 1, scanning=True, cursor=None, started_at=now
        )

    def turned(self, *, next_cursor: str | None) -> Round:
        """One page is recorded: keep the place, and after the last page close the walk."""
        if next_cursor is not None:
            return replace(self, cursor=next_cursor)
        return replace(
            self, scanning=False, cursor=None, started_at=None, complete_from=self.started_at
        )

    def cursor_dropped(self) -> Round:
        """The cursor is refused: the walk starts over, under its own number."""
        return replace(self, cursor=None)

    @property
    def scope(self) -> Scope:
        """The walk to ask for."""
        return Walk(generation=self.generation)


Place = Watermark | Round
