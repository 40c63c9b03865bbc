"""Where Wix and the ledger differ in one member and one badge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """How they differ."""

    #: The ledger has it there, one complete reading did not find it: nothing is concluded yet.
    MISSING = "missing at Wix"
    #: A second reading, a quiet period later, did not find it either: a person took it.
    TAKEN = "taken by a person"
    #: It stands at Wix, and nothing of ours explains it: a person gave it.
    EXTRA = "given by a person"
    #: The pair stands more than once at Wix.
    DUPLICATE = "more than once at Wix"
    #: It was taken away by us, and the same assignment stands there still.
    LINGERING = "taken away and still there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference; ``member_id`` is never logged."""

    site: str
    member_id: str
    badge: str
    kind: Kind
    #: How many assignments of the pair stand at Wix.
    at_wix: int
    #: What was done about it, or why nothing.
    note: str = ""
    #: When a reading first and last found it so; ``None`` before it is kept.
    first_seen_at: datetime | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """When a reading of Wix is not believed, and what may be repaired; settings."""

    #: A reading that finds nothing is doubted where more than so many stood.
    empty_above: int = 20
    #: More than this share of what stands, and more than so many, taken at once waits for a person.
    guard_percent: int = 5
    guard_least: int = 10
    #: Whether assignments that we made twice are taken away again, all but the oldest.
    repair_duplicates: bool = False

    def holds_back(self, number: int, *, of: int) -> bool:
        """Whether so many are too many to be taken for taken at once.

        >>> Caution().holds_back(11, of=100), Caution().holds_back(10, of=100)
        (True, False)
        >>> Caution().holds_back(11, of=1000)
        False
        """
        return number > self.guard_least and number * 100 > of * self.guard_percent
