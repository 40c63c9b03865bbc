"""Packs of rules: put in, tried by some sites, promoted to all, and taken back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from badgejobs.cli.byhand import actor
from badgejobs.cli.opening import opened, settled
from badgejobs.cli.output import Output, Rows, ago
from badgejobs.cli.pack_changes import Change, How, change
from badgejobs.cli.pack_effects import configured_sites
from badgejobs.cli.packs_compare import compare
from badgejobs.cli.rules_eval import known_sources
from badgejobs.cli.rules_reading import Currency, TimeZone, print_reading, read_file
from badgejobs.core.pack import NAME, NAMED_LIKE, Pack
from badgejobs.errors import Refused, SettingsError
from badgejobs.rules import NO_CURRENCY, SiteDefaults
from badgejobs.rules.loader import text_of_file
from badgejobs.rules.merging import Text, merged, read_merged

Name = Annotated[str, typer.Argument(help="The pack.")]
File = Annotated[Path, typer.Argument(help="The rules file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Version = Annotated[
    int | None, typer.Option(min=1, help="Default: the stable one.", show_default=False)
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without it, only look.")]
NoPreview = Annotated[
    bool, typer.Option("--no-preview", help="With --yes: do not look first, which takes its time.")
]
SkipBroken = Annotated[
    bool,
    typer.Option("--skip-broken", help="Sites whose overrides do not fit keep their old rules."),
]

packs = typer.Typer(help="Packs of rules that many sites share.")
packs.command("compare")(compare)


@packs.callback()
def _packs() -> None:
    """Packs of rules that many sites share."""


@packs.command("put")
def put(
    name: Name,
    file: File,
    *,
    note: Annotated[str, typer.Option(help="What is new in it.")] = "",
    promote: Annotated[
        bool, typer.Option("--promote", help="For all sites at once; asks for --yes as well.")
    ] = False,
    yes: Yes = False,
    who: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="Who you are. Default: your name here."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a rules file in as the newest version of a pack; the first one is in force at once.

    A file that does not hold is refused, and the same text twice is one version.

    Example: badgejobs packs put shops shops.yaml --note "gold from 40 orders on"
    """
    if not NAME.fullmatch(name):
        raise SettingsError(f"{name[:70]!r} is not a pack's name: {NAMED_LIKE}")
    settings, out = settled(), Output(as_json=as_json)
    found, by = read_file(file), actor(who)
    with opened(settings) as house, house.store.begin() as tx:
        version, is_new = tx.packs.put(
            name, found.ruleset.text, note=note, added_by=by,
            others=configured_sites(house, name),
        )  # fmt: skip
        stable = tx.packs.existing(name).stable
    shown = f"{name}: version {version}" + ("" if is_new else ", which stands there already")
    if promote and stable != version:
        out.note(f"badgejobs: {shown}")
        _change(name, _promotion(version), yes=yes, look=True, skip_broken=False, as_json=as_json)
    out.result(
        {"pack": name, "version": version, "new": is_new, "stable": stable},
        f"{shown}; in force is version {stable}",
    )
    if stable != version:
        out.note(f"badgejobs: `badgejobs packs canary {name} --version {version} --percent 5` lets "
                 f"some sites try it, `badgejobs packs promote {name} --version {version}` "
                 "all")  # fmt: skip


