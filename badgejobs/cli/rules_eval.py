"""Which badges a file of activities earns: no Wix, no database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from badgejobs.cli.as_of import AsOf, told_moment
from badgejobs.cli.output import Output, Rows
from badgejobs.core.verdict import Verdict, verdicts
from badgejobs.rules import SiteDefaults, read_rules
from badgejobs.rules.activities import gathered
from badgejobs.rules.activities.facts import currency_of
from badgejobs.rules.language.names import OUR_SOURCES
from badgejobs.rules.language.times import known_zones
from badgejobs.rules.wording.proofs import proof_data, why
from badgejobs.sources.installed import found_sources

#: So many members are shown at once.
_AT_ONCE = 200

TimeZone = Annotated[
    str | None, typer.Option(metavar="NAME", help="What 'site' stands for, such as Europe/London.")
]
Currency = Annotated[
    str | None, typer.Option(metavar="CODE", help="What 'site' stands for, such as GBP.")
]


def evaluate(
    file: Annotated[Path, typer.Argument(help="The rules file.")],
    *,
    activities: Annotated[
        Path, typer.Option("--activities", help="The activities: a .csv or a .jsonl file.")
    ],
    as_of: AsOf = None,
    member: Annotated[str | None, typer.Option(help="Show this member alone.")] = None,
    met: Annotated[bool, typer.Option("--met", help="Show only the badges that are met.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show why: each activity counted or not.")
    ] = False,
    timezone: TimeZone = None,
    currency: Currency = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON Lines, one object a member and badge.")
    ] = False,
) -> None:
    """Say which badges a file of activities earns; neither Wix nor a database is asked.

    The file is CSV with a header, or JSON Lines. Its columns are member, source (orders,
    comments, membership), id, at, and what each source knows besides; `badgejobs rules help`
    lists them. More than 100,000 activities must be sorted by member.

    Example: badgejobs rules eval shop.yaml --activities orders.csv --as-of 2026-12-01T00:00Z

    Example: badgejobs rules eval shop.yaml --activities orders.csv --member ada --explain
    """
    out, at = Output(as_json=as_json), told_moment(as_of) or datetime.now(UTC)
    if as_of is None:
        out.note(f"as of now, {at.isoformat()}; --as-of asks for another time")
    sources = known_sources()
    found_rules = read_rules(file, sources=sources, site=site_defaults(timezone, currency))
    ruleset = found_rules.ruleset
    if "timezone" in found_rules.left_open:
        out.note("days and months are those of UTC; --timezone says what 'site' stands for")
    with out.progress() as progress:
        progress(f"reading {activities}")
        found = gathered(
            activities,
            currency=currency_of(ruleset) or currency,
            sources=sources,
            told=lambda number: progress.counted("activities", number),
        )
    everyone = verdicts(ruleset.milestones, found.members, at, only=member)
    seen = False
    for some in iter(lambda: list(islice(everyone, _AT_ONCE)), []):
        seen = True
        _print([one for theirs in some for one in theirs if one.met or not met], out, explain)
    if member is not None and not seen:
        out.note(f"{activities} has no activity of the member {member!r}")
    guests = f", {found.guests:,} of them by guests, who earn nothing" if found.guests else ""
    out.note(f"{activities}: {found.number:,} activities{guests}")


def known_sources() -> frozenset[str]:
    """The sources that rules may name: ours, and those of plug-ins that are installed."""
    return OUR_SOURCES | frozenset(found_sources())


def site_defaults(timezone: str | None, currency: str | None) -> SiteDefaults:
    """What stands for ``site`` in the rules, as options say it."""
    if timezone is not None and timezone not in known_zones():
        raise typer.BadParameter(
            f"{timezone!r} is not a time zone; such as Europe/London", param_hint="--timezone"
        )
    if currency is not None and not re.fullmatch("[A-Z]{3}", currency):
        raise typer.BadParameter(
            f"{currency!r} is not a currency's three-letter code; such as GBP",
            param_hint="--currency",
        )
    return SiteDefaults(timezone=timezone, currency=currency)


def _print(shown: Sequence[Verdict], out: Output, explain: bool) -> None:
    if out.as_json:
        for one in shown:
            out.record(_data(one, explain=explain))
    elif explain:
        for one in shown:
            out.result(None, *_explained(one))
    elif shown:
        columns = ("member", "badge", "met", "earned at", "next change", "withheld")
        out.result(None, Rows(columns, [_row(one) for one in shown]))


def _row(one: Verdict) -> tuple[str, ...]:
    return (
        one.member,
        one.badge,
        "yes" if one.met else "no",
        _time(one.earned_at),
        _time(one.answer.next_flip_at),
        one.withheld,
    )


def _explained(one: Verdict) -> Iterator[str]:
    member, badge, _met, earned, flips, withheld = _row(one)
    words = [
        "met" if one.met else "not met",
        earned and f"earned {earned}",
        flips and f"changes by time alone on {flips}",
        withheld and f"withheld: {withheld}",
    ]
    yield f"{member}  {badge}  {'; '.join(word for word in words if word)}"
    facts = {(fact.source, fact.activity_id): fact for fact in one.facts}
    for line in why(one.answer.proof, facts, one.answer.milestone.calendar):
        yield f"    {line}"


def _data(one: Verdict, *, explain: bool) -> dict[str, Any]:
    data = {
        "member": one.member,
        "badge": one.badge,
        "met": one.met,
        "earned_at": one.earned_at,
        "crossed_by": one.answer.crossed_by if one.met else "",
        "next_change_at": one.answer.next_flip_at,
        "withheld": one.withheld or None,
    }
    return data | {"proof": proof_data(one.answer.proof)} if explain else data


def _time(at: datetime | None) -> str:
    return at.isoformat() if at else ""
