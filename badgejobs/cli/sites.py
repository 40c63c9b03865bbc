"""The sites that are added, changed and removed while everything runs."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from badgejobs.bootstrap import House
from badgejobs.bootstrap.directory import named_at_wix, place_of_app, place_of_site
from badgejobs.cli.applying import shown_by_badge
from badgejobs.cli.opening import opened, settled
from badgejobs.cli.output import Output
from badgejobs.cli.secret_input import SecretFile, SecretStdin, told_secret
from badgejobs.cli.site_told import Around, checked, sealed_key, told_overrides
from badgejobs.cli.sites_effect import effect
from badgejobs.cli.sites_import import import_sites
from badgejobs.cli.sites_list import listed, show
from badgejobs.cli.sites_standing import remove, resume, suspend
from badgejobs.errors import SettingsError
from badgejobs.jobs import duties, standing
from badgejobs.store import SqlTransaction
from badgejobs.store.sites import AddedSite, SiteRow
from badgejobs.store.standings import WIX

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Argument(help="Our short name of the site.")]
App = Annotated[
    str | None, typer.Option(help="The app of ours that the site has, by its name here.")
]
Instance = Annotated[str | None, typer.Option(help="The installation of that app, a GUID.")]
SiteId = Annotated[
    str | None, typer.Option("--site-id", help="Instead: the site's id, for an API key.")
]
Overrides = Annotated[
    Path | None, typer.Option(help="A YAML file with what this site says otherwise.")
]
CommentApps = Annotated[
    list[str] | None, typer.Option("--comment-app", help="Repeatable. Default: blog.")
]
Pace = Annotated[int | None, typer.Option(help="Default: that of the settings.")]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Do not ask Wix whether it takes us.")]
#: Who asked, in the table of runs.
BY = "sites"

sites = typer.Typer(help="The sites that are served: added, shown, suspended and removed.")
sites.command("list")(listed)
sites.command("show")(show)
sites.command("suspend")(suspend)
sites.command("resume")(resume)
sites.command("remove")(remove)
sites.command("import")(import_sites)


@sites.callback()
def _sites() -> None:
    """The sites that are served: added, shown, suspended and removed, while everything runs."""


@sites.command("add")
def add(
    name: Name,
    *,
    pack: Annotated[str, typer.Option(help="The pack of rules that it is decided by.")],
    app: App = None,
    instance: Instance = None,
    site_id: SiteId = None,
    secret_file: SecretFile = None,
    secret_stdin: SecretStdin = False,
    overrides: Overrides = None,
    comment_app: CommentApps = None,
    requests_per_minute: Pace = None,
    no_check: NoCheck = False,
    as_json: AsJson = False,
) -> None:
    """Add a site; running workers begin with it within seconds.

    Either an app (`badgejobs apps add`) and its instance, or a site id and an API key, which is
    read from a file, from standard input or unseen.

    Example: badgejobs sites add my-shop --app our-app --instance 6f1c... --pack standard
    """
    settings, out = settled(), Output(as_json=as_json)
    key = None
    if site_id is not None:
        key = told_secret("the API key", secret_file, stdin=secret_stdin)
    elif secret_file or secret_stdin:
        raise SettingsError("an app's secret is told once, by `badgejobs apps add`, not by site")
    told = SiteRow(
        name=name,
        app=app,
        instance_id=instance,
        site_id=site_id,
        pack=pack,
        overrides=told_overrides(overrides),
        comment_apps=tuple(comment_app or ()),
        requests_per_minute=requests_per_minute,
    )
    with opened(settings) as house:
        with house.store.read() as tx:
            row = _checked(house, tx, told)
            if tx.sites.get(row.name):
                raise SettingsError(
                    f"there is a site {name!r} already; `badgejobs sites change {name}` changes it"
                )
        if key is not None:
            row = sealed_key(house.directory.vault, row, key, stands=None)
        _write(house, row, seen=None, check=not no_check)
    data = {"site": row.name, "pack": row.pack, "checked": not no_check}
    out.result(data, f"{row.name} is added; running workers begin with it within seconds")


@sites.command("change")
def change(
    name: Name,
    *,
    pack: Annotated[str | None, typer.Option(help="Move it to another pack of rules.")] = None,
    app: App = None,
    instance: Instance = None,
    site_id: SiteId = None,
    secret_file: SecretFile = None,
    secret_stdin: SecretStdin = False,
    overrides: Overrides = None,
    no_overrides: Annotated[
        bool, typer.Option("--no-overrides", help="It says nothing otherwise any more.")
    ] = False,
    comment_app: CommentApps = None,
    requests_per_minute: Pace = None,
    same_site: Annotated[
        bool,
        typer.Option(
            "--same-site", help="It is the same site at Wix, though it is named otherwise there."
        ),
    ] = False,
    no_check: NoCheck = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With another pack or overrides: do it, not only look.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Change what is said of a site, or move it to another pack or app.

    Another pack, or other overrides, change who has which badge: what would change is shown first,
    and done with --yes. What is not named stays. What was recorded under a name belongs to one
    site at Wix: another instance or site id is taken only with --same-site.

    Example: badgejobs sites change my-shop --pack premium

    Example: badgejobs sites change my-shop --pack premium --yes
    """
    settings, out = settled(), Output(as_json=as_json)
    with opened(settings) as house, out.progress() as tell:
        with house.store.read() as tx:
            stands = added_site(house, tx, name).row
        told = _changed(
            stands,
            app=app, instance_id=instance, site_id=site_id, pack=pack,
            requests_per_minute=requests_per_minute,
            comment_apps=tuple(comment_app) if comment_app else None,
            overrides="" if no_overrides else told_overrides(overrides) if overrides else None,
        )  # fmt: skip
        with house.store.read() as tx:
            row = _checked(house, tx, told, rebind=same_site)
        if row.site_id is not None and (secret_file or secret_stdin or not stands.secret):
            key = told_secret("the API key", secret_file, stdin=secret_stdin)
            row = sealed_key(house.directory.vault, row, key, stands=stands)
        is_new = row != stands or same_site
        other_rules = (row.pack, row.overrides) != (stands.pack, stands.overrides)
        by_badge = effect(house, row, tell) if other_rules else {}
        waits = other_rules and not yes
        if is_new and not waits:
            moved = (row.app, row.instance_id, row.site_id, row.secret) != (
                stands.app, stands.instance_id, stands.site_id, stands.secret,
            )  # fmt: skip
            _write(house, row, seen=stands, check=moved and not no_check, rebind=same_site)
    data: dict[str, Any] = {"site": name, "changed": is_new and not waits}
    if other_rules:
        data["badges"] = {badge: asdict(told) for badge, told in by_badge.items()}
    shown = f"{name} is changed" if is_new else f"{name} stands so already; nothing is changed"
    if waits:
        shown = f"{name} would go by pack {row.pack}" + (", with overrides" * bool(row.overrides))
    out.result(data, shown, *([shown_by_badge(by_badge)] if other_rules else []))
    if waits:
        out.note("badgejobs: nothing was changed yet; add --yes to sites change")


