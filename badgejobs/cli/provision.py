"""The badges of a site at Wix: bound, shown, and created anew where they were deleted there."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from badgejobs.bootstrap import House
from badgejobs.cli.exits import Code, code_of
from badgejobs.cli.foreground import BY, Done, Duty, Foreground
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.site import MaxSeconds, checked_rules
from badgejobs.cli.triggering import Background, Bell, Wait, ring_for, trigger
from badgejobs.core.ledger import Bound
from badgejobs.core.milestone import Ruleset
from badgejobs.errors import SettingsError
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import Outcome
from badgejobs.store.acting import acting

_COLUMNS = ("badge", "state", "Wix id", "title at Wix", "opens pages", "look")
_COUNTED = ("created", "found", "changed", "moved")
#: In whose name awards of a badge that is created anew are changed.
_BY_COMMAND = "badgejobs provision"


def provision(
    site: Annotated[
        str | None, typer.Argument(help="Default: the only site.", show_default=False)
    ] = None,
    *,
    recreate: Annotated[
        str | None,
        typer.Option(metavar="BADGE", help="Create a badge anew that was deleted at Wix."),
    ] = None,
    background: Background = False,
    wait: Wait = False,
    max_seconds: MaxSeconds = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bind a site's badges to those at Wix now, create what is missing, and show how they stand.

    Looks and order are brought to Wix where the rules file owns them and has changed. What was
    deleted at Wix is created anew only with --recreate; who earns it then gets it.

    Example: badgejobs provision my-shop --recreate vip
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    if background or wait:
        if recreate is not None:
            raise SettingsError("--recreate is done here; leave out --background and --wait")
        bells: list[Bell] = [("badgejobs.provision", {"site": name})]
        what, data = f"badges of {name}", {"site": name}
        trigger(settings, out, bells, what=what, data=data, wait=wait, max_seconds=max_seconds)
        return
    with opened(settings) as house:
        checked_rules(house, name)
        rules = house.at(name).rules()
        known = ", ".join(sorted(one.badge for one in rules.milestones)) or "none"
        if recreate is not None and recreate not in {one.badge for one in rules.milestones}:
            raise SettingsError(
                f"--recreate: no rule of {name} gives the badge {recreate!r}; its badges: {known}"
            )
        duties.register(house)
        with out.progress() as tell, acting(actor=_BY_COMMAND if recreate else None):
            here = Foreground(house, name, tell=tell, max_seconds=max_seconds)
            told, done = _provisioned(house, name, here, recreate)
        with house.store.read() as tx:
            bound = tx.bindings.bound(name)
    if told["opened"]:
        ring_for(settings, [("badgejobs.assign", {"site": name})])
    _show(out, name, rules, bound, told=told, done=done)


def _provisioned(
    house: House, site: str, here: Foreground, recreate: str | None
) -> tuple[dict[str, int], Done]:
    """Do the duty until it is over, waiting where that is asked for; what came of it."""
    told = dict.fromkeys((*_COUNTED, "opened"), 0)
    left = [] if recreate is None else [recreate]

    def unit() -> Outcome:
        anew = left[0] if left else None
        outcome = work.run_provision(house, site, by=BY, read_anew=True, anew=anew)
        for name in told:
            told[name] += outcome.numbers.get(name, 0)
        if outcome.numbers:
            left.clear()  # it has come to its end: what is left is to decide the members
        return outcome

    return told, here.work_off({duties.PROVISION: Duty(unit)})


def _show(
    out: Output,
    site: str,
    rules: Ruleset,
    bound: dict[str, Bound],
    *,
    told: dict[str, int],
    done: Done,
) -> None:
    names = [one.badge for one in rules.milestones]
    names += sorted(bound.keys() - set(names))
    badges = [_badge(name, bound.get(name)) for name in names]
    error = str(done.blocked_by) if done.blocked_by else done.left
    data = {"site": site} | told | {"badges": badges, "error": error}
    rows = [
        (
            one["badge"],
            one["state"],
            one["wix_badge_id"] or "",
            one["title"],
            "yes" if one["opens_pages"] else "no",
            _look_in_words(bound.get(one["badge"])),
        )
        for one in badges
    ]
    out.result(data, Rows(_COLUMNS, rows))
    counted = [f"{name} {told[name]}" for name in _COUNTED if told[name]]
    out.note(f"badgejobs: {site}: {', '.join(counted) or 'nothing was to be done'}")
    for one in badges:
        if one["state"] == "gone":
            out.note(
                f"badgejobs: {one['badge']} was deleted at Wix; to create it anew: "
                f"badgejobs provision {site} --recreate {one['badge']}"
            )
    if done.blocked_by:
        out.note(f"badgejobs: {done.blocked_by}")
        raise typer.Exit(code_of(done.blocked_by))
    if done.left:
        out.note(f"badgejobs: left for the next call: {done.left}")
        raise typer.Exit(Code.PARTIAL)


def _badge(name: str, bound: Bound | None) -> dict[str, Any]:
    if bound is None:
        return {
            "badge": name,
            "state": "not bound",
            "wix_badge_id": None,
            "title": "",
            "opens_pages": False,
            "look": None,
        }
    return {
        "badge": name,
        "state": "gone" if bound.gone_at else "bound",
        "wix_badge_id": bound.wix_badge_id,
        "title": bound.title,
        "opens_pages": bound.opens_pages,
        "look": asdict(bound.look) if bound.look else None,
    }


def _look_in_words(bound: Bound | None) -> str:
    """The look that the rules gave last; of one that only stands at Wix, whose it is."""
    if bound is None:
        return ""
    look = bound.look
    return f"{look.text} on {look.background}" if look else "the owner's"
