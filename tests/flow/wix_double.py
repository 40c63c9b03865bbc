"""A Wix in memory: a world of facts and badges, its lag, its habits and scripted faults.

It doubles Wix and nothing of ours. Every call it sees is noted, with the moment it came.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Literal

from badgejobs.core.activity import Activity, Unreadable, is_live
from badgejobs.core.milestone import Look
from badgejobs.core.source import Known, Page, Probed, Resources, Scope, Window
from badgejobs.core.wixfacts import (
    Created,
    Fence,
    Removed,
    WixAssignment,
    WixBadge,
    WixMember,
)
from badgejobs.errors import (
    AlreadyExists,
    Ambiguous,
    BadgeJobsError,
    CursorRefused,
    NotFound,
    Refused,
    StaleRevision,
)


class WorkerKilled(BaseException):
    """The process ends here: nothing of ours may catch it."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to one call: it is applied before, long after, or never, and then fails."""

    error: BaseException
    applied: bool = False
    #: Applied so long after the call failed.
    late: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call that the world saw."""

    name: str
    at: datetime
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(kw_only=True)
class Row:
    """A badge assignment, and from when on a query shows it."""

    number: int
    assignment: WixAssignment
    visible_at: datetime


def lost() -> Ambiguous:
    return Ambiguous("no readable answer came")


class World:
    """One site at Wix; it is its own ``Badges``."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.lag = timedelta(0)
        #: What a create of a pair that stands already does.
        self.second_create: Literal["refuse", "return", "row"] = "refuse"
        #: A request has taken effect by then, or never will; what the settings allow for.
        self.applied_within = timedelta(seconds=90)
        self.members_gone = set[str]()
        #: Assignments on a page of their list.
        self.page_size = 100
        #: The badges in their order of display.
        self.order = list[str]()
        self.calls = list[Call]()
        self._faults = defaultdict[str, deque[Fault | None]](deque)
        self._meanwhile = defaultdict[str, deque[Callable[[], object] | None]](deque)
        self._badges = dict[str, tuple[WixBadge, datetime]]()
        self._rows = list[Row]()
        self._late = list[tuple[datetime, list[tuple[str, str]]]]()
        self._number = count(1)

    # ------------------------------------------------------------ what tests do and look at

    def script(self, name: str, *faults: Fault | BaseException | None) -> None:
        """Let the next calls of this name meet these; ``None`` lets one pass."""
        for one in faults:
            self._faults[name].append(Fault(error=one) if isinstance(one, BaseException) else one)

    def relent(self) -> None:
        """From now on nothing goes wrong."""
        self._faults.clear()
        self._meanwhile.clear()

    def meanwhile(self, name: str, *actions: Callable[[], object] | None) -> None:
        """Let these happen while the next calls of this name are under way.

        What is named ``before create`` happens between our decision to send and the last check.
        """
        self._meanwhile[name].extend(actions)

    def stand(
        self, title: str, look: Look | None = None, *, permissions_enabled: bool = False
    ) -> WixBadge:
        """A badge that the owner made, and perhaps lets open pages."""
        return self._new_badge(look or Look(title=title), permissions_enabled=permissions_enabled)

    def open_pages(self, badge_id: str) -> None:
        """The owner switches a badge's permissions on."""
        badge, visible = self._badges[badge_id]
        self._badges[badge_id] = replace(badge, permissions_enabled=True), visible

    def give(self, badge_id: str, member_id: str) -> WixAssignment:
        """The owner gives a badge by hand."""
        return self._add(badge_id, member_id)

    def take(self, badge_id: str, member_id: str) -> None:
        """The owner takes a badge away from one member."""
        self._rows = [
            row
            for row in self._rows
            if (row.assignment.badge_id, row.assignment.member_id) != (badge_id, member_id)
        ]

    def drop_badge(self, badge_id: str) -> None:
        """The owner deletes a badge, and with it every assignment of it."""
        del self._badges[badge_id]
        self.order.remove(badge_id)
        self._rows = [row for row in self._rows if row.assignment.badge_id != badge_id]

    def delete_member(self, member_id: str) -> None:
        """A member is deleted, and with them every assignment of theirs."""
        self.members_gone.add(member_id)
        self._rows = [row for row in self._rows if row.assignment.member_id != member_id]

    def rename(self, badge_id: str, title: str) -> None:
        """The owner gives a badge another title."""
        badge, visible = self._badges[badge_id]
        self._badges[badge_id] = (
            replace(
                badge,
                title=title,
                look=replace(badge.look, title=title),
                revision=str(int(badge.revision) + 1),
            ),
            visible,
        )

    @property
    def standing(self) -> Counter[tuple[str, str]]:
        """How often each (title, member) stands, lag or not."""
        self._apply_late()
        return Counter(
            (self._badges[row.assignment.badge_id][0].title, row.assignment.member_id)
            for row in self._rows
        )

    @property
    def titles(self) -> list[str]:
        return sorted(badge.title for badge, _ in self._badges.values())

    def named(self, *names: str) -> list[Call]:
        """The calls of these names, in order."""
        return [call for call in self.calls if call.name in names]

    @property
    def sent(self) -> Counter[tuple[str, str]]:
        """How often each (badge id, member) went out in a create."""
        return Counter(pair for call in self.named("create", "create_many") for pair in call.pairs)

    # ------------------------------------------------------------ Badges

    def badges(self) -> list[WixBadge]:
        fault = self.called("badges")
        if fault:
            raise fault.error
        return [badge for badge, visible in self._badges.values() if visible <= self.now()]

    def create_badge(self, look: Look) -> WixBadge:
        fault = self.called("create_badge")
        if fault and not fault.applied:
            raise fault.error
        made = self._new_badge(look)
        if fault:
            raise fault.error
        return made

    def assignments(
        self, badge_ids: Collection[str], member_ids: Collection[str] | None = None
    ) -> list[WixAssignment]:
        assert member_ids is None or len(member_ids) <= 100
        fault = self.called("assignments")
        if fault:
            raise fault.error
        self._apply_late()
        return [
            row.assignment
            for row in self._rows
            if row.visible_at <= self.now()
            and row.assignment.badge_id in badge_ids
            and (member_ids is None or row.assignment.member_id in member_ids)
        ]

    def assignments_page(
        self, badge_ids: Collection[str], cursor: str | None
    ) -> tuple[list[WixAssignment], str | None]:
        assert len(badge_ids) <= 100
        fault = self.called("assignments")
        if fault:
            raise fault.error
        self._apply_late()
        rows = [
            (row.number, row.assignment)
            for row in self._rows
            if row.visible_at <= self.now() and row.assignment.badge_id in badge_ids
            if row.number > int(cursor or 0)
        ]
        page = rows[: self.page_size]
        more = len(rows) > len(page)
        return [one for _, one in page], str(page[-1][0]) if more else None

    def create_assignment(self, badge_id: str, member_id: str, *, fence: Fence) -> WixAssignment:
        (result,) = self._create("create", [(badge_id, member_id)], fence)
        if result.assignment:
            return result.assignment
        assert result.error
        raise result.error

    def create_assignments(
        self, pairs: Sequence[tuple[str, str]], *, fence: Fence
    ) -> list[Created]:
        assert len(pairs) <= 100
        return self._create("create_many", pairs, fence)

    def delete_assignments(self, assignment_ids: Sequence[str], *, fence: Fence) -> list[Removed]:
        assert len(assignment_ids) <= 100
        self._let_happen("before delete")
        fence()
        pairs = [
            (row.assignment.badge_id, row.assignment.member_id)
            for row in self._rows
            if row.assignment.id in assignment_ids
        ]
        fault = self.called("delete_many", pairs)
        if fault and not fault.applied:
            raise fault.error
        self._apply_late()
        stood = {row.assignment.id for row in self._rows}
        self._rows = [row for row in self._rows if row.assignment.id not in assignment_ids]
        if fault:
            raise fault.error
        return [Removed(was_there=one in stood) for one in assignment_ids]

    def get_badge(self, badge_id: str) -> WixBadge:
        fault = self.called("get_badge")
        if fault:
            raise fault.error
        if badge_id not in self._badges:
            raise NotFound("no such badge")
        return self._badges[badge_id][0]

    def update_badge(
        self,
        badge_id: str,
        revision: str,
        *,
        title: str | None = None,
        description: str | None = None,
        background: str | None = None,
        text: str | None = None,
        icon: str | None = None,
    ) -> WixBadge:
        fault = self.called("update_badge")
        if fault and not fault.applied:
            raise fault.error
        if badge_id not in self._badges:
            raise NotFound("no such badge")
        badge, visible = self._badges[badge_id]
        if badge.revision != revision:
            raise StaleRevision("changed since it was read")
        told = {
            "title": title,
            "description": description,
            "background": background,
            "text": text,
            "icon": icon,
        }
        look = replace(
            badge.look, **{name: value for name, value in told.items() if value is not None}
        )
        changed = replace(badge, look=look, title=look.title, revision=str(int(badge.revision) + 1))
        self._badges[badge_id] = changed, visible
        if fault:
            raise fault.error
        return changed

    def move_badge(
        self,
        badge_id: str,
        *,
        place: Literal["FIRST", "LAST"] | None = None,
        after: str | None = None,
    ) -> None:
        fault = self.called("move_badge")
        if fault:
            raise fault.error
        if not {badge_id, after or badge_id} <= self._badges.keys():
            raise NotFound("no such badge")
        order = [one for one in self.order if one != badge_id]
        at = {"FIRST": 0, "LAST": len(order)}[place] if place else order.index(after or "") + 1
        self.order = [*order[:at], badge_id, *order[at:]]

    def members(self, member_ids: Collection[str]) -> dict[str, WixMember]:
        fault = self.called("members")
        if fault:
            raise fault.error
        there = set(member_ids) - self.members_gone
        return {one: WixMember(id=one, status="APPROVED") for one in there}

    # ------------------------------------------------------------ inside

    def called(self, name: str, pairs: Sequence[tuple[str, str]] = ()) -> Fault | None:
        """Note a call, let happen what happens meanwhile, and tell how it fails."""
        self.calls.append(Call(name=name, at=self.now(), pairs=tuple(pairs)))
        self._let_happen(name)
        waiting = self._faults[name]
        return waiting.popleft() if waiting else None

    def _let_happen(self, name: str) -> None:
        waiting = self._meanwhile[name]
        action = waiting.popleft() if waiting else None
        if action:
            action()

    def _create(self, name: str, pairs: Sequence[tuple[str, str]], fence: Fence) -> list[Created]:
        self._let_happen("before create")
        fence()
        sent_at = self.now()
        fault = self.called(name, pairs)
        if self.now() - sent_at > self.applied_within:
            # What happened meanwhile took longer than Wix may take: our client has given up.
            raise lost()
        if fault and fault.late is not None:
            self._late.append((self.now() + fault.late, list(pairs)))
        if fault and not fault.applied:
            raise fault.error
        self._apply_late()
        results = [self._one(badge_id, member_id) for badge_id, member_id in pairs]
        if fault:
            raise fault.error
        return results

    def _one(self, badge_id: str, member_id: str, *, at: datetime | None = None) -> Created:
        if badge_id not in self._badges or member_id in self.members_gone:
            return Created(error=NotFound("no such badge or member"))
        standing = [
            row.assignment
            for row in self._rows
            if (row.assignment.badge_id, row.assignment.member_id) == (badge_id, member_id)
        ]
        if standing and self.second_create == "refuse":
            return Created(error=AlreadyExists("stands already"))
        if standing and self.second_create == "return":
            return Created(assignment=standing[0])
        return Created(assignment=self._add(badge_id, member_id, at=at))

    def _add(self, badge_id: str, member_id: str, *, at: datetime | None = None) -> WixAssignment:
        born = at or self.now()
        number = next(self._number)
        made = WixAssignment(
            id=f"a{number}",
            badge_id=badge_id,
            member_id=member_id,
            created_at=born,
        )
        self._rows.append(Row(number=number, assignment=made, visible_at=born + self.lag))
        return made

    def _apply_late(self) -> None:
        due = [one for one in self._late if one[0] <= self.now()]
        self._late = [one for one in self._late if one[0] > self.now()]
        for at, pairs in due:
            for badge_id, member_id in pairs:
                self._one(badge_id, member_id, at=at)

    def _new_badge(self, look: Look, *, permissions_enabled: bool = False) -> WixBadge:
        made = WixBadge(
            id=f"b{next(self._number)}",
            revision="1",
            title=look.title,
            look=look,
            permissions_enabled=permissions_enabled,
        )
        self._badges[made.id] = (made, self.now() + self.lag)
        self.order.append(made.id)
        return made


