"""What templates and bodies say of a notification."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from badgejobs.core.notification import Event, Notification

#: The version of the body; a higher one may leave out or rename, the same one may only add.
SCHEMA = 1
#: A mail's table is no longer; how many more there are stands below it.
MOST_ROWS = 200


def body_of(one: Notification) -> dict[str, Any]:
    """The body of a webhook, by its documented schema."""
    return {
        "type": f"badge.{one.event}",
        "schema": SCHEMA,
        "timestamp": _moment(one.made_at),
        "data": {
            "site": one.site,
            "badge": one.badge,
            "badge_title": one.title,
            "wix_badge_id": one.wix_badge_id,
            "member_id": one.member_id,
            "period": one.period,
            "earned_at": _moment(one.earned_at),
            f"{one.event}_at": _moment(one.made_at),
        },
    }


def digest_values(site: str, some: Sequence[Notification], zone: ZoneInfo) -> dict[str, Any]:
    """What a digest says of these, with times by the site's clock."""
    counts = Counter((one.title or one.badge, one.event) for one in some)
    return {
        "site": site,
        "timezone": zone.key,
        "since": _local(min(one.made_at for one in some), zone),
        "until": _local(max(one.made_at for one in some), zone),
        "number": len(some),
        "given": sum(one.event is Event.GIVEN for one in some),
        "taken": sum(one.event is Event.TAKEN for one in some),
        "counts": [
            {"badge": badge, "event": event.value, "number": number}
            for (badge, event), number in sorted(counts.items())
        ],
        "rows": [
            {
                "event": one.event.value,
                "badge": one.title or one.badge,
                "member_id": one.member_id,
                "earned_at": _local(one.earned_at, zone),
                "at": _local(one.made_at, zone),
            }
            for one in some[:MOST_ROWS]
        ],
        "more": max(0, len(some) - MOST_ROWS),
    }


def _moment(moment: datetime | None) -> str | None:
    """As JSON has it: UTC, to the millisecond."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else ""
