"""What the stages know of how commands of a person read and write the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from badgejobs.core.award import Award
from badgejobs.core.byhand import Bound, Known

Pair = tuple[str, str]


class ByHand(Protocol):
    """Awards as a person's command finds and changes them; pairs are (member_id, badge)."""

    def bound(self, site: str) -> Mapping[str, Bound]:
        """The badges of the rules that are bound to one at Wix."""
        ...

    def known(
        self, site: str, pairs: Collection[Pair], *, lock: bool = True
    ) -> Mapping[Pair, Known]:
        """The awards of these; nobody else changes what is locked."""
        ...

    def write(
        self, changes: Sequence[tuple[Award | None, Award]], notes: Mapping[Pair, str]
    ) -> None:
        """Write (before, after) of rows that are locked or new, each with a line of history.

        Raises ``Later`` where somebody else has just opened one of the new ones.
        """
        ...

    def erased(self, site: str, members: Collection[str]) -> frozenset[str]:
        """Those of these members who were erased."""
        ...
