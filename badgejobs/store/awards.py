"""The ledger: which awards there are, opened and withdrawn as the facts demand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, case, func, select, update

from badgejobs.core.allowance import Kind
from badgejobs.core.award import UNSENT, Award, State
from badgejobs.core.ledger import Claimed, Earned, Lapse
from badgejobs.store import batches, bulk_sizes, capping, claims, ledger, opening, removals, slots
from badgejobs.store.allowances import SqlAllowances
from badgejobs.store.dialect import chunks
from badgejobs.store.moment import Moment
from badgejobs.store.tables import award, award_history


class SqlAwards:
    """The ledger: our awards with their history."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def of_members(self, site: str, members: Collection[str]) -> dict[tuple[str, str], Award]:
        """All awards of these members by (member_id, badge)."""
        found = dict[tuple[str, str], Award]()
        for some in chunks(sorted(members)):
            rows = self._connection.execute(
                select(*ledger.COLUMNS).where(award.c.site == site, award.c.member_id.in_(some))
            )
            for one in map(ledger.from_row, rows):
                found[one.member_id, one.badge] = one
        return found

    def history(self, site: str, member_id: str) -> list[ledger.Change]:
        """Every change of state of one member's awards, oldest first."""
        names = ledger.Change.__dataclass_fields__
        rows = self._connection.execute(
            select(*(award_history.c[name] for name in names))
            .where(award_history.c.site == site, award_history.c.member_id == member_id)
            .order_by(award_history.c.id)
        )
        changes = []
        for row in rows.mappings():
            states = {
                "from_state": State(row["from_state"]) if row["from_state"] else None,
                "to_state": State(row["to_state"]),
            }
            changes.append(ledger.Change(**dict(row) | states))
        return changes

    def open(
        self,
        site: str,
        earned: Sequence[Earned],
        *,
        rules_version: str,
        silent: bool = False,
        declared: bool = False,
    ) -> int:
        """Open an award for each that has none, a withdrawn one or one that rules took; how many.

        Such a one begins anew: without attempts or reads, what was taken silently, in its next
        period, and only when no query shows any more what was taken. With a reason to ``hold``
        it is opened as held. Of ``silent`` ones nobody is told, and ``declared`` ones are outside
        the hourly cap.
        """
        wanted = {(one.member_id, one.badge): one for one in earned}
        opened = 0
        for pairs in chunks(sorted(wanted)):
            some = [wanted[pair] for pair in pairs]
            opened += opening.opened(
                self._connection,
                site,
                some,
                rules_version=rules_version,
                silent=silent,
                declared=declared,
                now=self._moment.now,
            )
        return opened

    def correct(self, site: str, earned: Sequence[Earned]) -> None:
        """Move ``earned_at`` and ``crossed_by`` of awards that stand already; their state stays."""
        if earned:
            self._connection.execute(
                update(award)
                .where(award.c.site == site)
                .where(award.c.member_id == bindparam("of_member"))
                .where(award.c.badge == bindparam("of_badge"))
                .values(earned_at=bindparam("moment"), crossed_by=bindparam("crossed")),
                [
                    {
                        "of_member": one.member_id,
                        "of_badge": one.badge,
                        "moment": one.earned_at,
                        "crossed": one.crossed_by,
                    }
                    for one in earned
                ],
            )

    def withdraw(self, site: str, pairs: Collection[tuple[str, str]], *, reason: str) -> int:
        """Take back (member_id, badge) awards that are unsent and not in anyone's hand."""
        return self._turn(site, pairs, lambda one: one.withdrawn(reason=reason), of=UNSENT)

    def hold(self, site: str, pairs: Collection[tuple[str, str]], *, reason: str) -> int:
        """Let unsent awards that are in nobody's hand wait; how many did not before."""
        return self._turn(site, pairs, lambda one: one.held(reason=reason), of=UNSENT)

    def clear(self, site: str, pairs: Collection[tuple[str, str]]) -> int:
        """Let awards that are held be given; how many were held."""
        return self._turn(site, pairs, Award.cleared, of={State.HELD})

    def mark(self, site: str, lapses: Sequence[Lapse]) -> None:
        """Note of awards that stand at Wix whether they should, and from when on they are to go.

        They are not touched otherwise.
        """
        if not lapses:
            return
        self._connection.execute(
            update(award)
            .where(award.c.site == site, award.c.state == State.ASSIGNED)
            .where(award.c.member_id == bindparam("of_member"))
            .where(award.c.badge == bindparam("of_badge"))
            .values(
                unmet_because=bindparam("because"),
                unmet_since=bindparam("since"),
                revoke_at=bindparam("goes_at"),
                # what stood in the way of taking it is over with it
                reason=case((bindparam("because") == "", ""), else_=award.c.reason),
            ),
            [
                {
                    "of_member": one.member_id,
                    "of_badge": one.badge,
                    "because": one.because or "",
                    "since": one.since,
                    "goes_at": one.goes_at,
                }
                for one in lapses
            ],
        )

    def allot(
        self, site: str, badge: str, *, first: int, reason: str, instead_of: str
    ) -> tuple[int, int]:
        """Give the places of a badge with a limit to those who come first: (cleared, held).

        Only unsent awards move: one that was sent, be it long ago, keeps its place. Those for
        whom there is none are held with ``reason``, and so are those who were held until now
        because of ``instead_of``.
        """
        front = slots.next_in_line(self._connection, site, badge, first=first)
        places = {one.member_id for one in front}
        ahead = {one.member_id for one in front if one.state is State.HELD}
        ahead |= slots.with_state(self._connection, site, badge, State.HELD, has_slot=True)
        opened = slots.with_state(self._connection, site, badge, State.PENDING, has_slot=False)
        cleared = self.clear(site, [(member, badge) for member in ahead])
        behind = [(member, badge) for member in opened - places]
        held = self.hold(site, behind, reason=reason)
        # another word, and no other state
        self._connection.execute(
            update(award)
            .where(award.c.site == site, award.c.badge == badge, award.c.state == State.HELD)
            .where(award.c.reason == instead_of)
            .values(reason=reason)
        )
        return cleared, held

    def in_front(self, site: str, badge: str, *, first: int) -> frozenset[str]:
        """The members with an unsent award for whom a badge with a limit has a place."""
        front = slots.next_in_line(self._connection, site, badge, first=first)
        return frozenset(one.member_id for one in front)

    def places(self, site: str, badge: str) -> tuple[int, int]:
        """Of a badge with a limit: (places used for good, unsent awards in line for the rest)."""
        used = slots.used(self._connection, site, badge)
        return used, slots.number_in_line(self._connection, site, badge)

    def before_in_line(self, one: Award) -> int:
        """How many waiting awards of a badge with a limit come before this one."""
        return slots.before(self._connection, one)

    def claim(
        self,
        site: str,
        *,
        limit: int,
        holds: timedelta,
        to_send: int | None = None,
        most_an_hour: int | None = None,
    ) -> Claimed | None:
        """Take a batch of due awards (pending or unknown, bound badge) in hand.

        No more than ``to_send`` of them are pending. Where the site is given only so many new
        awards an hour, those beyond it wait, unless it was declared that there would be more.
        """
        allowances = SqlAllowances(self._connection, self._moment)
        return batches.claim(
            self._connection,
            site,
            limit=limit,
            to_send=limit if to_send is None else to_send,
            holds=holds,
            now=self._moment.now,
            most=most_an_hour,
            spend=lambda number: allowances.spend(site, Kind.AWARDS, number),
        )

    def waiting_for_cap(self, site: str) -> tuple[int, datetime | None]:
        """How many awards wait for the hourly cap, and when the first may go by itself."""
        return capping.waiting(self._connection, site)

    def hasten(self, site: str, *, number: int | None = None) -> int:
        """Make so many of those that wait for the cap due now, or all of them; how many."""
        return capping.hasten(self._connection, site, number=number, now=self._moment.now)

    def bulk_size(self, site: str, *, usual: int) -> int:
        """How many awards the next bulk create of a site may hold."""
        return bulk_sizes.size(self._connection, site, usual=usual)

    def bulk_answered(self, site: str, *, usual: int, cut_to: int | None) -> None:
        """Note that a create was answered clearly, or (``cut_to``) that a bulk's answer is lost."""
        if cut_to is None:
            bulk_sizes.grow(self._connection, site, usual=usual)
        else:
            bulk_sizes.cut(self._connection, site, to=cut_to, usual=usual)

    def lost_sendings(
        self, site: str, pairs: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], list[datetime]]:
        """When the creates of (member_id, badge) were sent whose answers were lost."""
        return ledger.lost_sendings(self._connection, site, pairs)

    def settle(
        self, awards: Sequence[Award], *, claim: str, was: Sequence[Award] | None = None
    ) -> int:
        """Write awards that are still in this claim's hand; how many were.

        Where it is told how they ``was``, one whose state or attempt is another by now is let
        be. ``earned_at`` and ``rules_version`` are not written: while the award was in hand,
        decide may have corrected what the claim has read.
        """
        return claims.settle(self._connection, awards, claim=claim, now=self._moment.now, was=was)

    def holds(self, awards: Sequence[Award], *, claim: str, at_least: timedelta) -> bool:
        """Whether this claim still has all of them in hand for so long, at this very attempt."""
        return claims.holds(
            self._connection, awards, claim=claim, until=self._moment.now + at_least
        )

    def recover(self, *, quiet_period: timedelta) -> int:
        """Turn awards whose claim ran out back: in flight to unknown, others to free."""
        return claims.recover(self._connection, quiet_period=quiet_period, now=self._moment.now)

    def revive(self, site: str) -> int:
        """Bring back what waits for a person; how many awards."""
        return claims.revive(self._connection, site, now=self._moment.now)

    def turn_all(
        self,
        site: str,
        badge: str,
        change: Callable[[Award], Award],
        *,
        of: Collection[State],
        limit: int,
    ) -> int:
        """Change those of one badge that are in these states and nobody's hand; how many.

        No more than ``limit`` at once, so that the change must lead out of these states.
        """
        return claims.turn_all(
            self._connection, site, badge, change, of=of, limit=limit, now=self._moment.now
        )

    def in_hand(self, site: str, badge: str) -> bool:
        """Whether a worker has an award of this badge in hand, or its request is under way."""
        return claims.in_hand(self._connection, site, badge, now=self._moment.now)

    def due_sites(self, configured: Collection[str], limit: int) -> list[str]:
        """The served sites with awards that could be given or taken now, longest waiting first.

        What is to be given goes first.
        """
        now = self._moment.now
        to_give = claims.due_sites(self._connection, configured, limit=limit, now=now)
        to_take = removals.due_sites(self._connection, configured, limit=limit, now=now)
        return list(dict.fromkeys((*to_give, *to_take)))[:limit]

    def next_due_at(self, site: str, *, capped: bool = True) -> datetime | None:
        """The earliest moment at which there is work for an award; ``None`` without any.

        What is to be taken counts where it is due or nearly. Without ``capped`` those are left
        aside that wait for the hourly cap.
        """
        now = self._moment.now
        to_take = removals.next_due_at(self._connection, site, now=now)
        to_give = claims.next_due_at(self._connection, site, now=now, capped=capped)
        return min(filter(None, (to_give, to_take)), default=None)

    def states(self, site: str) -> dict[tuple[str, State], int]:
        """How many awards stand in each (badge, state)."""
        counts = (
            select(award.c.badge, award.c.state, func.count())
            .where(award.c.site == site)
            .group_by(award.c.badge, award.c.state)
        )
        return {
            (badge, State(state)): number
            for badge, state, number in self._connection.execute(counts)
        }

    def reasons(self, site: str) -> list[tuple[str, State, str, int]]:
        """Why awards are given up or held, as (badge, state, reason, how many), most first."""
        told = [State.BLOCKED, State.PAUSED, State.NEEDS_ATTENTION, State.HELD]
        number = func.count()
        counts = (
            select(award.c.badge, award.c.state, award.c.reason, number)
            .where(award.c.site == site, award.c.state.in_(told))
            .group_by(award.c.badge, award.c.state, award.c.reason)
            .order_by(number.desc(), award.c.badge, award.c.reason)
        )
        return [
            (badge, State(state), reason, count)
            for badge, state, reason, count in self._connection.execute(counts)
        ]

    def unmet(self, site: str) -> dict[str, int]:
        """How many awards of each badge stand at Wix by us, and should not any more."""
        counts = (
            select(award.c.badge, func.count().label("number"))
            .where(award.c.site == site, award.c.state == State.ASSIGNED)
            .where(award.c.unmet_since.is_not(None))
            .group_by(award.c.badge)
            .order_by(award.c.badge)
        )
        return {row.badge: row.number for row in self._connection.execute(counts)}

    def _turn(
        self,
        site: str,
        pairs: Collection[tuple[str, str]],
        change: Callable[[Award], Award],
        *,
        of: Collection[State],
    ) -> int:
        return claims.turn(self._connection, site, pairs, change, of=of, now=self._moment.now)
