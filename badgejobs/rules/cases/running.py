"""Cases run: what was expected and did not come, and what came and was not expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from badgejobs.core.activity import Activity
from badgejobs.core.calendar import UTC_CALENDAR
from badgejobs.core.verdict import Verdict, verdicts
from badgejobs.errors import TrialError
from badgejobs.rules.activities.problems import RowError
from badgejobs.rules.cases.entries import Stage
from badgejobs.rules.cases.loading import Cases
from badgejobs.rules.cases.models import CaseRule, Entry, ExpectRule
from badgejobs.rules.complaints import named
from badgejobs.rules.wording.proofs import why
from badgejobs.rules.yaml_tree import Trail

#: So much of a proof stands with a failure.
_MOST_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One thing that is not as expected."""

    line: int
    as_of: datetime
    member: str
    badge: str
    expected: str
    got: str
    #: The beginning of the proof.
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """How one case came out."""

    name: str
    line: int
    mismatches: tuple[Mismatch, ...]


def run(cases: Cases) -> Iterator[CaseResult]:
    """Run every case; ``TrialError`` where an activity cannot be read."""
    for number, case in enumerate(cases.rules.cases):
        trail: Trail = ("cases", number)
        yield CaseResult(
            name=case.name,
            line=cases.document.place(trail).line,
            mismatches=tuple(_mismatches(case, trail, cases)),
        )


def _mismatches(case: CaseRule, trail: Trail, cases: Cases) -> Iterator[Mismatch]:
    milestones = cases.ruleset.milestones
    stage = Stage(
        cases.rules.defaults,
        calendar=milestones[0].calendar if milestones else UTC_CALENDAR,
        currency=cases.currency,
        sources=cases.sources,
    )
    _take(case.activities, (*trail, "activities"), stage, cases)
    badges = frozenset(case.about or [one.badge for one in milestones])
    for number, expect in enumerate(case.expect):
        place = (*trail, "expect", number)
        _take(expect.activities, (*place, "activities"), stage, cases)
        members = {member: list[Activity]() for member in _named_members(expect)} | stage.members()
        for theirs in verdicts(milestones, sorted(members.items()).copy, expect.as_of):
            for one in theirs:
                looked_at = not case.members or one.member in case.members
                if looked_at and one.badge in badges:
                    yield from _of_verdict(one, expect, place, cases)


def _named_members(expect: ExpectRule) -> list[str]:
    named_in = (expect.badges, expect.withheld, expect.earned, expect.next_change)
    return [member for members in named_in for member in members]


def _of_verdict(one: Verdict, expect: ExpectRule, trail: Trail, cases: Cases) -> Iterator[Mismatch]:
    for place, expected, got in _differences(one, expect):
        facts = {(fact.source, fact.activity_id): fact for fact in one.facts}
        lines = why(one.answer.proof, facts, one.answer.milestone.calendar)
        yield Mismatch(
            line=cases.document.place((*trail, *place), of_key=True).line,
            as_of=expect.as_of,
            member=one.member,
            badge=one.badge,
            expected=expected,
            got=got,
            why=tuple(islice(lines, _MOST_LINES)),
        )


def _differences(one: Verdict, expect: ExpectRule) -> Iterator[tuple[Trail, str, str]]:
    """Where it was said otherwise, what was said there, and what is so."""
    expected, got = _expected(one, expect), _got(one)
    if expected != got:
        because = f": {one.withheld}" if one.withheld else ""
        yield ("badges", one.member), expected, f"{got}{because}"
        return
    for key, moments, found in (
        ("earned", expect.earned, one.earned_at),
        ("next_change", expect.next_change, one.answer.next_flip_at),
    ):
        wanted = moments.get(one.member, {}).get(one.badge)
        if wanted and wanted != found:
            told = found.isoformat() if found else "never"
            words = key.replace("_", " ")
            place = (key, one.member, one.badge)
            yield place, f"{words} {wanted.isoformat()}", f"{words} {told}"


def _expected(one: Verdict, expect: ExpectRule) -> str:
    if one.badge in expect.badges.get(one.member, ()):
        return "has it"
    return "withheld" if one.badge in expect.withheld.get(one.member, ()) else "has it not"


def _got(one: Verdict) -> str:
    if not one.met:
        return "has it not"
    return "withheld" if one.withheld else "has it"


def _take(entries: list[Entry], trail: Trail, stage: Stage, cases: Cases) -> None:
    for number, entry in enumerate(entries):
        try:
            stage.take(entry)
        except RowError as error:
            where = (*trail, number, *error.where)
            line, column = cases.document.place(where)
            text = named(error.where, error.text)
            file = cases.document.file
            raise TrialError(text, file=file, line=line, column=column) from None
