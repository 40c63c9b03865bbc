"""Changed rules: what they would change is shown first, and declared when they are applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from badgejobs.bootstrap import House
from badgejobs.cli.byhand import actor
from badgejobs.cli.exits import Code, code_of
from badgejobs.cli.foreground import Done, Duty, Foreground
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.progress import Progress
from badgejobs.cli.site import checked_rules
from badgejobs.cli.triggering import ring_for
from badgejobs.config import Settings
from badgejobs.core.allowance import Kind
from badgejobs.core.milestone import Ruleset
from badgejobs.errors import Refused, SettingsError
from badgejobs.flow.byhand import YES_REMOVES_ACCESS
from badgejobs.flow.difference import Difference, difference
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import BY_HAND

#: What is declared passes the cap and the guard for so long.
_HOLDS = timedelta(days=1)

COLUMNS = {
    "awards": "to be given",
    "held": "held",
    "withdrawn": "withdrawn",
    "taken_now": "taken now",
    "taken_later": "taken later",
    "stays": "stays after all",
    "grandfathered": "by the earlier rule",
}


def apply_rules(
    site: str | None,
    *,
    yes: bool,
    removes_access: bool,
    check: bool,
    name: str | None,
    out: Output,
) -> Code:
    """Show what the rules file would change, and with ``yes`` take it up; the exit code."""
    if check and yes:
        raise SettingsError("--check only looks, and --yes takes the rules up: name one of them")
    if removes_access and not yes:
        raise SettingsError(
            f"{YES_REMOVES_ACCESS} says something beside --yes alone; add --yes, or leave it out"
        )
    settings = settled()
    at, who = known_site(settings, site), actor(name) if yes else ""
    done: Done | None = None
    with opened(settings) as house, out.progress() as tell:
        checked_rules(house, at)
        duties.register(house)
        rules = house.at(at).rules_now()
        by_badge = _difference(house, at, rules, tell)
        total = sum(by_badge.values(), Difference())
        with house.store.read() as tx:
            in_force = tx.bindings.applied(at)[0]
            unread = rules.sources - tx.scans.complete(at, rules.wants)
        if yes:
            done = _applied(
                house, at, rules, total, who=who, removes_access=removes_access, tell=tell
            )
    applied = done is not None and not done.is_partial and done.blocked_by is None
    versions = {"version": rules.version, "in_force": in_force}
    _print(out, {"site": at, **versions, "applied": applied}, by_badge, total)
    if unread:
        out.note(f"badgejobs: the history of {', '.join(sorted(unread))} is not read to its end: "
                 "what it will add is not counted")  # fmt: skip
    if done is None:
        if total.is_any:
            out.note("badgejobs: nothing was changed yet; add --yes to take the rules up")
        if total.losing:
            out.note(f"badgejobs: {total.losing} are to be taken away, and the guard counts them; "
                     f"{YES_REMOVES_ACCESS} beside --yes lets them pass")  # fmt: skip
        return Code.CHANGED if check and total.is_any else Code.OK
    return _end(settings, out, at, total, done, removes_access=removes_access)


def _difference(house: House, site: str, rules: Ruleset, tell: Progress) -> dict[str, Difference]:
    return difference(
        site,
        rules,
        house.store,
        heard=lambda number: tell.counted("members looked at", number),
    )


def _applied(
    house: House,
    site: str,
    rules: Ruleset,
    total: Difference,
    *,
    who: str,
    removes_access: bool,
    tell: Progress,
) -> Done:
    """Declare what was shown, and have these rules taken up here and now."""
    if house.at(site).rules_now().version != rules.version:
        raise Refused("the rules file was changed meanwhile: look at what it would change anew")
    with house.store.begin() as tx:
        numbers = dict[Kind, int]()
        if tx.bindings.applied(site)[0] is not None:
            # what a site is set up with is declared by that
            numbers[Kind.AWARDS] = total.awards
        if removes_access:
            numbers[Kind.REVOCATIONS] = total.losing
        for kind, number in numbers.items():
            # a call that is made again declares the same number, and not twice as much
            if (more := number - tx.allowances.left(site, kind)) > 0:
                tx.allowances.declare(site, kind, more, holds=_HOLDS, declared_by=who)
        tx.scans.make_failed_due(site, asked_by=BY_HAND)
        tx.scans.make_due(site, duties.PROVISION, asked_by=BY_HAND)
    here = Foreground(house, site, tell=tell)
    return here.work_off(
        {duties.PROVISION: Duty(lambda: work.run_provision(house, site, by=BY_HAND))}
    )


def _print(
    out: Output,
    data: dict[str, Any],
    by_badge: Mapping[str, Difference],
    total: Difference,
) -> None:
    data |= {
        "changes": total.is_any,
        "totals": asdict(total),
        "badges": {badge: asdict(told) for badge, told in by_badge.items()},
    }
    out.result(data, shown_by_badge(by_badge))


def shown_by_badge(by_badge: Mapping[str, Difference]) -> Rows | str:
    """A line for each badge of which something would change."""
    rows = [
        (badge, *(str(getattr(told, name)) for name in COLUMNS))
        for badge, told in by_badge.items()
        if told.is_any or told.grandfathered
    ]
    return Rows(("badge", *COLUMNS.values()), rows) if rows else "no award would change"


def _end(
    settings: Settings,
    out: Output,
    site: str,
    total: Difference,
    done: Done,
    *,
    removes_access: bool,
) -> Code:
    if total.losing and not removes_access:
        out.note(f"badgejobs: {total.losing} are to be taken away, and the guard counts them; "
                 f"where it holds them back, `badgejobs release {site} --revocations "
                 f"{total.losing} {YES_REMOVES_ACCESS}` lets them pass")  # fmt: skip
    if done.blocked_by:
        out.note(f"badgejobs: {done.blocked_by}")
        return code_of(done.blocked_by)
    if done.left:
        out.note(f"badgejobs: left for the next call: {done.left}")
        return Code.PARTIAL
    rung = ring_for(settings, [("badgejobs.assign", {"site": site})])
    out.note("badgejobs: the rules are taken up; " + (
        "the workers bring what changed to Wix" if rung
        else f"`badgejobs assign {site} --foreground` brings what changed to Wix"
    ))  # fmt: skip
    return Code.OK
