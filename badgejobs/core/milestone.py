"""The condition that earns a badge: a small closed tree, and the badge it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from badgejobs.core.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """At least ``gte`` activities of a source that count under its policy."""

    source: str
    policy: Policy
    gte: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Activities of a source whose amounts add up to at least ``gte`` minor units."""

    source: str
    policy: Policy
    gte: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every part is met; earned when the last of them was."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """One part at least is met; earned when the first of them was."""

    parts: tuple[Condition, ...]


Leaf = Count | Sum
Condition = Leaf | AllOf | AnyOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a badge of ours looks at Wix; colours as ``#RRGGBB``."""

    title: str
    description: str = ""
    background: str = "#796EFF"
    text: str = "#FFFFFF"
    icon: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A condition and the badge it earns."""

    #: Permanent and unique in the file; what the ledger stores.
    badge: str
    #: The title at Wix: of the look, or of a badge that must exist there already.
    title: str
    #: ``None`` for a badge that exists at Wix and is never created or changed by us.
    look: Look | None
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """All milestones of one site, under one version."""

    #: Hash of the normalised rules: equal rules have equal versions.
    version: str
    milestones: tuple[Milestone, ...]

    @property
    def sources(self) -> frozenset[str]:
        """The sources that the milestones read."""
        return frozenset(leaf.source for one in self.milestones for leaf in leaves(one.condition))


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every leaf of a condition, left to right."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from leaves(part)
        case Count() | Sum():
            yield condition
