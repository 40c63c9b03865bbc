"""Why a member has a badge or not, told as a tree of lines, as plain lines, and as data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from badgejobs.core.calendar import UTC_CALENDAR
from badgejobs.core.evaluate import Answer, Withheld
from badgejobs.core.explanation import Explanation, Line
from badgejobs.core.proof import prove
from badgejobs.rules.wording.milestones import described
from badgejobs.rules.wording.proofs import flat, moment_of, proof_data, tree
from badgejobs.rules.wording.standings import heading, standing

#: A source that is known up to so long ago is fresh.
_FRESH = timedelta(minutes=15)


def lines(one: Explanation) -> Iterator[str]:
    """The explanation line by line, what stands below a line further in."""
    return flat(grown(one))


def grown(one: Explanation) -> Line:
    """The explanation as a tree: the award, what is to be known beside it, and the proof."""
    told, milestone = one.told, one.milestone
    title = milestone.title if milestone else one.badge
    name = title if title == one.badge else f"{title} ({one.badge})"
    below = [Line(text="the award", children=tuple(map(Line.of, standing(one))))]
    if notes := tuple(map(Line.of, caveats(one))):
        below.append(Line(text="to be known", children=notes))
    if told is None:
        return Line(text=f"{name} of {one.member}: not in the rules", children=tuple(below))
    if one.held_to and one.answer:
        below.append(_proof("why, by the earlier rule that the award is held to", told, one))
        below.append(_proof("by the rule of now", one.answer, one))
    else:
        below.append(_proof("why", told, one))
    return Line(
        text=f"{name} of {one.member}: {heading(told, one)}",
        met=told.met,
        children=tuple(below),
    )


def caveats(one: Explanation) -> Iterator[str]:
    """What a reader must know beside the proof, since it is often the reason."""
    if one.is_past:
        yield (
            f"asked as of {_moment(one, one.as_of)}: the facts as they are recorded now, by the "
            "rules of now; the award is the one that stands"
        )
    if not one.is_known:
        yield (
            "nothing that this member did is recorded: the id may be another's, they did nothing "
            "yet that the rules look at, or they were erased"
        )
    for unread in one.unread:
        known = f"; so far all up to {_moment(one, unread.known_to)}" if unread.known_to else ""
        yield (
            f"the history of {unread.source} is not read to its end{known}: something may be "
            f"missing here; `badgejobs status {one.site}` shows how far it is"
        )
    if one.told and one.told.scene.as_of < one.as_of - _FRESH:
        yield f"decided as of {_moment(one, one.told.scene.as_of)}: so far its sources are known"
    if one.told and one.told.is_paused:
        yield f"{Withheld.PAUSED.value}: nothing is given now, and nothing taken"
    if one.hold:
        yield f"nothing of this badge is given now: {one.hold}"


def as_data(one: Explanation) -> dict[str, Any]:
    """The explanation for JSON; times are aware ``datetime`` values."""
    told, award = one.told, one.award
    return {
        "site": one.site,
        "member": one.member,
        "badge": one.badge,
        "title": one.milestone.title if one.milestone else None,
        "as_of": one.as_of,
        "rules_version": one.version,
        "in_rules": one.milestone is not None,
        "rule": described(one.milestone) if one.milestone else None,
        "member_is_known": one.is_known,
        "met": told.met if told else None,
        "earned_at": told.earned_at if told else None,
        "crossed_by": (told.crossed_by or None) if told and told.met else None,
        "next_change_at": told.next_flip_at if told else None,
        "withheld": told.withheld.value if told and told.withheld else None,
        "award": {
            "state": award.state.value if award else None,
            "earned_at": award.earned_at if award else None,
            "reason": award.reason if award else None,
            "changed_at": one.last.at if one.last else None,
            "changed_by": one.last.actor if one.last else None,
            "not_before": award.not_before if award else None,
            "taken_at": award.revoke_at if award else None,
            "rules_version": award.rules_version if award else None,
            "held_to_earlier_rules": one.held_to is not None,
            "in_line": one.in_line.before + 1 if one.in_line else None,
            "in_words": list(standing(one)),
        },
        "notes": list(caveats(one)),
        "incomplete_history": [unread.source for unread in one.unread],
        "proof": proof_data(told.proof) if told else None,
        "proof_by_rules_of_now": (
            proof_data(one.answer.proof) if one.held_to and one.answer else None
        ),
    }


def _proof(word: str, answer: Answer, one: Explanation) -> Line:
    """The proof of an answer, and of the tier above where that is what hides it."""
    milestone = answer.milestone
    below = [tree(answer.proof, one.facts, milestone.calendar)]
    if answer.withheld is Withheld.HIGHER_TIER:
        for above in milestone.above:
            proof = prove(above.condition, answer.scene)
            if proof.first_met_at:
                shown = tree(proof, one.facts, above.calendar)
                below.append(Line(text=f"the higher tier {above.title}", children=(shown,)))
    return Line(text=word, children=tuple(below))


def _moment(one: Explanation, at: datetime) -> str:
    return moment_of(at, one.milestone.calendar if one.milestone else UTC_CALENDAR)
