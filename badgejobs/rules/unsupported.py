"""Words of the rule language that this version does not understand yet.

They are refused by name: a file written for a later version must never be half obeyed.
"""

from __future__ import annotations

#: Key to what it would do, as the end of "'key' (...) is not supported by this version".
UNSUPPORTED = {
    "window": "counting within a stretch of time",
    "where": "counting only some of the activities",
    "streak": "periods in a row",
    "every": "the period of a streak",
    "length": "the length of a streak",
    "miss": "missed periods of a streak",
    "distinct": "counting different things",
    "max": "the largest single amount",
    "gap": "the time between two activities",
    "age": "the time since joining",
    "has": "holding another badge",
    "none": "no part may be met",
    "at_least": "some of several parts",
    "of": "the parts of at_least",
    "lifecycle": "revoking and expiring",
    "ladders": "tiers of one measure",
    "settle_after": "waiting before an activity counts",
    "limit": "the first members only",
    "earnable": "a stretch of time to earn it in",
    "notify": "messages to members",
    "backfill": "how far back to look",
    "retired": "taking a badge out of use",
    "timezone": "the site's time zone",
    "week_starts": "the first day of the week",
    "convert": "converting currencies",
    "dated_by": "which date of an order is used",
    "guests": "orders of guests",
    "hidden": "a setting for hidden comments; they never count",
    "min_chars": "a least length of comments",
    "max_per_post_per_day": "a cap on comments",
}


def not_supported(key: str) -> str | None:
    """The sentence for a key of a later version, or ``None`` for any other key."""
    meaning = UNSUPPORTED.get(key)
    if meaning is None:
        return None
    return f"'{key}' ({meaning}) is not supported by this version; remove it"