@sites.command("rotate-secret")
def rotate_secret(
    name: Name,
    *,
    secret_file: SecretFile = None,
    secret_stdin: SecretStdin = False,
    no_check: NoCheck = False,
    as_json: AsJson = False,
) -> None:
    """Replace the API key of a site; running workers take it up within seconds.

    The secret of an app is replaced once for all its sites: `badgejobs apps rotate-secret`.

    Example: badgejobs sites rotate-secret my-shop --secret-file new.key
    """
    settings, out = settled(), Output(as_json=as_json)
    with opened(settings) as house:
        with house.store.read() as tx:
            stands = added_site(house, tx, name).row
        if stands.site_id is None:
            raise SettingsError(
                f"{name} has no secret of its own but its app's: `badgejobs apps rotate-secret "
                f"{stands.app}`"
            )
        key = told_secret("the API key", secret_file, stdin=secret_stdin)
        row = sealed_key(house.directory.vault, stands, key, stands=stands)
        if row != stands:
            _write(house, row, seen=stands, check=not no_check)
    data = {"site": name, "changed": row != stands}
    out.result(data, f"{name}: the API key is {'replaced' if row != stands else 'the same'}")


@sites.command("reseal")
def reseal(*, as_json: AsJson = False) -> None:
    """Seal all secrets anew under the first key, so that the other keys can be taken away.

    Example: badgejobs sites reseal
    """
    settings, out = settled(), Output(as_json=as_json)
    with opened(settings) as house, house.store.begin() as tx:
        number = 0
        for one in tx.sites.apps():
            if sealed := _resealed(house, one.secret, place_of_app(one.name)):
                number += tx.sites.reseal_app(one.name, sealed, before=one.secret)
        for site in tx.sites.all():
            row = site.row
            if row.secret and (sealed := _resealed(house, row.secret, place_of_site(row))):
                number += tx.sites.reseal(row.name, sealed, before=row.secret)
    out.result({"resealed": number}, f"{number} secrets are sealed anew under the first key")


