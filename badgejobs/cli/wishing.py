"""A person's wish about one award: written down, brought to Wix, and what came of it in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from badgejobs.bootstrap import House
from badgejobs.cli.carrying_out import Left, carried_out
from badgejobs.cli.exits import Code
from badgejobs.cli.patience import PatientFinder, patiently
from badgejobs.cli.progress import Progress
from badgejobs.cli.site import checked_rules
from badgejobs.core.award import Award, State
from badgejobs.core.byhand import Answer, Wish
from badgejobs.errors import PermissionMissing, Refused
from badgejobs.flow.byhand import Wanted, grant, revoke
from badgejobs.jobs import duties
from badgejobs.jobs.units import BY_HAND
from badgejobs.store.acting import acting

#: How each state is told, once there is nothing more to do.
_DONE = {
    State.ASSIGNED: "given; no rule takes it",
    State.TAKEN: "taken away; no rule gives it again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wisher:
    """Who wishes, why, and how long they wait for Wix."""

    who: str
    why: str
    tell: Progress
    #: Told what they should know beside it.
    note: Callable[[str], None]
    #: Leave it to the workers, and do not wait.
    later: bool = False
    max_seconds: float | None = None
    #: How the record names the runs that bring it to Wix.
    by: str = BY_HAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of one wish."""

    site: str
    pair: tuple[str, str]
    answer: Answer
    award: Award | None
    left: Left | None

    @property
    def is_to_do(self) -> bool:
        """Whether something was to be brought to Wix."""
        return self.answer.wish is Wish.TO_DO


def granted(house: House, site: str, pair: tuple[str, str], wisher: Wisher) -> Done:
    """Give a badge to a member: ``pair`` is their id, and the badge's id in the rules.

    Raises ``Refused`` for a member whom the site does not have, and as the rules and Wix do.
    """
    checked_rules(house, site)
    duties.register(house)
    _require_member(house, site, pair[0], wisher)
    with acting(actor=wisher.who, note=wisher.why):
        answer = grant(
            site,
            [Wanted(member_id=pair[0], badge=pair[1])],
            house.at(site).rules(),
            house.store,
            quiet_period=house.timing.quiet_period,
        )[pair]
    return _done(house, site, pair, answer, wisher)


def revoked(
    house: House, site: str, pair: tuple[str, str], wisher: Wisher, *, removes_access: bool
) -> Done:
    """Take a badge from a member, whoever gave it; raises as :func:`granted`."""
    checked_rules(house, site)
    duties.register(house)
    with acting(actor=wisher.who, note=wisher.why):
        answer = patiently(
            lambda: revoke(
                site,
                pair,
                house.at(site).rules(),
                house.at(site).badges,
                house.store,
                quiet_period=house.timing.quiet_period,
                removes_access=removes_access,
            ),
            wisher.tell,
            max_seconds=wisher.max_seconds,
        )
    return _done(house, site, pair, answer, wisher)


def told(done: Done) -> tuple[str, Code]:
    """What happened, in words, and the exit code that tells of it."""
    answer, (_, badge) = done.answer, done.pair
    match answer.wish:
        case Wish.WAIT:
            return f"{answer.wish}, at {answer.again_at:%Y-%m-%d %H:%M:%S} UTC", Code.PARTIAL
        case Wish.BADGE_GONE:
            cure = f"`badgejobs provision {done.site} --recreate {badge}` makes it anew"
            return f"{answer.wish}: {cure}", Code.FAILURE
        case Wish.TO_DO if done.award:
            return _outcome(done.award, done.left, done.site)
        case _:
            return str(answer.wish), Code.OK


def _require_member(house: House, site: str, member: str, wisher: Wisher) -> None:
    """``Refused`` for a member whom the site does not have, where Wix lets us ask."""
    try:
        badges = house.at(site).badges
        finder = PatientFinder(badges, wisher.tell, max_seconds=wisher.max_seconds)
        there = finder.members([member])
    except PermissionMissing:
        wisher.note("badgejobs: members may not be read here, so the id was not checked")
        return
    if member not in there:
        raise Refused(f"no member of {site} has this id at Wix; see the id in Wix's dashboard")


def _done(house: House, site: str, pair: tuple[str, str], answer: Answer, wisher: Wisher) -> Done:
    """Bring it to Wix, unless there is nothing to bring or the workers shall."""
    left = None
    if answer.wish is Wish.TO_DO and not wisher.later:
        left = carried_out(
            house, site, [pair], tell=wisher.tell, by=wisher.by, max_seconds=wisher.max_seconds
        )
    with house.store.read() as tx:
        award = tx.awards.of_members(site, [pair[0]]).get(pair)
    return Done(site=site, pair=pair, answer=answer, award=award, left=left)


def _outcome(award: Award, left: Left | None, site: str) -> tuple[str, Code]:
    if left:
        why = f"{left.why}; {award.reason}" if award.reason else left.why
        told = f"not yet ({why}): the workers go on, or `badgejobs assign {site} --foreground`"
        return told, left.code
    if award.state is State.ASSIGNED and award.sent_at is None:
        return "stood at Wix already; no rule takes it", Code.OK
    if done := _DONE.get(award.state):
        return done, Code.OK
    return f"could not be done: {award.reason or award.state.value}", Code.FAILURE
