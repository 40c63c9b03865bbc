"""A site that lives: its records change, are seen late, vanish, and are read page by page.

It speaks the source protocol as Wix might: it doubles Wix and nothing of ours. Every state that a
record ever had is kept, so that what is stored can be held against the true history.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol

from badgejobs.core.activity import Activity, is_live
from badgejobs.core.source import Known, Mode, Page, Probed, Resources, Scope, Window
from badgejobs.errors import CursorRefused

NOTHING = timedelta(0)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

#: Where a record stands among the others: its stamp, where the order knows one, and its id.
Key = tuple[datetime, str]


class Wire(Protocol):
    """What may happen to a call on its way; each may raise, or let time pass."""

    def before(self, call: str, *, has_cursor: bool) -> None:
        """The request is on its way."""
        ...

    def after(self, call: str, names: Sequence[str] = ()) -> None:
        """The answer is written, and on its way: what it says may be old when it comes."""
        ...

    def repeats(self) -> int:
        """How many records of the page before this one shows again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One state of a record, and from when on the index shows it."""

    state: Activity
    visible_at: datetime


@dataclass(slots=True, kw_only=True)
class Record:
    """One record with its whole history."""

    versions: list[Version] = field(default_factory=list)
    #: From then on it is not there any more, and nothing tells.
    removed_at: datetime | None = None
    #: A time in which the index loses sight of it.
    blink: tuple[datetime, datetime] | None = None

    @property
    def last(self) -> Activity:
        return self.versions[-1].state

    def shown(self, at: datetime) -> Version | None:
        """What the index shows of it at this moment."""
        if self.removed_at and self.removed_at <= at:
            return None
        if self.blink and self.blink[0] <= at < self.blink[1]:
            return None
        visible = [one for one in self.versions if one.visible_at <= at]
        return visible[-1] if visible else None

    def lateness(self, version: Version) -> timedelta:
        """How long after its stamp this state may first have been seen."""
        seen_from = version.visible_at
        if self.blink and self.blink[1] > seen_from:
            seen_from = self.blink[1]
        return max(seen_from - version.state.updated_at, NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a cursor stands for: all behind this key."""

    scope: Scope
    behind: Key
    until: datetime | None


class LiveSource:
    """Records of one kind."""

    name: str
    mode: Mode

    def __init__(
        self,
        wire: Wire,
        now: Callable[[], datetime],
        *,
        page_size: int = 5,
        cursor_life: timedelta | None = None,
    ) -> None:
        self.wire, self.now, self.page_size = wire, now, page_size
        #: How long a cursor is good for; ``None`` for ever.
        self.cursor_life = cursor_life
        self.records = dict[str, Record]()
        self.calls = Counter[str]()
        self._cursors = dict[str, _Place]()
        self._number = count(1)

    def write(self, state: Activity, *, visible_in: timedelta = NOTHING) -> None:
        """Make a record, or give it another state."""
        record = self.records.setdefault(state.activity_id, Record())
        record.versions.append(Version(state=state, visible_at=self.now() + visible_in))

    def fetch(self, _client: object, scope: Scope, cursor: str | None) -> Page:
        self.calls["fetch"] += 1
        self.wire.before("fetch", has_cursor=cursor is not None)
        now = self.now()
        behind = None
        if cursor is not None:
            place = self._cursors.get(cursor)
            if place is None or (place.until is not None and now > place.until):
                raise CursorRefused("the cursor is not known any more")
            scope, behind = place.scope, place.behind
        rows = sorted(self._shown(scope, now), key=self.key)
        start = 0
        if behind is not None:
            start = bisect_right(rows, behind, key=self.key)
            start = max(0, start - self.wire.repeats())
        end = start + self.page_size
        page = rows[start:end]
        next_cursor = self._new_cursor(scope, self.key(page[-1]), now) if rows[end:] else None
        self.wire.after("fetch", [one.activity_id for one in page])
        return Page(
            activities=tuple(page),
            next_cursor=next_cursor,
            answered_at=now.replace(microsecond=0),
        )

    def key(self, one: Activity) -> Key:
        raise NotImplementedError

    def _new_cursor(self, scope: Scope, behind: Key, now: datetime) -> str:
        name = f"c{next(self._number)}"
        until = None if self.cursor_life is None else now + self.cursor_life
        self._cursors[name] = _Place(scope=scope, behind=behind, until=until)
        return name

    def _shown(self, scope: Scope, now: datetime) -> Iterator[Activity]:
        for record in self.records.values():
            version = record.shown(now)
            if version is None:
                continue
            one = version.state
            if isinstance(scope, Window) and scope.since and one.updated_at < scope.since:
                continue
            if isinstance(scope, Resources) and (
                one.part != scope.part or one.post not in scope.ids
            ):
                continue
            yield one


class LiveOrders(LiveSource):
    """Ascending by the last change, from a moment on; of equal stamps in the order of ids."""

    name = "orders"
    mode: Mode = "window"

    def key(self, one: Activity) -> Key:
        return one.updated_at, one.activity_id


class LiveComments(LiveSource):
    """By id, without a time; numbers by resource, which may lag behind."""

    name = "comments"
    mode: Mode = "walk"
    #: How old the numbers are that Wix tells.
    count_lag = NOTHING

    def key(self, one: Activity) -> Key:
        return LONG_AGO, one.activity_id

    def probe(self, _client: object, known: Known, offsets: Mapping[str, int]) -> Probed:
        self.calls["probe"] += 1
        self.wire.before("probe", has_cursor=False)
        at = self.now() - self.count_lag
        shown = [record.shown(at) for record in self.records.values()]
        standing = [one.state for one in shown if one and is_live(one.state.marks)]
        by_post = Counter((one.part, one.post) for one in standing)
        live = Counter(one.part for one in standing)
        changed, unexplained = list[Resources](), dict[str, int]()
        for part in sorted({*live, *known}):
            ours = known.get(part, {})
            more = live[part] - sum(ours.values())
            if more and more != offsets.get(part):
                ids = [post for post in sorted(ours) if by_post[part, post] != ours[post]]
                changed += [
                    Resources(part=part, ids=tuple(ids[n : n + 100]))
                    for n in range(0, len(ids), 100)
                ]
                more -= sum(by_post[part, post] - ours[post] for post in ids)
            if more:
                unexplained[part] = more
        self.wire.after("probe")
        return Probed(
            live={part: live[part] for part in sorted({*live, *known})},
            changed=tuple(changed),
            unexplained=unexplained,
        )
