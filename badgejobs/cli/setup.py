"""First steps: a configuration, where its values come from, the database's tables."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from badgejobs import __version__
from badgejobs.cli.opening import settled
from badgejobs.cli.output import Output, Rows
from badgejobs.config import config_template, load_settings, prepare_state_dir
from badgejobs.errors import SettingsError, StateError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

config = typer.Typer(help="The settings in force.")


def init(
    site: Annotated[str, typer.Argument(help="A short name of your site.")] = "my-site",
    *,
    folder: Annotated[Path, typer.Option(help="Where to write the files.")] = Path(),
) -> None:
    """Write a commented badgejobs.toml and rules for a real site; nothing is overwritten.

    Example: badgejobs init my-shop --folder /etc/badgejobs
    """
    if not re.fullmatch(r"[a-z0-9](?:-?[a-z0-9]){0,62}", site):
        raise SettingsError(
            f"{site!r} is not a site's name: small letters and digits, single hyphens between them"
        )
    starter = files("badgejobs.rules").joinpath("examples", "starter.yaml")
    contents = {
        folder / "badgejobs.toml": config_template(site),
        folder / f"{site}.yaml": starter.read_text(encoding="utf-8"),
    }
    for path in contents:
        if path.exists():
            raise StateError(f"{path} exists already and is kept; move it away, or name another "
                             "folder with --folder")  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in contents.items():
            with path.open("x", encoding="utf-8") as stream:
                stream.write(text)
    except OSError as error:
        raise StateError(f"{folder} cannot be written ({error.strerror})") from error
    toml = folder / "badgejobs.toml"
    secret = folder / f"{site}.secret"
    out = Output()
    out.result(
        {},
        f"wrote {toml} and {folder / f'{site}.yaml'}",
        "",
        "Next:",
        f"  1. Fill in app_id and instance_id in {toml}.",
        f"  2. Put the app secret into {secret} and run: chmod 600 {secret}",
        f"  3. Adapt the badges in {folder / f'{site}.yaml'}, then: badgejobs rules check "
        f"{folder / f'{site}.yaml'}",
        f"  4. badgejobs --config {toml} doctor",
        f"  5. badgejobs --config {toml} up",
    )


@config.callback()
def _config() -> None:
    """The settings in force."""


@config.command("show")
def show(*, as_json: AsJson = False) -> None:
    """Show every setting, its value (secrets masked) and where it comes from.

    Example: BADGEJOBS_TICK_SECONDS=5 badgejobs config show
    """
    settings, out = load_settings(for_show=True), Output(as_json=as_json)
    rows = [(one.name, one.value_shown, one.origin) for one in settings.origins()]
    out.result(
        {name: {"value": value, "origin": origin} for name, value, origin in rows},
        Rows(("setting", "value", "origin"), rows),
    )
    for warning in settings.warnings:
        out.note(f"warning: {warning}")


def migrate() -> None:
    """Make or renew the tables of the database; a repetition does nothing.

    Example: BADGEJOBS_DATABASE_URL_FILE=/run/secrets/database_url badgejobs migrate
    """
    settings = settled()
    if settings.database_url is None:
        prepare_state_dir(settings.state_dir)
    from badgejobs.store import open_store  # noqa: PLC0415 - SQLAlchemy, for this one only

    store = open_store(settings.database)
    try:
        store.migrate()
    finally:
        store.dispose()
    Output().result({}, "the database is up to date")


def version() -> None:
    """Print the version.

    Example: badgejobs version
    """
    Output().result({}, __version__)
