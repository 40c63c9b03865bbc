"""The protocol that every source of activities speaks, ours and plug-ins alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from badgejobs.core.activity import Activity, Mark, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The half-open time of last changes to read: from ``since``, or from the beginning."""

    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A full walk, page by page, of a source that knows no time filter."""

    generation: int


Scope = Window | Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a source, read and understood."""

    activities: tuple[Activity, ...]
    unreadable: tuple[Unreadable, ...] = ()
    #: Opaque; ``None`` when this was the last page.
    next_cursor: str | None = None
    #: Wix's time when it answered (the ``Date`` header); bounds what stamps can be believed.
    answered_at: datetime | None = None


#: For each part of a source (for comments: app id), how many known activities carry each mark.
Tallies = Mapping[str, Mapping[Mark, int]]


class Source(Protocol):
    """Where activities of one site come from; one object serves one site."""

    @property
    def name(self) -> str:
        """The source's name in rules, tables and tasks, such as ``orders``."""
        ...

    @property
    def mode(self) -> Literal["window", "walk"]:
        """``window``: ordered by last change, incremental. ``walk``: read in full, by rounds."""
        ...

    def fetch(self, scope: Scope, cursor: str | None) -> Page:
        """One page; ``cursor`` is ``None`` for the first.

        Raises :class:`badgejobs.errors.CursorRefused` when Wix no longer takes the cursor.
        """
        ...


@runtime_checkable
class Probing(Protocol):
    """A source that can tell cheaply whether a walk would find anything new."""

    def probe(self, known: Tallies) -> bool:
        """Whether the live numbers differ from the known ones."""
        ...