@packs.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the packs, with the versions that are in force.

    Example: badgejobs packs list
    """
    settings, out = settled(), Output(as_json=as_json)
    with opened(settings) as house:
        with house.store.read() as tx:
            all_of_them = [(tx.packs.existing(one), tx.packs.versions(one)) for one in
                           tx.packs.names()]  # fmt: skip
            added, now = tx.packs.numbers_of_sites(), tx.now
        found = [
            {
                "pack": one.name,
                "versions": len(versions),
                "newest": versions[-1].version,
                "stable": one.stable,
                "canary": one.canary,
                "percent": one.canary_percent,
                "named": len(one.canary_sites),
                "canary_since": one.canary_since,
                "sites": added.get(one.name, 0) + len(configured_sites(house, one.name)),
                "changed_at": one.changed_at,
            }
            for one, versions in all_of_them
        ]
    rows = [
        (one.name, len(versions), _cell(one.stable), _tried(one, now), told["sites"],
         ago(one.changed_at, now))
        for (one, versions), told in zip(all_of_them, found, strict=True)
    ]  # fmt: skip
    columns = ("pack", "versions", "in force", "tried", "sites", "changed")
    shown = Rows(columns, [tuple(map(str, row)) for row in rows])
    out.result(
        {"packs": found},
        shown if found else "no pack was put in yet; `badgejobs packs put NAME FILE` does",
    )


@packs.command("show")
def show(name: Name, *, version: Version = None, as_json: AsJson = False) -> None:
    """Show the text of a pack, as it was put in, and which versions there are.

    Example: badgejobs packs show shops --version 2
    """
    settings, out = settled(), Output(as_json=as_json)
    with opened(settings) as house, house.store.read() as tx:
        pack = tx.packs.existing(name)
        number = version or pack.stable or 1
        text, versions = tx.packs.require(name, number), tx.packs.versions(name)
    told = [
        {"version": one.version, "note": one.note, "by": one.added_by, "at": one.added_at}
        for one in versions
    ]
    for one in told:
        out.note(f"{name} version {one['version']}, {one['at']:%Y-%m-%d %H:%M} UTC, by "
                 f"{one['by']}{_standing(pack, one['version'])}: {one['note'] or '-'}")  # fmt: skip
    out.result({"pack": name, "version": number, "text": text, "versions": told}, text.rstrip("\n"))


@packs.command("check")
def check(
    name: Name,
    *,
    overrides: Annotated[Path, typer.Option(help="What a site says otherwise: YAML.")],
    version: Version = None,
    timezone: TimeZone = None,
    currency: Currency = None,
    as_json: AsJson = False,
) -> None:
    """Check what a site says otherwise against a version of a pack, and show what it means.

    Example: badgejobs packs check shops --overrides north.yaml
    """
    settings, out = settled(), Output(as_json=as_json)
    said = Text(text=text_of_file(overrides), file=str(overrides))
    with opened(settings) as house, house.store.read() as tx:
        number = version or tx.packs.existing(name).stable or 1
        pack = Text(text=tx.packs.require(name, number), file=f"pack {name} version {number}")
    site = SiteDefaults(timezone=timezone, currency=currency or NO_CURRENCY)
    found = read_merged(merged(pack, said), sources=known_sources(), site=site)
    print_reading(found, out)
    out.note(f"{overrides}: {len(found.ruleset.milestones)} badge(s) with {pack.file}, all well")


@packs.command("canary")
def canary(
    name: Name,
    *,
    version: Annotated[int, typer.Option(min=1, help="The version that they try.")],
    sites: Annotated[
        str | None, typer.Option(metavar="A,B", help="Their names, with commas.")
    ] = None,
    percent: Annotated[
        int | None, typer.Option(min=0, max=100, help="A share of the sites, always the same.")
    ] = None,
    yes: Yes = False,
    no_preview: NoPreview = False,
    skip_broken: SkipBroken = False,
    as_json: AsJson = False,
) -> None:
    """Let some sites try a version, beside those that do already; a larger share only adds sites.

    What it would change for them is shown first, from the recorded facts.

    Example: badgejobs packs canary shops --version 2 --sites north,south --yes

    Example: badgejobs packs canary shops --version 2 --percent 5
    """
    if sites is None and percent is None:
        raise SettingsError("say which sites: --sites A,B or --percent N")
    names = [one.strip() for one in (sites or "").split(",") if one.strip()]
    told = Change(
        after=lambda pack, now: pack.tried(version, sites=names, percent=percent, now=now),
        act=lambda tx, _, others, seen: tx.packs.start_canary(
            name, version, sites=names, percent=percent, others=others, seen=seen
        ),
        command="let them try it",
    )
    _change(name, told, yes=yes, look=not no_preview, skip_broken=skip_broken, as_json=as_json)


@packs.command("promote")
def promote(
    name: Name,
    *,
    version: Annotated[
        int | None, typer.Option(min=1, help="Default: the one that is tried.", show_default=False)
    ] = None,
    yes: Yes = False,
    no_preview: NoPreview = False,
    skip_broken: SkipBroken = False,
    as_json: AsJson = False,
) -> None:
    """Let all sites go by the version that some try; what it would change is shown first.

    The hourly cap and the guard of each site hold as ever.

    Example: badgejobs packs promote shops --yes
    """
    told = _promotion(version)
    _change(name, told, yes=yes, look=not no_preview, skip_broken=skip_broken, as_json=as_json)


@packs.command("rollback")
def rollback(
    name: Name,
    *,
    to: Annotated[
        int | None,
        typer.Option(min=1, help="All sites to this version. Default: only end the trial.",
                     show_default=False),
    ] = None,
    yes: Yes = False,
    no_preview: NoPreview = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """End the trial of a version, or go back to an earlier one; what it would change comes first.

    What was given meanwhile is judged by the rules that are in force then.

    Example: badgejobs packs rollback shops --yes

    Example: badgejobs packs rollback shops --to 1 --yes --no-preview
    """
    told = _promotion(to) if to is not None else Change(
        after=lambda pack, _: pack.rolled_back(),
        act=lambda tx, _, others, seen: tx.packs.end_canary(name, others=others, seen=seen),
        command="end the trial",
    )  # fmt: skip
    # nobody is kept from going back by a site that cannot
    _change(name, told, yes=yes, look=not no_preview, skip_broken=True, as_json=as_json)


def _promotion(version: int | None) -> Change:
    def after(pack: Pack, _: object) -> Pack:
        number = pack.canary if version is None else version
        if number is None:
            raise Refused(
                f"no version of the pack {pack.name!r} is tried; name one: `badgejobs packs "
                f"promote {pack.name} --version N`"
            )
        return pack.promoted(number)

    return Change(
        after=after,
        act=lambda tx, pack, others, seen: tx.packs.promote(
            pack.name, pack.stable or 1, others=others, seen=seen
        ),
        command="take it up",
    )


def _change(
    name: str, told: Change, *, yes: bool, look: bool, skip_broken: bool, as_json: bool
) -> None:
    how = How(yes=yes, look=look, skip_broken=skip_broken, as_json=as_json)
    raise typer.Exit(change(name, told, how))


def _standing(pack: Pack, version: object) -> str:
    stands = {pack.canary: " (tried)", pack.stable: " (in force)"}
    return stands.get(version, "") if isinstance(version, int) else ""


def _tried(pack: Pack, now: datetime) -> str:
    if pack.canary is None:
        return "-"
    share = [f"{pack.canary_percent} %"] if pack.canary_percent else []
    named = [f"{len(pack.canary_sites)} named"] if pack.canary_sites else []
    return f"version {pack.canary} by {' and '.join(share + named)}, {ago(pack.canary_since, now)}"


def _cell(value: object) -> str:
    return "-" if value is None else str(value)