@dataclass(frozen=True, kw_only=True)
class _Place:
    """What a cursor of the double stands for: all behind this key."""

    since: datetime | None
    on: Resources | None = None
    after: tuple[datetime, str] | tuple[str, str] | None


class WorldSource:
    """Records of one kind at Wix, read page by page."""

    name: str
    mode: Literal["window", "walk"]

    def __init__(self, world: World, *, page_size: int = 2) -> None:
        self.world, self.page_size = world, page_size
        self.records = dict[str, Activity]()
        #: Records that a reader sees only from a moment on, for late ones.
        self.visible_at = dict[str, datetime]()
        self.poisoned = set[str]()
        self.scopes = list[tuple[Scope, str | None]]()
        self.refused_cursors = set[str]()
        #: How Wix's next cursors are named; a test may let them run in a circle.
        self.next_cursors: deque[str] = deque()
        self._places = dict[str, _Place]()
        self._number = count(1)

    def put(self, *records: Activity, visible_in: timedelta = timedelta(0)) -> None:
        """Make or change records."""
        for one in records:
            self.records[one.activity_id] = one
            self.visible_at[one.activity_id] = self.world.now() + visible_in

    def fetch(self, _client: World, scope: Scope, cursor: str | None) -> Page:
        self.scopes.append((scope, cursor))
        fault = self.world.called(f"fetch {self.name}")
        if fault:
            raise fault.error
        if cursor in self.refused_cursors:
            raise CursorRefused("the cursor is not known")
        place = self._places[cursor] if cursor else self._start(scope)
        rows = self._behind(place)
        page, rest = rows[: self.page_size], rows[self.page_size :]
        next_cursor = None
        if rest or self.next_cursors:
            next_cursor = (
                self.next_cursors.popleft() if self.next_cursors else f"c{next(self._number)}"
            )
            self._places[next_cursor] = replace(
                place, after=self.key(page[-1]) if page else place.after
            )
        return Page(
            activities=tuple(one for one in page if one.activity_id not in self.poisoned),
            unreadable=tuple(
                Unreadable(source=self.name, activity_id=one.activity_id, reason="status: unknown")
                for one in page
                if one.activity_id in self.poisoned
            ),
            next_cursor=next_cursor,
            answered_at=self.world.now(),
        )

    def key(self, one: Activity) -> tuple[datetime, str] | tuple[str, str]:
        raise NotImplementedError

    def _start(self, scope: Scope) -> _Place:
        since = scope.since if isinstance(scope, Window) else None
        return _Place(since=since, on=scope if isinstance(scope, Resources) else None, after=None)

    def _behind(self, place: _Place) -> list[Activity]:
        now = self.world.now()
        rows = [
            one
            for one in self.records.values()
            if self.visible_at[one.activity_id] <= now
            and (place.since is None or one.updated_at >= place.since)
            and (place.on is None or (one.part == place.on.part and one.post in place.on.ids))
        ]
        rows.sort(key=self.key)
        if place.after is None:
            return rows
        # Both sides are keys of one kind.
        return [one for one in rows if self.key(one) > place.after]


