"""The protocol that every source of activities speaks, ours and plug-ins alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from badgejobs.core.activity import Activity, Unreadable

#: ``window``: ordered by last change, and read from where the last scan ended. ``walk``: knows
#: no time, and is read in full, round after round.
Mode = Literal["window", "walk"]


class Track(StrEnum):
    """One of the readings of a source, each with a place, a lease and a due time of its own."""

    #: What changed lately, as often as can be.
    LIVE = "live"
    #: All there is, from the beginning: the first time the backfill, later the walk or audit.
    FULL = "full"
    #: What changed in the last days, read once more for what came late.
    RECENT = "recent"


def tracks_of(mode: str, *, is_probed: bool) -> tuple[Track, ...]:
    """The tracks on which a source of this mode is read.

    What changed lately shows by time or by numbers; where neither is there, only walks are left.
    """
    if mode == "window":
        return Track.FULL, Track.LIVE, Track.RECENT
    return (Track.FULL, Track.LIVE) if is_probed else (Track.FULL,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The half-open time of last changes to read: from ``since``, or from the beginning."""

    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A full walk, page by page, of a source that knows no time filter."""

    generation: int
    #: The parts of which many activities are known. That such a part has none at all any more is
    #: no answer to be believed: a source raises ``Refused`` then, and nothing is held to be gone.
    expected: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """All that stands on some resources (for comments: posts) of one part of a source."""

    part: str
    #: At most 100, in the order of their ids.
    ids: tuple[str, ...]
    #: Whether many activities are known of them: that there are none any more is no answer to be
    #: believed without asking further.
    expected: bool = field(default=False, compare=False)


Scope = Window | Walk | Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a source, read and understood."""

    activities: tuple[Activity, ...]
    unreadable: tuple[Unreadable, ...] = ()
    #: Opaque; ``None`` when this was the last page.
    next_cursor: str | None = None
    #: Wix's time when it answered (the ``Date`` header); bounds what stamps can be believed.
    answered_at: datetime | None = None
    #: Parts that could not be read at all, each with what a person has to mend: the reading goes
    #: on behind them, and holds nothing of theirs to be gone.
    refused: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Wix answered to a call of a plug-in: a JSON object, and Wix's time."""

    body: Mapping[str, Any]
    answered_at: datetime | None = None


class Client(Protocol):
    """The way to Wix for sources that call endpoints badgejobs has no method for.

    Each call keeps the site's pace, has a deadline, is never repeated, and reads: paths that
    give, change or take badges are refused. Raises the errors of :mod:`badgejobs.errors`.
    """

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """A call such as ``post("/reviews/v1/reviews/query", {"query": ...})``."""
        ...

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """A call such as ``get("/reviews/v1/reviews/<id>")``."""
        ...


#: What a source needs of its client; ours need the whole ``WixClient``, plug-ins ``Client``.
C_contra = TypeVar("C_contra", contravariant=True)


class Source(Protocol[C_contra]):
    """Where activities of one site come from; one object serves one site.

    It is made by calling its class with the :class:`badgejobs.core.site.Site`.
    """

    @property
    def name(self) -> str:
        """The source's name in rules, tables and tasks, such as ``orders``."""
        ...

    @property
    def mode(self) -> Mode:
        """How it can be read."""
        ...

    def fetch(self, client: C_contra, scope: Scope, cursor: str | None) -> Page:
        """One page; ``cursor`` is ``None`` for the first.

        A ``window`` source is asked for a :class:`Window`: all whose last change is not before
        its beginning, the oldest change first. A ``walk`` source is asked for a :class:`Walk`,
        and, if it can be probed, for :class:`Resources`.

        Raises :class:`badgejobs.errors.CursorRefused` when Wix no longer takes the cursor.
        """
        ...


#: For each part of a source (for comments: app id), how many published activities are known of
#: each resource; an empty id stands for those that name none.
Known = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What the live numbers tell against the known ones."""

    #: By part, how many there are now; absent where Wix will not count.
    live: Mapping[str, int]
    #: Where they differ, in groups to be read.
    changed: tuple[Resources, ...] = ()
    #: By part, how many more (or fewer) there are than known resources explain: new resources.
    unexplained: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    #: What a person has to mend, where a part cannot be read at all; empty where all can.
    refused: str = ""
    #: Parts of which a walk costs less than finding out more, or that cannot be counted.
    to_walk: frozenset[str] = frozenset()
    #: Parts of which the time allowed no more than this: once it is read, ask again.
    unfinished: frozenset[str] = frozenset()


@runtime_checkable
class Probing(Protocol):
    """A source that can tell by numbers what changed, and so spare most walks."""

    def probe(self, client: Any, known: Known, offsets: Mapping[str, int]) -> Probed:
        """Hold the live numbers of published activities against the known ones.

        ``offsets`` is what the last probe could not explain, by part: numbers that differ by
        just that much are no news.
        """
        ...


@runtime_checkable
class Rereading(Protocol):
    """A source that can read one record by its id; quarantined ones are tried again so."""

    def reread(self, client: Any, activity_ids: Sequence[str]) -> Page:
        """These records as they are now, understood or not; those that are gone are left out."""
        ...


@runtime_checkable
class Counting(Protocol):
    """A source that can tell how much there is, for a progress bar that knows its end."""

    def count(self, client: Any) -> int | None:
        """How many activities there are, roughly; ``None`` where Wix does not tell."""
        ...
