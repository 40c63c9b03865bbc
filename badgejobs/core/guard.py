"""The guard: how much the rules may take away by themselves before a person is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from badgejobs.core.award import Unmet

#: What is taken within so long is counted together.
WINDOW = timedelta(days=1)
#: What the guard holds back is looked at again after so long.
HELD_BACK = timedelta(hours=1)
#: Why an award that is due to be taken is not: the guard waits for a person.
HELD_BACK_BY_GUARD = "held back by the guard: a person is asked"
#: How the reason ends of what a person let pass beforehand, and so is not counted.
RELEASED = " (let pass by a person)"
#: An expiry is no surprise under rules that were in force for longer than this.
SETTLED_IN = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What is taken by rules within a day passes up to a share of all, or up to a few."""

    percent: int = 5
    least: int = 10

    def passes(self, number: int, *, of: int) -> bool:
        """Whether so many of so many may go without a word of a person.

        >>> Guard().passes(10, of=20), Guard().passes(11, of=100), Guard().passes(11, of=220)
        (True, False, True)
        """
        return number <= self.least or number * 100 <= self.percent * of


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the guard weighs, of one site; what it does not count is in none of the numbers."""

    #: Due to be taken now, those that were held back before among them.
    due: int
    #: Being taken, or taken within the window by rules.
    gone: int
    #: Badges of ours that stand at Wix.
    standing: int
    #: The badges of what is due.
    badges: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """How many would be gone within the window."""
        return self.due + self.gone

    @property
    def of(self) -> int:
        """How many there were before."""
        return self.standing + self.gone


def not_counted(*, settled_in: bool) -> frozenset[Unmet]:
    """The reasons that need no guard.

    Whoever loses a tier holds the better one; and what expires under rules that are long in
    force was to be foreseen.
    """
    return frozenset({Unmet.HIGHER_TIER, Unmet.EXPIRED} if settled_in else {Unmet.HIGHER_TIER})


def warning(site: str, tally: Tally, passing: int) -> str:
    """What would go but for ``passing`` of it, and the command that lets it."""
    share, due = 100 * tally.number / tally.of, tally.due - passing
    return (
        f"the rules would take away {due} badges ({', '.join(tally.badges)}), which makes "
        f"{tally.number} of {tally.of} within a day ({share:.1f} %): nothing is taken. See why "
        f"with `badgejobs status {site}`; if it is meant, run `badgejobs release {site} "
        f"--revocations {due} --yes-this-removes-access`"
    )
