"""Flower's password: told by the operator, or made up and kept in the state folder."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from badgejobs.cli.output import Output
from badgejobs.errors import SettingsError

_VARIABLE = "FLOWER_BASIC_AUTH"
_USER = "badgejobs"


def require_password(folder: Path, *, may_make_one_up: bool, out: Output) -> None:
    """See that Flower, which reads it from the environment, finds a ``user:password`` there.

    Raises ``SettingsError`` where there is none and none may be made up.
    """
    # It would open the API to everyone, and other log-ins would come beside the password.
    for name in ("FLOWER_UNAUTHENTICATED_API", "FLOWER_AUTH", "FLOWER_AUTH_PROVIDER"):
        os.environ.pop(name, None)
    told = os.environ.get(_VARIABLE) or _from_file()
    if told is None and not may_make_one_up:
        raise SettingsError(
            f"Flower on another address than this machine's own needs a password; set {_VARIABLE} "
            f"to user:password, or {_VARIABLE}_FILE to a file that holds it"
        )
    if told is None:
        told = f"{_USER}:{_kept(folder / 'flower.password', out)}"
    if not all(
        user and password for user, _, password in (one.partition(":") for one in told.split(","))
    ):
        raise SettingsError(f"{_VARIABLE}: write user:password")
    os.environ[_VARIABLE] = told


def _from_file() -> str | None:
    named = os.environ.get(f"{_VARIABLE}_FILE")
    if not named:
        return None
    try:
        return Path(named).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{_VARIABLE}_FILE: {named} cannot be read ({error})") from None


def _kept(path: Path, out: Output) -> str:
    """The password that was made up before, or a new one; shown once, and to a person only."""
    if path.exists() and (known := path.read_text(encoding="ascii").strip()):
        out.note(f"Flower: user {_USER}, password in {path}")
        return known
    password = secrets.token_urlsafe(18)
    path.touch(mode=0o600)
    path.write_text(f"{password}\n", encoding="ascii")
    shown = (
        f"password {password} (kept in {path})" if sys.stderr.isatty() else f"password in {path}"
    )
    out.note(f"Flower: user {_USER}, {shown}")
    return password
