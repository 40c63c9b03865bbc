"""What is recorded of members: a line each, or one in full; no secret, no address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from badgejobs.bootstrap import House
from badgejobs.cli.byhand import member_id
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows, ago
from badgejobs.cli.streaming import paged
from badgejobs.core.award import Award, State
from badgejobs.errors import BadgeJobsError, SettingsError
from badgejobs.store.people import MemberLine

members = typer.Typer(help="See what is recorded of members.", no_args_is_help=True)

#: Lines of a table that a person reads; JSON has all.
SHOWN = 50
_COLUMNS = ("member", "activities", "latest", "badges at Wix", "others")


@members.command("list")
def list_members(
    site: Annotated[str, typer.Argument(help="The site.")],
    *,
    badge: Annotated[
        str | None, typer.Option(help="Only those with an award of this badge, however it stands.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"Only so many. Default: {SHOWN}; with --json all.", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
) -> None:
    """Show the members of whom anything is recorded: what they did, and which badges they have.

    Example: badgejobs members list my-shop --badge gold

    Example: badgejobs members list my-shop --json
    """  # fmt: skip
    settings, out = settled(), Output(as_json=as_json)
    name = known_site(settings, site)
    with opened(settings) as house:
        if badge is not None:
            require_badge(house, name, badge)
        found = _members(house, name, badge, limit if as_json else (limit or SHOWN) + 1)
        if as_json:
            for one in found:
                out.record(_as_json(one))
            return
        with house.store.read() as tx:
            now = tx.now
        lines = list(found)
    shown = [
        (
            one.member_id,
            ", ".join(f"{number} {source}" for source, (number, _) in one.activities.items()),
            ago(max((at for _, at in one.activities.values()), default=None), now),
            ", ".join(_at_wix(one)),
            ", ".join(
                f"{badge} {state.value.replace('_', ' ')}"
                for badge, state in one.badges.items()
                if state is not State.ASSIGNED
            ),
        )
        for one in lines[: limit or SHOWN]
    ]
    none = f"nothing is recorded of any member of {name}" + (f" with {badge}" if badge else "")
    out.result(None, Rows(_COLUMNS, shown) if shown else none)
    if len(lines) > len(shown):
        out.note(f"badgejobs: these are the first {len(shown)} by id; --limit shows more, and "
                 "--json all")  # fmt: skip


@members.command()
def show(
    site: Annotated[str, typer.Argument(help="The site.")],
    member: Annotated[str, typer.Argument(help="The member's id at Wix.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what is recorded of one member: activities, badges and how they stand, links, holds.

    `badgejobs history` has each change of their badges, `badgejobs export-member` every row.

    Example: badgejobs members show my-shop 3f2b8c1e-0d3f-4a4e-9f10-6f5a2c9e2201
    """
    settings, out = settled(), Output(as_json=as_json)
    name, who = known_site(settings, site), member_id(member)
    with opened(settings) as house, house.store.read() as tx:
        now, line, links = tx.now, tx.people.member(name, who), tx.people.links(name, who)
        awards = [one for _, one in sorted(tx.awards.of_members(name, [who]).items())]
    data = {
        "at": now,
        "site": name,
        **_as_json(line),
        "awards": [_award(one) for one in awards],
        "links": [asdict(one) for one in links],
    }
    did = [
        (source, str(number), ago(latest, now))
        for source, (number, latest) in line.activities.items()
    ]
    stands = [
        (
            one.badge,
            one.state.value.replace("_", " "),
            f"{one.earned_at:%Y-%m-%d}",
            _giver(one),
            one.reason or (one.unmet_because and f"to be taken: {one.unmet_because}"),
        )
        for one in awards
    ]
    linked = [
        (str(one.id), one.source, one.activity_id, one.kind,
         f"{one.undone_by}, {ago(one.undone_at, now)}" if one.undone_at else "")
        for one in links
    ]  # fmt: skip
    if not (did or stands or linked):
        out.result(data, f"nothing is recorded of this member of {name}; `badgejobs members list "
                         f"{name}` shows of whom there is")  # fmt: skip
        return
    out.result(
        data,
        Rows(("source", "activities", "latest"), did) if did else "no activity is recorded",
        Rows(("badge", "state", "earned", "given by", "why"), stands)
        if stands
        else "no badge was ever earned or given",
        *([Rows(("link", "source", "activity", "by", "undone"), linked)] if linked else []),
    )


def require_badge(house: House, site: str, badge: str) -> None:
    """``SettingsError`` for a badge of which nothing is known."""
    with house.store.read() as tx:
        known = set(tx.people.badges(site))
    if badge in known:
        return
    # of rules that cannot be read status tells
    with suppress(BadgeJobsError):
        known |= {one.badge for one in house.at(site).rules().milestones}
    if badge in known:
        return
    near = get_close_matches(badge, sorted(known), n=1)
    there = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"
    raise SettingsError(
        f"BADGE: {site} has no badge {badge!r}; "
        + (there if known else "no badge was provisioned yet; `badgejobs sync` does that")
    )


def _members(house: House, site: str, badge: str | None, limit: int | None) -> Iterator[MemberLine]:
    def page(after: str, most: int) -> Sequence[MemberLine]:
        with house.store.read() as tx:
            return tx.people.members(site, after=after, limit=most, badge=badge)

    return paged(page, start="", place=lambda one: one.member_id, limit=limit)


def _at_wix(one: MemberLine) -> list[str]:
    return [badge for badge, state in one.badges.items() if state is State.ASSIGNED]


def _giver(one: Award) -> str:
    if one.giver is None:
        return ""
    return "a person" if one.by_hand or one.giver == "person" else "a rule"


def _as_json(one: MemberLine) -> dict[str, Any]:
    return {
        "member": one.member_id,
        "activities": {
            source: {"number": number, "latest": latest}
            for source, (number, latest) in one.activities.items()
        },
        "badges": {badge: state.value for badge, state in one.badges.items()},
    }


def _award(one: Award) -> dict[str, Any]:
    """All of it but a worker's token."""
    told = asdict(one)
    return {
        name: value for name, value in told.items() if name not in {"site", "member_id", "claim"}
    }