def added_site(house: House, tx: SqlTransaction, name: str) -> AddedSite:
    """A site of the database; ``SettingsError`` for one of the file, and for none."""
    if name in house.configured:
        raise SettingsError(
            f"{name} stands in the configuration file; change it there, and start the processes "
            "anew"
        )
    found = tx.sites.get(name)
    if found is None:
        house.told(name)  # says that there is none
        raise SettingsError(f"there is no site {name!r}; `badgejobs sites list` shows all")
    return found


def _checked(house: House, tx: SqlTransaction, told: SiteRow, *, rebind: bool = False) -> SiteRow:
    at_wix = named_at_wix(house.settings.wix_base_url, told.instance_id, told.site_id)
    return checked(told, Around.read(tx, house.settings), at_wix=at_wix, rebind=rebind)


def _changed(stands: SiteRow, **told: Any) -> SiteRow:
    """The row with what is told; another way in replaces the one before."""
    given = {field: value for field, value in told.items() if value is not None}
    row = stands
    if "site_id" in given:
        row = replace(row, app=None, instance_id=None)
    if given.keys() & {"app", "instance_id"}:
        row = replace(row, site_id=None, secret=None)
    return replace(row, **given)


def _write(
    house: House, row: SiteRow, *, seen: SiteRow | None, check: bool, rebind: bool = False
) -> None:
    """See that the rules can be used and Wix takes us, and write it, with all of it due."""
    with house.store.read() as tx:
        its_app = next((one for one in tx.sites.apps() if one.name == row.app), None)
        now = tx.now
    told = house.directory.told_of(AddedSite(row=row, app=its_app, added_at=now, changed_at=now))
    trial = house.trial(told)
    try:
        trial.check_rules()
        if check:
            if rebind:
                trial.take_for_own()
            standing.require_taken(trial)
    finally:
        trial.close()
    with house.store.begin() as tx:
        _checked(house, tx, row, rebind=rebind)
        tx.sites.put_one(row, seen=seen)
        if rebind:
            tx.bindings.bind_site(row.name, told.at_wix, anew=True)
        if check:
            standing.resume(tx, row.name, by=WIX, asked_by=BY)
        else:
            tx.standings.probe_soon(row.name)
        standing.make_all_due(tx, row.name, asked_by=BY)
    house.directory.forget()
    duties.register(house, [row.name])


def _resealed(house: House, sealed: str, place: str) -> str | None:
    """The secret sealed under the first key; ``None`` where it is so already."""
    vault = house.directory.vault
    if vault.is_current(sealed):
        return None
    return vault.seal(vault.open(sealed, place=place), place=place)
