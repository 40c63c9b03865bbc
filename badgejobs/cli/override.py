"""A person's word taken back: what a person took away at Wix may be given by the rules again."""

from __future__ import annotations

from typing import Annotated

import typer

from badgejobs.cli.byhand import As, actor
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.site import checked_rules
from badgejobs.cli.triggering import ring_for
from badgejobs.errors import SettingsError
from badgejobs.flow.override import clear_override as clear_some
from badgejobs.flow.override import clear_overrides_of
from badgejobs.store import acting


def clear_override(
    site: Annotated[str, typer.Argument(help="The site.")],
    member: Annotated[
        str | None, typer.Argument(help="The member's id at Wix.", show_default=False)
    ] = None,
    badge: Annotated[
        str | None, typer.Argument(help="The badge's id in the rules.", show_default=False)
    ] = None,
    *,
    everyone: Annotated[
        bool, typer.Option("--all", help="Of everyone from whom it was taken; with --badge.")
    ] = False,
    of_badge: Annotated[
        str | None, typer.Option("--badge", help="The badge, with --all.", show_default=False)
    ] = None,
    who: As = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Let the rules give a badge again that a person took away.

    The member is decided anew: earned now, it is given again; else once it is earned.

    Example: badgejobs clear-override my-shop 3f2b8c1e-0d3f-4a4e-9f10-6f5a2c9e2201 loyal-customer
    """
    settings, out, user = settled(), Output(as_json=as_json), actor(who)
    name = known_site(settings, site)
    with_all = everyone and of_badge is not None and member is None and badge is None
    of_one = member is not None and badge is not None and not everyone and of_badge is None
    if not with_all and not of_one:
        raise SettingsError("name a MEMBER and a BADGE, or write --all --badge BADGE")
    with opened(settings) as house:
        checked_rules(house, name)
        rules = house.at(name).rules()
        wanted = badge or of_badge or ""
        known = {one.badge for one in rules.milestones}
        if wanted not in known:
            told = ", ".join(sorted(known)) or "none"
            raise SettingsError(
                f"BADGE: no rule of {name} gives {wanted!r}; its rules give: {told}"
            )
        with acting(actor=user, note="override cleared"):
            if member is not None:
                done = clear_some(name, [(member.lower(), wanted)], rules, house.store)
            else:
                done = clear_overrides_of(name, wanted, rules, house.store)
    data = {
        "site": name,
        "badge": wanted,
        "cleared": done.cleared,
        "given_again": done.opened,
        "held": done.held,
        "not_earned_now": done.unearned,
    }
    rung = bool(done.opened) and ring_for(settings, [("badgejobs.assign", {"site": name})])
    rows = [
        ("overrides cleared", str(done.cleared)),
        ("earned, to be given again", str(done.opened)),
        ("earned, held", str(done.held)),
        ("not earned now", str(done.unearned)),
    ]
    out.result(data | {"rung": rung}, Rows(("what", "number"), rows))
    if not done.cleared:
        out.note(
            f"badgejobs: nothing was taken by a person there; `badgejobs drift {name} --kind taken`"
            " lists what was"
        )
    elif done.opened and not rung:
        out.note(
            "badgejobs: the broker is away; the next tick of a running beat or `badgejobs sync` "
            "gives it"
        )
