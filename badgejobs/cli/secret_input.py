"""Secrets as a person hands them over: by a file, by a pipe or unseen, never as an argument."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from badgejobs.cli.output import Output
from badgejobs.config import read_secret
from badgejobs.errors import SettingsError

SecretFile = Annotated[
    Path | None, typer.Option("--secret-file", help="The file that the secret stands in.")
]
SecretStdin = Annotated[
    bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")
]
_MOST = 16 * 1024


def told_secret(what: str, file: Path | None, *, stdin: bool) -> str:
    """The secret; asked for on a terminal where neither way is named.

    ``what`` it is, such as ``the secret of the app``. Raises ``SettingsError``.
    """
    if file is not None and stdin:
        raise SettingsError("--secret-file and --secret-stdin: name one of the two")
    if file is not None:
        secret, warning = read_secret(file, shown="--secret-file")
        if warning:
            Output().note(f"warning: {warning}")
        return secret.get_secret_value()
    if stdin:
        return _checked(sys.stdin.read(_MOST + 1).strip(), "--secret-stdin")
    if not sys.stdin.isatty():
        raise SettingsError(
            f"{what} is missing: name its file with --secret-file, or pipe it in with "
            "--secret-stdin; it is never taken as an argument, which others can see"
        )
    told: str = typer.prompt(f"{what[0].upper()}{what[1:]}", hide_input=True, err=True)
    return _checked(told.strip(), "the secret")


def _checked(text: str, shown: str) -> str:
    if not text or len(text) > _MOST or not text.isprintable():
        raise SettingsError(f"{shown}: is not one line of text; is it the right secret?")
    return text
