"""Moments as Wix writes them."""

from __future__ import annotations

from datetime import datetime


def stamp(moment: datetime) -> str:
    """A moment in UTC as Wix writes it: ISO 8601 with milliseconds and Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