class WorldOrders(WorldSource):
    """Orders: ascending by their last change, asked for from a moment on."""

    name = "orders"
    mode: Literal["window", "walk"] = "window"

    def key(self, one: Activity) -> tuple[datetime, str]:
        return one.updated_at, one.activity_id


class WorldComments(WorldSource):
    """Comments: by id, in full walks only, with a count for probes."""

    name = "comments"
    mode: Literal["window", "walk"] = "walk"

    def key(self, one: Activity) -> tuple[str, str]:
        return one.activity_id, ""

    def probe(self, _client: World, known: Known, offsets: Mapping[str, int]) -> Probed:
        """Knows every resource's number at once; a real one must ask for it."""
        fault = self.world.called("probe")
        if fault:
            raise fault.error
        now = self.world.now()
        published = [
            one
            for one in self.records.values()
            if is_live(one.marks) and self.visible_at[one.activity_id] <= now
        ]
        live = Counter(one.part for one in published)
        here = Counter((one.part, one.post) for one in published)
        changed = []
        unexplained = dict[str, int]()
        for part in sorted({*live, *known}):
            told = known.get(part, {})
            by = live[part] - sum(told.values())
            if by == 0:
                continue
            unexplained[part] = by
            if by == offsets.get(part):
                continue
            differing = {post: here[part, post] - n for post, n in told.items()}
            if ids := sorted(post for post, more in differing.items() if post and more):
                changed.append(Resources(part=part, ids=tuple(ids)))
                unexplained[part] -= sum(differing[one] for one in ids)
        return Probed(
            live=live,
            changed=tuple(changed),
            unexplained={part: by for part, by in unexplained.items() if by},
        )


__all__ = [
    "AlreadyExists",
    "BadgeJobsError",
    "Call",
    "Fault",
    "NotFound",
    "Refused",
    "WorkerKilled",
    "World",
    "WorldComments",
    "WorldOrders",
    "lost",
]
