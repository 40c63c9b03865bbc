"""Who is told of awards, as the stages know it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from badgejobs.core.alert import Kind
from badgejobs.core.notification import Channel, Notification, Reply


class Notifications(Protocol):
    """What is to be told to somebody outside."""

    def claim(
        self, site: str, channel: Channel, *, limit: int, holds: timedelta
    ) -> list[Notification]:
        """Take in hand what is due, for so long."""
        ...

    def told(self, some: Sequence[Notification]) -> int:
        """These were told; how many were still in the hand that claimed them."""
        ...

    def put_off(self, some: Iterable[tuple[Notification, datetime | None, str, bool]]) -> int:
        """Not told: when each is tried again, if at all, why, and whether that was a failure."""
        ...

    def postpone(self, site: str, *, until: datetime, channel: Channel | None = None) -> int:
        """Let all that is due, by one channel or any, wait until then; how many."""
        ...

    def count_failed(
        self, site: str, channel: Channel, *, until: datetime, why: str, most: int
    ) -> tuple[int, int]:
        """Let all else that is due by a channel count as tried, and wait, or be given up."""
        ...

    def give_up(self, site: str, channel: Channel, *, why: str) -> int:
        """Let all that is due by a channel be; how many."""
        ...

    def is_off(self, site: str, channel: Channel) -> bool:
        """Whether its receiver wanted nothing more."""
        ...

    def alerted(self, site: str, channel: Channel) -> set[Kind]:
        """What a person is asked for because of a channel just now."""
        ...

    def given_up(self, site: str, channel: Channel) -> int:
        """How many by this channel nobody was told of, nor will be by itself."""
        ...


class Messenger(Protocol):
    """Tells somebody by one channel."""

    def tell(self, some: Sequence[Notification]) -> Reply:
        """Tell of these at once; raises ``FileError`` for a template that cannot be used."""
        ...
