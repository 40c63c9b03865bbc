"""First steps: a configuration, where its values come from, the database's tables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from badgejobs import __version__
from badgejobs.cli.opening import settled
from badgejobs.cli.output import Output, Rows
from badgejobs.config import config_template, load_settings, prepare_state_dir, sandbox_template
from badgejobs.errors import SettingsError, StateError
from badgejobs.sandbox import builtin
from badgejobs.wix import wire

#: What holds a secret is for its owner's eyes; everything else as the umask says.
_MODES = {".secret": 0o600}

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

config = typer.Typer(help="The settings in force.")


def init(
    site: Annotated[str, typer.Argument(help="A short name of your site.")] = "my-site",
    *,
    folder: Annotated[Path, typer.Option(help="Where to write the files.")] = Path(),
    sandbox: Annotated[
        str | None,
        typer.Option(help="For the first site of a sandbox at this URL, in place of Wix."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a commented badgejobs.toml and rules for a real site; nothing is overwritten.

    Example: badgejobs init my-shop --folder /etc/badgejobs
    """
    if not re.fullmatch(r"[a-z0-9](?:-?[a-z0-9]){0,62}", site):
        raise SettingsError(
            f"{site!r} is not a site's name: small letters and digits, single hyphens between them"
        )
    starter = files("badgejobs.rules").joinpath("examples", "starter.yaml")
    toml, rules, secret = (
        folder / "badgejobs.toml", folder / f"{site}.yaml", folder / f"{site}.secret"
    )  # fmt: skip
    from badgejobs.rules.schema import schema_text  # noqa: PLC0415 - all models, for this only

    schema = folder / "rules.schema.json"
    contents = {
        toml: config_template(site),
        rules: starter.read_text(encoding="utf-8").replace(f"../{schema.name}", schema.name),
        schema: schema_text(),
    }
    if sandbox is not None:
        contents[toml] = sandbox_template(
            site, url=_loopback(sandbox), app_id=builtin.APP_ID, instance_id=builtin.instance_id(1)
        )
        contents[secret] = f"{builtin.APP_SECRET}\n"
    _write_new(folder, contents)
    steps = [f"Adapt the badges in {rules}, then: badgejobs rules check {rules}"]
    if sandbox is None:
        steps = [
            f"Fill in app_id and instance_id in {toml}.",
            f"Put the app secret into {secret} and run: chmod 600 {secret}",
            *steps,
            f"badgejobs --config {toml} doctor",
            f"badgejobs --config {toml} up",
        ]
    else:
        steps.append(f"badgejobs --config {toml} sync {site}")
    written = [str(path) for path in contents]
    Output(as_json=as_json).result(
        {"written": written, "next": steps},
        f"wrote {' and '.join(written)}",
        "",
        "Next:",
        *(f"  {number}. {step}" for number, step in enumerate(steps, 1)),
    )


def _loopback(url: str) -> str:
    from badgejobs.wix.transport import allowed  # noqa: PLC0415 - the HTTP client, for this only

    if (found := allowed(url)) == wire.BASE_URL:
        raise SettingsError("--sandbox is for a sandbox on this machine; leave it out for Wix")
    return found


def _write_new(folder: Path, contents: Mapping[Path, str]) -> None:
    """Write files, none of which may be there; a StateError says which."""
    for path in contents:
        if path.exists():
            raise StateError(f"{path} exists already and is kept; move it away, or name another "
                             "folder with --folder")  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in contents.items():
            handle = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODES.get(path.suffix, 0o666)
            )
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
    except OSError as error:
        raise StateError(
            f"{folder} cannot be written ({error.strerror}); name another with --folder"
        ) from error


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


def migrate(*, as_json: AsJson = False) -> None:
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
    Output(as_json=as_json).result({"current": True}, "the database is up to date")


def version(*, as_json: AsJson = False) -> None:
    """Print the version.

    Example: badgejobs version
    """
    Output(as_json=as_json).result({"version": __version__}, __version__)
