"""What the stages know of the awards that are to be taken away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

from badgejobs.core.award import Award, Unmet
from badgejobs.core.guard import Tally
from badgejobs.core.ledger import Claimed


class Removals(Protocol):
    """The awards that are to be taken away."""

    def claim(self, site: str, *, limit: int, holds: timedelta) -> Claimed | None:
        """Take a batch in hand that is due, of badges that are bound and there."""
        ...

    def in_hand(self, site: str, claim: str) -> list[Award]:
        """What a claim has in hand, as it stands now."""
        ...

    def tally(self, site: str, *, beside: Collection[Unmet], released: str) -> Tally:
        """What the guard weighs; reasons ``beside``, and what a person ``released``, count not."""
        ...

    def hold_back(self, site: str, *, until: datetime, beside: Collection[Unmet]) -> int:
        """Let what is due, but for reasons ``beside``, be due later; how many."""
        ...

    def is_held_back(self, site: str) -> bool:
        """Whether anything waits for a person's word to go."""
        ...

    def hasten(self, site: str) -> int:
        """Let what the guard holds back be due now; how many."""
        ...
