"""Sites stopped, taken up again, and removed."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output
from badgejobs.cli.triggering import ring_for
from badgejobs.errors import SettingsError
from badgejobs.jobs import standing
from badgejobs.store.standings import PERSON

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Argument(help="The site.")]
#: Who asked, in the table of runs.
_BY = "sites resume"


def suspend(
    site: Name,
    *,
    reason: Annotated[str, typer.Option(help="Why, in a few words, for who reads it later.")],
    as_json: AsJson = False,
) -> None:
    """Do nothing for a site until it is resumed by hand; what runs ends its slice.

    Nothing is read of it, given or taken; badges that stand at Wix stay.

    Example: badgejobs sites suspend my-shop --reason "invoice 1207 is open"
    """
    settings, out = settled(), Output(as_json=as_json)
    name, why = known_site(settings, site), " ".join(reason.split())
    if not why:
        raise SettingsError("--reason: write in a few words why")
    with opened(settings) as house, house.store.begin() as tx:
        changed = standing.suspend_by_person(tx, name, why)
    out.result({"site": name, "suspended": True, "changed": changed}, f"{name} is suspended")


def resume(site: Name, *, as_json: AsJson = False) -> None:
    """Work for a suspended site again, with all of it due at once.

    Example: badgejobs sites resume my-shop
    """
    settings, out = settled(), Output(as_json=as_json)
    name = known_site(settings, site)
    with opened(settings) as house, house.store.begin() as tx:
        changed = standing.resume(tx, name, by=PERSON, asked_by=_BY)
    rung = changed and ring_for(settings, [("badgejobs.provision", {"site": name})])
    shown = f"{name} is resumed, and all of it due" if changed else f"{name} is not suspended"
    out.result({"site": name, "suspended": False, "changed": changed, "rung": rung}, shown)


def remove(
    site: Name,
    *,
    erase_records: Annotated[
        bool, typer.Option("--erase-records", help="Also delete all that is recorded of it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --erase-records: do it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Serve a site no longer. Badges that stand at Wix stay there.

    What is recorded of it stays too, so that it goes on where it was once it is added again under
    its name; --erase-records deletes that for good.

    Example: badgejobs sites remove my-shop
    """
    settings, out = settled(), Output(as_json=as_json)
    with opened(settings) as house:
        if site in house.configured:
            raise SettingsError(f"{site} stands in the configuration file; take it out there")
        with house.store.begin() as tx:
            # first of all: no run of it begins from here on
            was_there = tx.sites.remove(site)
            counted = tx.site_records.count(site) if erase_records else {}
            if not was_there and not sum(counted.values()):
                house.told(site)  # says that there is none
            if erase_records:
                at_work = tx.site_records.leased(site) > 0
                _require_at_rest(site, yes=yes, at_work=at_work, counted=counted)
                tx.site_records.erase(site)
            tx.standings.forget(site)
            tx.alerts.clear_all(site)
    data: dict[str, Any] = {"site": site, "removed": was_there, "erased": counted}
    kept = (
        f"{sum(counted.values())} rows of records are deleted"
        if erase_records
        else "what is recorded of it stays, and counts again when it is added anew"
    )
    out.result(data, f"{site} is removed; its badges stay at Wix; {kept}")


def _require_at_rest(site: str, *, yes: bool, at_work: bool, counted: dict[str, int]) -> None:
    told = ", ".join(f"{number} of {name}" for name, number in counted.items() if number)
    if at_work:
        raise SettingsError(
            f"{site} is being worked for just now; suspend it, and erase its records a minute later"
        )
    if not yes:
        raise SettingsError(
            f"--erase-records deletes for good what is recorded of {site} ({told or 'nothing'}): "
            "who has which badge by us, and why; add --yes if that is meant"
        )
