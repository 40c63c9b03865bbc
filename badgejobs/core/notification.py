"""What is told to somebody outside: of which awards, by which channel, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from badgejobs.core.award import Award, Giver, State
from badgejobs.core.calendar import UTC_ZONE


class Channel(StrEnum):
    """By which way somebody is told."""

    WEBHOOK = "webhook"
    MAIL = "mail"


class Event(StrEnum):
    """What happened to a badge of a member."""

    GIVEN = "given"
    TAKEN = "taken"


#: Between the first failure and the next try; each further pause is twice as long.
FIRST_PAUSE = timedelta(seconds=30)
#: No pause is longer.
LONGEST_PAUSE = timedelta(hours=1)

_MONDAY = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """The hours in which nobody is told anything, by the site's clock; they may span midnight."""

    begins: time
    ends: time

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When they are over, in UTC, where ``now`` lies in them.

        >>> night = Quiet(begins=time(22), ends=time(7))
        >>> night.until(datetime(2026, 1, 1, 23, tzinfo=UTC), UTC_ZONE).isoformat()
        '2026-01-02T07:00:00+00:00'
        >>> night.until(datetime(2026, 1, 1, 7, tzinfo=UTC), UTC_ZONE)
        """
        local = now.astimezone(zone)
        clock, day = local.time(), local.date()
        if self.begins < self.ends:
            is_quiet = self.begins <= clock < self.ends
        else:
            is_quiet = clock >= self.begins or clock < self.ends
            if clock >= self.begins:
                day += timedelta(days=1)
        if not is_quiet:
            return None
        over = datetime.combine(day, self.ends, tzinfo=zone).astimezone(UTC)
        return over if over > now else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """When a mail with all that happened goes out, by the site's clock; weekly on Mondays."""

    at: time = time(8)
    weekly: bool = False

    def after(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The first such moment after ``now``, in UTC.

        >>> thursday = datetime(2026, 1, 1, 9, tzinfo=UTC)
        >>> Digest().after(thursday, UTC_ZONE).isoformat()
        '2026-01-02T08:00:00+00:00'
        >>> Digest(weekly=True).after(thursday, UTC_ZONE).isoformat()
        '2026-01-05T08:00:00+00:00'
        """
        day = now.astimezone(zone).date()
        while True:
            moment = datetime.combine(day, self.at, tzinfo=zone).astimezone(UTC)
            if moment > now and (not self.weekly or day.weekday() == _MONDAY):
                return moment
            day += timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Who is told of what happens at one site, and when."""

    channels: frozenset[Channel]
    on: frozenset[Event] = frozenset({Event.GIVEN})
    zone: ZoneInfo = UTC_ZONE
    quiet: Quiet | None = None
    digest: Digest = Digest()
    #: Badges whose rules say ``notify: {award: false}``, ``notify: {revoke: true}`` and
    #: ``backfill: {notify: true}``.
    unheard: frozenset[str] = frozenset()
    taken_too: frozenset[str] = frozenset()
    past_too: frozenset[str] = frozenset()

    def event_of(self, was: Award, one: Award) -> Event | None:
        """What a change of an award is to others; ``None`` for what nobody is told of.

        Told is what the rules did to a badge of ours just now. Silent are backfills and changed
        rules, unless the badge's rule asks for its past, and always what is given once more and
        all that a person did.
        """
        is_silent = one.silent and not (one.period == 1 and one.badge in self.past_too)
        if is_silent or one.by_hand or was.by_hand or was.state is one.state:
            return None
        if one.giver is not Giver.OURS:
            return None
        if one.state is State.ASSIGNED:
            if was.state is State.REVOKING:
                return None  # it could not be taken, and stands as it stood
            is_told = Event.GIVEN in self.on and one.badge not in self.unheard
            return Event.GIVEN if is_told else None
        if one.state is State.REVOKED:
            is_told = Event.TAKEN in self.on or one.badge in self.taken_too
            return Event.TAKEN if is_told else None
        return None

    def due_at(self, channel: Channel, now: datetime) -> datetime:
        """When something that happens now is told; quiet hours postpone it."""
        due = self.digest.after(now, self.zone) if channel is Channel.MAIL else now
        return self.not_quiet(due)

    def not_quiet(self, moment: datetime) -> datetime:
        """The moment, or the end of the quiet hours that it lies in."""
        return self.quiet_until(moment) or moment

    def quiet_until(self, now: datetime) -> datetime | None:
        """When quiet hours are over, where they are on."""
        return self.quiet.until(now, self.zone) if self.quiet else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing to be told by one channel, named by site, member, badge, period and both."""

    row: int
    site: str
    member_id: str
    badge: str
    period: int
    channel: Channel
    event: Event
    #: When it happened.
    made_at: datetime
    #: When the badge was earned; missing where the award is not in the ledger any more.
    earned_at: datetime | None = None
    #: As Wix shows the badge, and its id there; empty where it is not bound any more.
    title: str = ""
    wix_badge_id: str = ""
    #: When it is told, or was tried last and is tried again; ``None`` where that is over.
    due_at: datetime | None = None
    tries: int = 0
    sent_at: datetime | None = None
    last_error: str = ""
    claim: str | None = None

    @property
    def is_given_up(self) -> bool:
        """Whether nobody was told, and nobody will be by itself."""
        return self.due_at is None and self.sent_at is None

    @property
    def id(self) -> str:
        """The same at every repetition, so that a receiver can tell one."""
        return f"msg_{digest_of([self])}"


def digest_of(some: Iterable[Notification]) -> str:
    """A name for exactly these, which tells nothing of them."""
    parts = [
        f"{one.site}\x1f{one.member_id}\x1f{one.badge}\x1f{one.period}\x1f{one.channel}"
        f"\x1f{one.event}\x1f{one.made_at.astimezone(UTC).isoformat()}"
        for one in some
    ]
    return sha256("\x1e".join(sorted(parts)).encode()).hexdigest()[:32]


def pause_after(tries: int, give_up: timedelta) -> timedelta | None:
    """How long to wait after so many failures; ``None`` where the time to try is used up.

    >>> pause_after(1, timedelta(hours=1)), pause_after(3, timedelta(hours=1))
    (datetime.timedelta(seconds=30), datetime.timedelta(seconds=120))
    >>> pause_after(7, timedelta(hours=1))
    """
    waited = timedelta(0)
    pause = FIRST_PAUSE
    for _ in range(1, tries):
        waited += pause
        pause = min(2 * pause, LONGEST_PAUSE)
    return pause if waited + pause <= give_up else None


def most_tries(give_up: timedelta) -> int:
    """After how many failures the time to try is used up.

    >>> most_tries(timedelta(hours=1)), pause_after(6, timedelta(hours=1)) is None
    (7, False)
    """
    tries = 1
    while pause_after(tries, give_up) is not None:
        tries += 1
    return tries


def spread(pause: timedelta, of: int) -> timedelta:
    """A pause up to a quarter longer, so that what failed together comes in another order.

    >>> spread(timedelta(seconds=100), 0), spread(timedelta(seconds=100), 1)
    (datetime.timedelta(seconds=100), datetime.timedelta(seconds=119, microseconds=25000))
    """
    return pause * (1 + (of * 2_654_435_761) % 1000 / 4000)


class Came(StrEnum):
    """What came of telling somebody."""

    TOLD = "told"
    #: It did not arrive, or nobody knows.
    FAILED = "failed"
    #: The receiver wants nothing more, ever (410).
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back, in words without member data."""

    came: Came
    text: str = ""
    #: How long the receiver asks us to wait.
    pause: timedelta | None = None
    #: Its status and the beginning of its body, for a person who tries it.
    status: int | None = None
    body: str = ""
