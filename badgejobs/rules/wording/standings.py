"""Where an award stands, in sentences: what was done, what waits for what, and the cure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from badgejobs.core.award import (
    BADGE_GONE,
    EMPTY_READS_NEEDED,
    REOPENED,
    WAITS_FOR_CAP,
    Award,
    Giver,
    State,
    Unmet,
)
from badgejobs.core.calendar import UTC_CALENDAR
from badgejobs.core.evaluate import Answer, Withheld
from badgejobs.core.explanation import Explanation
from badgejobs.core.guard import HELD_BACK_BY_GUARD
from badgejobs.rules.wording.amounts import some
from badgejobs.rules.wording.proofs import moment_of

#: So much of a version tells it from others.
_SHORT = 10


def standing(one: Explanation) -> Iterator[str]:
    """The state of the award, or why there is none, the most telling sentence first."""
    award = one.award
    if award is None:
        yield _without(one)
        return
    yield from _state(one, award)
    if award.state in REOPENED and one.answer and one.answer.may_open and not one.is_past:
        yield f"earned anew: {_to_come(one)}"
    if award.state not in REOPENED:
        earned = f"earned {_at(one, award.earned_at)}"
        by_time = "as time went by" if one.told and one.told.met else ""
        crossed = f"by {award.crossed_by}" if award.crossed_by else by_time
        yield f"{earned} {crossed}".rstrip()
    yield _by_rules(one, award)


def _without(one: Explanation) -> str:
    answer = one.answer
    if answer is None:
        return "no award, and no such badge in the rules"
    if not answer.met:
        return f"no award: {answer.withheld.value}" if answer.withheld else "no award: not earned"
    if answer.withheld:
        return f"no award: its condition is met, and it is not given: {answer.withheld.value}"
    if one.is_past:
        return "no award stands now"
    return f"no award yet, though it is earned: {_to_come(one)}"


def _to_come(one: Explanation) -> str:
    """Why what is earned is not in the ledger yet."""
    if one.in_force != one.version:
        return "these rules are not taken up yet; workers or `badgejobs sync` do it"
    if not one.all_decided:
        return "the members are being decided under these rules; workers or `badgejobs sync` go on"
    return (
        "the member was not decided since, or a higher tier stands still; "
        f"`badgejobs check {one.site} {one.member}` decides it now"
    )


def _state(one: Explanation, award: Award) -> Iterator[str]:
    yield _WORDS[award.state](one, award, _at(one, one.last.at) if one.last else "long ago")
    if award.state is State.ASSIGNED and award.missed_at:
        yield f"a complete reading of Wix did not find it {_at(one, award.missed_at)}"
    if award.state is State.ASSIGNED and award.unmet_since:
        yield _goes(one, award)


def _held(one: Explanation, award: Award) -> str:
    if award.reason == BADGE_GONE:
        return _gone(one)
    if (line := one.in_line) and one.hold != award.reason:
        place = line.before + 1
        left = max(0, line.first - line.used)
        return (
            f"number {place} in line, and {some(left, 'place')} of {line.first} left; "
            f"{line.used} are used up"
        )
    if one.unread and award.reason == one.hold:
        return f"{award.reason}: {_unread(one)}"
    return _why(award)


def _unread(one: Explanation) -> str:
    names = ", ".join(unread.source for unread in one.unread)
    return f"older {names} may still be read that would take it back"


def _pending(one: Explanation, award: Award, _: str) -> str:
    if award.reason == WAITS_FOR_CAP:
        return (
            f"waits for the cap: {award.reason}; it goes on by itself "
            f"{_at(one, award.not_before)}, or `badgejobs release {one.site} --awards 1`"
        )
    return f"to be given{_again(one, award)}{f' ({award.reason})' if award.reason else ''}"


def _again(one: Explanation, award: Award) -> str:
    if award.not_before is None or award.not_before <= one.now:
        return "" if award.state is State.REVOKING else " at the next turn"
    return f" not before {_at(one, award.not_before)}"


def _unknown(one: Explanation, award: Award, since: str) -> str:
    reads = f"{award.empty_reads} of {EMPTY_READS_NEEDED} reads found nothing"
    due = award.not_before is not None and award.not_before > one.now
    again = f"read again {_at(one, award.not_before)}" if due else "read again at the next turn"
    return (
        f"unknown since {since}: the answer to a request was lost; nothing is sent again before "
        f"Wix is {again} ({reads})"
    )


def _assigned(one: Explanation, award: Award, since: str) -> str:
    if award.by_hand or award.giver is Giver.PERSON:
        return f"stands at Wix, given by a person{_who(one)}: no rule takes it"
    return f"stands at Wix, given by the rules {since}"


def _taken(one: Explanation, _: Award, since: str) -> str:
    return (
        f"taken by a person {since}{_who(one)}: it is not given again by itself; "
        f"`badgejobs clear-override {_pair(one)}` lets the rules give it again"
    )


def _needs_attention(one: Explanation, award: Award, since: str) -> str:
    return (
        f"needs attention since {since}: {_why(award)}; look at the member at Wix, "
        f"then `badgejobs retry {one.site}`"
    )


def _blocked(one: Explanation, award: Award, since: str) -> str:
    return (
        f"refused by Wix for this member since {since}: {_why(award)}; "
        f"`badgejobs retry {one.site}` tries again"
    )


def _goes(one: Explanation, award: Award) -> str:
    since = _at(one, award.unmet_since)
    known = f"should not stand any more ({award.unmet_because}), known since {since}"
    if award.reason == HELD_BACK_BY_GUARD:
        return f"{known}: {award.reason}; `badgejobs release {one.site}` shows what waits, and how"
    if award.revoke_at is None and award.unmet_because == Unmet.HIGHER_TIER:
        return f"{known}: it stays until a higher tier stands"
    if award.revoke_at is None:
        return f"{known}: it stays until what must come first has come"
    if award.revoke_at > one.now:
        grace = "grace" if award.unmet_because == Unmet.CONDITION else "it stays"
        return f"{known}: {grace} until {_at(one, award.revoke_at)}, then it is taken"
    return f"{known}: it is taken at the next turn{f' ({award.reason})' if award.reason else ''}"


def _by_rules(one: Explanation, award: Award) -> str:
    short, when = award.rules_version[:_SHORT], one.given_by_rules_of
    version = f"rules {short}{f' of {_at(one, when)}' if when else ''}"
    if one.milestone is None:
        return f"decided under {version}; no rule gives this badge any more, and none takes it"
    if award.by_hand or (award.giver is Giver.PERSON and award.state not in REOPENED):
        return f"a person's, under {version}: what the rules say does not enter into it"
    if award.rules_version == one.version:
        return f"decided under the rules of now, {short}"
    if one.held_to:
        return f"decided under {version}, and held to those still (on_rule_change: grandfather)"
    return f"decided under {version}; held to the rules of now, {one.version[:_SHORT]}"


def _gone(one: Explanation) -> str:
    cure = f"`badgejobs provision {one.site} --recreate {one.badge}` makes it anew"
    return f"{BADGE_GONE}; {cure}"


def _why(award: Award) -> str:
    return award.reason or award.unmet_because or "no reason is recorded"


def _who(one: Explanation) -> str:
    if one.last is None:
        return ""
    note = f", {one.last.note!r}" if one.last.note else ""
    return f" ({one.last.actor}{note})"


def _pair(one: Explanation) -> str:
    return f"{one.site} {one.member} {one.badge}"


def _at(one: Explanation, at: datetime | None) -> str:
    if at is None:
        return "at an unknown time"
    return moment_of(at, one.milestone.calendar if one.milestone else UTC_CALENDAR)


def heading(answer: Answer, one: Explanation) -> str:
    """Whether the badge shall stand, by what decides."""
    if answer.met and answer.withheld is None:
        end = answer.next_flip_at
        told = f"earned {_at(one, answer.earned_at)}"
        return f"{told}; time alone changes that {_at(one, end)}" if end else told
    if answer.met or answer.withheld in {Withheld.EXPIRED, Withheld.HIGHER_TIER}:
        assert answer.withheld, "met and nothing withheld was told above"
        return f"not given anew: {answer.withheld.value}"
    return "not earned"


#: Each state in words: what it is, since when, and the cure where a person must act.
_WORDS: Final[Mapping[State, Callable[[Explanation, Award, str], str]]] = {
    State.HELD: lambda one, award, since: f"held since {since}: {_held(one, award)}",
    State.PENDING: _pending,
    State.INFLIGHT: lambda one, award, _: (
        f"a request to give it left {_at(one, award.sent_at)}; its answer is awaited"
    ),
    State.UNKNOWN: _unknown,
    State.ASSIGNED: _assigned,
    State.WITHDRAWN: lambda _, award, since: (
        f"withdrawn {since}{'' if award.takes_slot else ', before anything was sent'}: "
        f"{_why(award)}"
    ),
    State.REVOKING: lambda one, award, since: (
        f"being taken away since {since}: {_why(award)}{_again(one, award)}"
    ),
    State.REVOKED: lambda _, award, since: (
        f"taken back by a rule {since}: {_why(award)}; earned again, it is given again"
    ),
    State.TAKEN: _taken,
    State.BLOCKED: _blocked,
    State.PAUSED: lambda one, _, since: f"paused since {since}: {_gone(one)}",
    State.NEEDS_ATTENTION: _needs_attention,
}
