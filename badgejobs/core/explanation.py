"""Why a member has a badge or not: all that is known of it at one moment, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from badgejobs.core.activity import Activity
from badgejobs.core.award import Award, State
from badgejobs.core.evaluate import Answer
from badgejobs.core.milestone import Milestone


@dataclass(frozen=True, slots=True, kw_only=True)
class LastChange:
    """What the history of an award says of its latest change of state."""

    at: datetime
    to_state: State
    reason: str
    #: Who: the rules, a person at Wix, or whoever ran a command.
    actor: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InLine:
    """Where an award stands that waits for one of the places of its badge."""

    #: So many waiting awards crossed the line before it.
    before: int
    #: Places that are used up for good, of so many.
    used: int
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A source whose history is not read to its end, so that something may be missing."""

    source: str
    #: Up to when everything of it is recorded; ``None`` before the first full reading.
    known_to: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that decides about one member and one badge, and where its award stands."""

    site: str
    member: str
    #: Its id in the rules.
    badge: str
    #: ``None`` where the rules have no such badge (any more).
    milestone: Milestone | None
    #: The moment that the ledger is of.
    now: datetime
    #: The moment that the facts are held against the rules.
    as_of: datetime
    #: The rules by which they are: those of now, also where another moment was asked for.
    version: str
    #: The version that was taken up last; ``None`` before the first.
    in_force: str | None
    #: Whether every member has been decided under the version that was taken up last.
    all_decided: bool
    #: What the facts say; ``None`` without such a badge.
    answer: Answer | None = None
    #: The member's activities by source and id; none for a member who is unknown to us.
    facts: Mapping[tuple[str, str], Activity] = field(default_factory=dict, repr=False)
    award: Award | None = None
    last: LastChange | None = None
    #: When the version was taken up under which the award was given.
    given_by_rules_of: datetime | None = None
    #: What the award is held to still, where the rule means something else by now.
    held_to: Answer | None = None
    unread: tuple[Unread, ...] = ()
    #: Why nothing of this badge may be given now; empty where nothing stands in the way.
    hold: str = ""
    in_line: InLine | None = None

    @property
    def is_past(self) -> bool:
        """Whether the facts are asked at another moment than the ledger's."""
        return self.as_of != self.now

    @property
    def is_known(self) -> bool:
        """Whether anything is recorded of this member's doings."""
        return bool(self.facts)

    @property
    def told(self) -> Answer | None:
        """The answer that decides: by earlier rules where the award is held to those."""
        return self.held_to or self.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an explanation, with the lines that say why."""

    text: str
    #: Whether the condition that it tells of is met; ``None`` where it tells of none.
    met: bool | None = None
    children: tuple[Line, ...] = ()

    @classmethod
    def of(cls, text: str) -> Self:
        """A line by itself."""
        return cls(text=text)
