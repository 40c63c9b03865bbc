"""Tell those outside what happened: claim in the database, tell, settle.

Whoever is told may be told twice, by the same id, where a worker is lost in between or an answer
is; nobody is told by two workers at once, and nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from badgejobs.core import alert
from badgejobs.core.notification import (
    LONGEST_PAUSE,
    Came,
    Channel,
    Notification,
    Reply,
    Telling,
    most_tries,
    pause_after,
    spread,
)
from badgejobs.errors import FileError
from badgejobs.flow.ports import Messenger, Store, Transaction

#: So many are claimed at once where each is told by itself ...
BATCH = 20
#: ... and where one mail tells of all; what is beyond goes into a second one.
MOST_IN_A_MAIL = 20_000
#: A claim holds so much longer than telling can take.
_ROOM = timedelta(seconds=60)
#: A template that is broken is tried again so much later; nothing counts as a failure meanwhile.
TEMPLATE_PAUSE = timedelta(minutes=10)
#: A receiver that failed so often in a row is away, and what is claimed need not be tried.
_AWAY_AFTER = 2

CHANNEL_UNSET = "the channel is not in the settings any more"
CHANNEL_OFF = "the receiver wanted nothing more (410)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """What came of it."""

    told: int = 0
    failed: int = 0
    given_up: int = 0
    #: Put off to the end of the quiet hours.
    postponed: int = 0
    more: bool = False


class _Goes(Enum):
    """What comes after one try."""

    ON = auto()
    #: The rest is let be until the pause is over.
    REST = auto()
    #: The channel is off for good.
    OFF = auto()


def notify(
    site: str,
    messengers: Mapping[Channel, Messenger],
    store: Store,
    *,
    telling: Telling,
    give_up: timedelta,
    holds: Mapping[Channel, timedelta],
    time_is_up: Callable[[], bool],
) -> Notified:
    """Tell of all that is due, or until the time of the slice is up.

    ``holds`` is how long telling once can take by a channel; what fails is tried again with
    growing pauses, until ``give_up`` of them are over.
    """
    done = Notified()
    with store.begin() as tx:
        if until := telling.quiet_until(tx.now):
            return replace(done, postponed=tx.notifications.postpone(site, until=until))
        for channel in Channel:
            if channel not in messengers:
                number = tx.notifications.give_up(site, channel, why=CHANNEL_UNSET)
                done = replace(done, given_up=done.given_up + number)
    for number, (channel, messenger) in enumerate(sorted(messengers.items())):
        if number and time_is_up():
            # one that was slow does not make the slice longer than its bounds allow for
            return replace(done, more=True)
        teller = _Teller(
            site, channel, messenger, store, telling, give_up, holds[channel], time_is_up
        )
        done = _sum(done, teller.work_off())
    return done


def _sum(one: Notified, other: Notified) -> Notified:
    return Notified(
        told=one.told + other.told,
        failed=one.failed + other.failed,
        given_up=one.given_up + other.given_up,
        postponed=one.postponed + other.postponed,
        more=one.more or other.more,
    )


@dataclass(slots=True)
class _Teller:
    """One channel of one site."""

    site: str
    channel: Channel
    messenger: Messenger
    store: Store
    telling: Telling
    give_up: timedelta
    holds: timedelta
    time_is_up: Callable[[], bool]
    failures_in_a_row: int = 0

    def work_off(self) -> Notified:
        total, is_begun = Notified(), False
        while True:
            if is_begun and self.time_is_up():
                return replace(total, more=True)
            is_begun = True
            with self.store.begin() as tx:
                if tx.notifications.is_off(self.site, self.channel):
                    number = tx.notifications.give_up(self.site, self.channel, why=CHANNEL_OFF)
                    return _sum(total, Notified(given_up=number))
                claimed = self._claim(tx)
            if not claimed:
                return total
            parts = [claimed] if self.channel is Channel.MAIL else [[one] for one in claimed]
            for index, part in enumerate(parts):
                left = [one for rest in parts[index:] for one in rest]
                if self.time_is_up() and index:
                    with self.store.begin() as tx:
                        tx.notifications.put_off((one, tx.now, "", False) for one in left)
                    return replace(total, more=True)
                goes, done = self._told(part, left[len(part) :])
                total = _sum(total, done)
                if goes is _Goes.REST:
                    return total
                if goes is _Goes.OFF:
                    break

    def _claim(self, tx: Transaction) -> list[Notification]:
        """As many as can be told before another may claim them too."""
        limit = MOST_IN_A_MAIL if self.channel is Channel.MAIL else BATCH
        tries = 1 if self.channel is Channel.MAIL else limit
        return tx.notifications.claim(
            self.site, self.channel, limit=limit, holds=self.holds * tries + _ROOM
        )

    def _told(
        self, part: Sequence[Notification], rest: Sequence[Notification]
    ) -> tuple[_Goes, Notified]:
        try:
            reply = self.messenger.tell(part)
        except FileError as error:
            return self._broken([*part, *rest], error)
        if reply.came is Came.TOLD:
            self.failures_in_a_row = 0
            with self.store.begin() as tx:
                tx.notifications.told(part)
                if alert.Kind.NOT_TOLD in tx.notifications.alerted(self.site, self.channel):
                    self._told_after_all(tx)
            return _Goes.ON, Notified(told=len(part))
        if reply.came is Came.GONE:
            return self._gone([*part, *rest], reply)
        self.failures_in_a_row += 1
        return self._failed(part, rest, reply)

    def _failed(
        self, part: Sequence[Notification], rest: Sequence[Notification], reply: Reply
    ) -> tuple[_Goes, Notified]:
        """Wait before the next try; who is away is not knocked at once for each.

        One that fails alone does not hold up the others: they come before it the next time.
        """
        is_away = self.failures_in_a_row >= _AWAY_AFTER
        failed = [*part, *rest] if is_away else part
        with self.store.begin() as tx:
            now = tx.now
            due = self._together([(one, self._again(one, now, reply)) for one in failed])
            settled = [(one, at, reply.text, True) for one, at in due]
            lost = sum(at is None for _, at in due)
            goes = _Goes.ON
            if not is_away and reply.pause is not None:
                # it is asked for nothing meanwhile, not even for what is due beyond these
                goes = _Goes.REST
                at = self.telling.not_quiet(now + reply.pause)
                settled += [(one, at, "", False) for one in rest]
                tx.notifications.postpone(self.site, until=at, channel=self.channel)
            tx.notifications.put_off(settled)
            beyond, beyond_lost = 0, 0
            if is_away:
                # each round costs the two requests that found it away, however much is due
                until = min((at for _, at in due if at), default=now + LONGEST_PAUSE)
                beyond, beyond_lost = tx.notifications.count_failed(
                    self.site,
                    self.channel,
                    until=until,
                    why=reply.text,
                    most=most_tries(self.give_up),
                )
            if lost or beyond_lost:
                self._tell_of_given_up(tx, reply.text)
        return (
            _Goes.REST if is_away else goes,
            Notified(failed=len(failed) - lost + beyond, given_up=lost + beyond_lost),
        )

    def _again(self, one: Notification, now: datetime, reply: Reply) -> datetime | None:
        pause = pause_after(one.tries + 1, self.give_up)
        if pause is None:
            return None
        pause = spread(max(pause, reply.pause or pause), one.row + one.tries)
        return self.telling.not_quiet(now + pause)

    def _together(
        self, due: list[tuple[Notification, datetime | None]]
    ) -> list[tuple[Notification, datetime | None]]:
        """What was in one mail comes into one again: all of it waits for the last."""
        last = max((at for _, at in due if at), default=None)
        if self.channel is not Channel.MAIL or last is None:
            return due
        return [(one, at and last) for one, at in due]

    def _gone(self, some: Sequence[Notification], reply: Reply) -> tuple[_Goes, Notified]:
        with self.store.begin() as tx:
            tx.notifications.put_off((one, None, reply.text, True) for one in some)
            tx.alerts.raised(
                self.site,
                alert.Kind.CHANNEL_OFF,
                f"the receiver of notifications by {self.channel} {reply.text}; nothing is sent "
                f"there any more; correct the address, then `badgejobs notify retry {self.site}`",
                subject=self.channel,
            )
        return _Goes.OFF, Notified(given_up=len(some))

    def _broken(self, some: Sequence[Notification], error: FileError) -> tuple[_Goes, Notified]:
        """A person mends the template; until then all of it waits."""
        with self.store.begin() as tx:
            at = tx.now + TEMPLATE_PAUSE
            tx.notifications.put_off((one, at, str(error), False) for one in some)
            tx.alerts.raised(
                self.site,
                alert.Kind.NOT_TOLD,
                f"notifications by {self.channel} wait: {error}",
                subject=self.channel,
            )
        return _Goes.REST, Notified(failed=len(some))

    def _told_after_all(self, tx: Transaction) -> None:
        """A person is asked for as long as something was given up."""
        if not tx.notifications.given_up(self.site, self.channel):
            tx.alerts.clear(self.site, alert.Kind.NOT_TOLD, subject=self.channel)

    def _tell_of_given_up(self, tx: Transaction, why: str) -> None:
        number = tx.notifications.given_up(self.site, self.channel)
        tx.alerts.raised(
            self.site,
            alert.Kind.NOT_TOLD,
            f"{number} notifications by {self.channel} were given up ({why}); `badgejobs notify "
            f"list {self.site} --failed` shows them, `badgejobs notify retry {self.site}` sends "
            "them again",
            subject=self.channel,
        )
