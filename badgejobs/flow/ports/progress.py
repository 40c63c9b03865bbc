"""What the stages know of the memo of how far all members are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

#: By badge: how many members are at each step, from 0 to 10.
Steps = Mapping[str, Mapping[int, int]]


class ProgressMemo(Protocol):
    """How many members of a site were how far towards each badge when all were looked at last."""

    def replace(self, site: str, steps: Steps) -> None:
        """These are the numbers now; what stood before is forgotten."""
        ...

    def of(self, site: str) -> Steps:
        """The numbers; empty where nobody was looked at yet."""
        ...

    def made_at(self, site: str) -> datetime | None:
        """When all were looked at last."""
        ...
