"""What the facts of all members say of all badges: answers, with limits over everyone applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from badgejobs.core.activity import Activity
from badgejobs.core.evaluate import Answer, Evaluator
from badgejobs.core.milestone import Milestone
from badgejobs.core.places import Places

#: The members with their facts; called as often as they are gone through.
Members = Callable[[], Iterable[tuple[str, Collection[Activity]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the facts of all members say of one member and one badge."""

    member: str
    facts: Collection[Activity]
    answer: Answer
    #: Whether others, earlier, took all the places of a badge with a limit.
    beyond: bool

    @property
    def badge(self) -> str:
        """The badge's id in the rules."""
        return self.answer.milestone.badge

    @property
    def met(self) -> bool:
        """Whether the badge shall stand."""
        return self.answer.met and not self.beyond

    @property
    def earned_at(self) -> datetime | None:
        """When the line was crossed; ``None`` while not met."""
        return None if self.beyond else self.answer.earned_at

    @property
    def withheld(self) -> str:
        """Why it is not given, or not given anew, though its condition is met; else empty."""
        if self.beyond:
            return f"only for the first {self.answer.milestone.lifecycle.first}"
        return self.answer.withheld.value if self.answer.withheld else ""


def verdicts(
    milestones: Sequence[Milestone], members: Members, as_of: datetime, *, only: str | None = None
) -> Iterator[list[Verdict]]:
    """One verdict a badge for each member, or for one alone; badges in the order of the rules.

    Where a badge has a limit the members are gone through twice, since the last of them could be
    the first to have crossed the line. What went out already is not known here: places are those
    of the members whose condition is met at this moment.
    """
    evaluator, places = Evaluator(milestones), Places(milestones)
    if places.limited:
        for member, facts in members():
            places.take(member, evaluator.answers(facts, as_of))
    for member, facts in members():
        if only in {None, member}:
            yield [
                Verdict(
                    member=member,
                    facts=facts,
                    answer=answer,
                    beyond=places.beyond(member, answer),
                )
                for answer in evaluator.answers(facts, as_of)
            ]
