"""What the table groups need of the transaction they stand in."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Moment(Protocol):
    """Tells the transaction's time, the same throughout."""

    @property
    def now(self) -> datetime:
        """The database's time."""
        ...
