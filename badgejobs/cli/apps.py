"""The apps of ours at Wix, each with the secret that all its installations share."""

from __future__ import annotations

from typing import Annotated

import typer

from badgejobs.bootstrap.directory import place_of_app
from badgejobs.cli.opening import opened, settled
from badgejobs.cli.output import Output, Rows, ago
from badgejobs.cli.secret_input import SecretFile, SecretStdin, told_secret
from badgejobs.config import checks
from badgejobs.config.single import checked_value
from badgejobs.errors import SettingsError
from badgejobs.jobs import standing
from badgejobs.store import SqlTransaction
from badgejobs.store.sites import AddedApp
from badgejobs.store.standings import WIX

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Argument(help="Our short name of the app.")]
_WHAT = "the secret of the app"

apps = typer.Typer(help="The apps of ours at Wix, whose secret is told once for all their sites.")


@apps.callback()
def _apps() -> None:
    """The apps of ours at Wix, whose secret is told once for all their sites."""


@apps.command("add")
def add(
    name: Name,
    *,
    app_id: Annotated[str, typer.Option(help="The app's id, as its dashboard shows it.")],
    secret_file: SecretFile = None,
    secret_stdin: SecretStdin = False,
    as_json: AsJson = False,
) -> None:
    """Add an app; its secret is read from a file, from standard input or unseen, and sealed.

    Example: badgejobs apps add our-app --app-id 7d0c... --secret-file app.secret
    """
    settings, out = settled(), Output(as_json=as_json)
    checked_value(checks.site_name, name)
    told = checked_value(checks.wix_id, app_id)
    with opened(settings) as house:
        with house.store.read() as tx:
            if any(one.name == name for one in tx.sites.apps()):
                raise SettingsError(
                    f"there is an app {name!r} already; `badgejobs apps rotate-secret {name}` "
                    "replaces its secret"
                )
        secret = told_secret(_WHAT, secret_file, stdin=secret_stdin)
        sealed = house.directory.vault.seal(secret, place=place_of_app(name))
        with house.store.begin() as tx:
            tx.sites.add_app(name, told, sealed)
    out.result(
        {"app": name, "app_id": told},
        f"{name} is added; now its sites: badgejobs sites add SITE --app {name} --instance ID "
        "--pack PACK",
    )


@apps.command("list")
def listed(*, as_json: AsJson = False) -> None:
    """Show the apps and how many sites each has; no secret is shown.

    Example: badgejobs apps list
    """
    settings, out = settled(), Output(as_json=as_json)
    with opened(settings) as house, house.store.read() as tx:
        now, found, numbers = tx.now, tx.sites.apps(), tx.sites.sites_of_apps()
        current = {one.name: house.directory.vault.is_current(one.secret) for one in found}
    rows = [
        (one.name, one.app_id, str(numbers.get(one.name, 0)), ago(one.changed_at, now),
         "yes" if current[one.name] else "no")
        for one in found
    ]  # fmt: skip
    out.result(
        {
            "apps": [
                {
                    "app": one.name,
                    "app_id": one.app_id,
                    "sites": numbers.get(one.name, 0),
                    "secret_changed_at": one.changed_at,
                    "sealed_under_first_key": current[one.name],
                }
                for one in found
            ]
        },
        Rows(("app", "id at Wix", "sites", "secret changed", "under the first key"), rows)
        if rows
        else "there is no app yet; `badgejobs apps add` adds one",
    )


@apps.command("rotate-secret")
def rotate_secret(
    name: Name,
    *,
    secret_file: SecretFile = None,
    secret_stdin: SecretStdin = False,
    as_json: AsJson = False,
) -> None:
    """Replace the secret of an app; running workers take it up within seconds.

    Sites that Wix refused under the old one are tried again at once.

    Example: badgejobs apps rotate-secret our-app --secret-stdin < new.secret
    """
    settings, out = settled(), Output(as_json=as_json)
    with opened(settings) as house:
        with house.store.read() as tx:
            _known(tx, name)
        secret = told_secret(_WHAT, secret_file, stdin=secret_stdin)
        sealed = house.directory.vault.seal(secret, place=place_of_app(name))
        with house.store.begin() as tx:
            _known(tx, name)
            tx.sites.new_app_secret(name, sealed)
            its_sites = tx.sites.sites_of(name)
            suspended = [one.site for one in tx.standings.suspended(its_sites) if one.is_by_wix]
            for site in suspended:
                standing.resume(tx, site, by=WIX, asked_by="a new secret")
    out.result(
        {"app": name, "sites": len(its_sites), "resumed": suspended},
        f"the secret of {name} is replaced for {len(its_sites)} sites; {len(suspended)} that Wix "
        "refused are tried again",
    )


@apps.command("remove")
def remove(name: Name, *, as_json: AsJson = False) -> None:
    """Take an app out, with its secret; its sites must be gone before.

    Example: badgejobs apps remove our-app
    """
    settings, out = settled(), Output(as_json=as_json)
    with opened(settings) as house, house.store.begin() as tx:
        _known(tx, name)
        if number := len(tx.sites.sites_of(name)):
            raise SettingsError(
                f"{number} sites have the app {name!r}; remove them first, or move them "
                "(`badgejobs sites change SITE --app`)"
            )
        tx.sites.remove_app(name)
    out.result({"app": name, "removed": True}, f"{name} is removed, and its secret with it")


def _known(tx: SqlTransaction, name: str) -> AddedApp:
    found = tx.sites.apps()
    for one in found:
        if one.name == name:
            return one
    names = [one.name for one in found]
    cure = checks.did_you_mean(name, names) if names else "`badgejobs apps add` adds one"
    raise SettingsError(f"there is no app {name!r}; {cure}")
