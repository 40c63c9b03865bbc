"""A Wix where a person has a hand too, and which knows of each assignment who made it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from wix_double import Row, World

from badgejobs.core.award import CLOCK_SKEW
from badgejobs.core.wixfacts import Created, Fence, Removed, WixAssignment

Pair = tuple[str, str]


class Broken(AssertionError):
    """A law that must hold after each call does not."""


class LifeWorld(World):
    """What goes is shown for a while, a reading may miss one row, and every call is looked at.

    Pairs are (Wix badge id, member).
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        #: The assignments that the owner made in the dashboard.
        self.by_owner = set[str]()
        #: Creates of a pair whose answer did not come, by when they were sent.
        self.lost_sends = list[tuple[Pair, datetime]]()
        self.sends = list[tuple[Pair, datetime]]()
        #: What looks at each row that is about to be made, taken by us, and after each change.
        self.on_create: Callable[[Pair], None] = lambda _: None
        self.on_delete: Callable[[WixAssignment], None] = lambda _: None
        self.on_lost_delete: Callable[[Collection[str]], None] = lambda _: None
        self.after: Callable[[], None] = lambda: None
        #: So many complete readings miss one row each, and no row is missed twice.
        self.holes = 0
        self._missed = set[str]()
        self._ghosts = list[tuple[Row, datetime]]()

    # ------------------------------------------------------------ a person's hand

    def give(self, badge_id: str, member_id: str) -> WixAssignment:
        made = super().give(badge_id, member_id)
        self.by_owner.add(made.id)
        return made

    def take(self, badge_id: str, member_id: str) -> None:
        with self._going():
            super().take(badge_id, member_id)

    def delete_member(self, member_id: str) -> None:
        with self._going():
            super().delete_member(member_id)

    def rows(self, pair: Pair) -> list[WixAssignment]:
        """What stands of one pair, lag or not."""
        self._apply_late()
        return self.rows_now(pair)

    def rows_now(self, pair: Pair) -> list[WixAssignment]:
        """What stands of one pair, but for what is on its way."""
        return [
            row.assignment
            for row in self._rows
            if (row.assignment.badge_id, row.assignment.member_id) == pair
        ]

    def has_badge(self, badge_id: str) -> bool:
        return badge_id in self._badges

    def may_be_ours(self, row: WixAssignment) -> bool:
        """Whether nobody can tell that a person made it: it was born while ours was under way.

        Of a create whose answer is lost, anything born while it may be applied can be the fruit;
        where Wix answers a create with what stands, also what is as young as it by our clocks.
        """
        pair, born = (row.badge_id, row.member_id), row.created_at
        assert born
        window = self.applied_within + CLOCK_SKEW
        sends = self.sends if self.second_create == "return" else self.lost_sends
        return any(of == pair and sent - CLOCK_SKEW <= born <= sent + window for of, sent in sends)

    # ------------------------------------------------------------ what we call

    def assignments(
        self, badge_ids: Collection[str], member_ids: Collection[str] | None = None
    ) -> list[WixAssignment]:
        rows = super().assignments(badge_ids, member_ids)
        now = self.now()
        self._ghosts = [one for one in self._ghosts if one[1] > now]
        rows += [
            row.assignment
            for row, _ in self._ghosts
            if row.visible_at <= now
            and row.assignment.badge_id in badge_ids
            and (member_ids is None or row.assignment.member_id in member_ids)
        ]
        if member_ids is None and self.holes:
            self.holes -= 1
            left = [one for one in rows if one.id not in self._missed]
            if left:
                self._missed.add(left[0].id)
                rows.remove(left[0])
        return rows

    def delete_assignments(self, assignment_ids: Sequence[str], *, fence: Fence) -> list[Removed]:
        def checked() -> None:
            fence()
            self._apply_late()
            for row in self._rows:
                if row.assignment.id in assignment_ids:
                    self.on_delete(row.assignment)

        try:
            with self._going():
                return super().delete_assignments(assignment_ids, fence=checked)
        except BaseException as error:
            if getattr(error, "may_have_happened", True):
                self.on_lost_delete(assignment_ids)
            raise
        finally:
            self.after()

    def _create(self, name: str, pairs: Sequence[Pair], fence: Fence) -> list[Created]:
        def checked() -> None:
            fence()
            for pair in pairs:
                self.sends.append((pair, self.now()))
                self._look_for_an_older_one(pair)

        before = len(self.sends)
        try:
            return super()._create(name, pairs, checked)
        except BaseException as error:
            if getattr(error, "may_have_happened", True):
                self.lost_sends += self.sends[before : before + len(pairs)]
            raise
        finally:
            self.after()

    def _look_for_an_older_one(self, pair: Pair) -> None:
        """Whoever asks first, as we must, sees what was shown for longer than a claim lasts."""
        for row in self._rows:
            told = (row.assignment.badge_id, row.assignment.member_id) == pair
            if told and row.visible_at + timedelta(seconds=45) < self.now():
                raise Broken("a create of what a Query shows for long")

    def _one(self, badge_id: str, member_id: str, *, at: datetime | None = None) -> Created:
        if badge_id in self._badges and member_id not in self.members_gone:
            self.on_create((badge_id, member_id))
        return super()._one(badge_id, member_id, at=at)

    @contextmanager
    def _going(self) -> Iterator[None]:
        """What goes here is shown for as long as the lag is."""
        before = list(self._rows)
        try:
            yield
        finally:
            here = {row.assignment.id for row in self._rows}
            until = self.now() + self.lag
            known = {row.assignment.id for row, _ in self._ghosts}
            self._ghosts += [
                (row, until)
                for row in before
                if row.assignment.id not in here and row.assignment.id not in known
            ]
