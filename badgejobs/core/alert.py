"""What a person must know or do, and the cure: raised once, and over when its cause is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What an alert is about."""

    #: A badge of the rules was deleted at Wix; its awards are paused.
    BADGE_GONE = "badge gone"
    #: More would be taken away than the guard lets pass by itself.
    REVOCATIONS = "revocations held back"
    #: More awards wait than a site is given in an hour.
    CAPPED = "capped"
    #: A reading of Wix was not believed, or told of something that a person must look at.
    DRIFT = "drift"
    #: Wix does not take us any more: nothing is done for the site until it does.
    SUSPENDED = "suspended"
    #: Somebody who was to be told of awards wants nothing more; subject: the channel.
    CHANNEL_OFF = "channel switched off"
    #: Notifications were not told in the time there was, or cannot be made; subject: the channel.
    NOT_TOLD = "not told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that a person must know; named by (site, kind, subject)."""

    site: str
    kind: Kind
    #: A badge, or empty where it is of the whole site.
    subject: str
    #: What is the matter, and by which command it is cured; no member data.
    text: str
    raised_at: datetime
