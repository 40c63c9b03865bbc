"""How Flower is kept closed: its version, its password, and whether it may do more than show."""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import structlog

from badgejobs.cli.kept_password import kept_password
from badgejobs.cli.output import Output
from badgejobs.errors import SettingsError

log = structlog.get_logger(__name__)

_VARIABLE = "FLOWER_BASIC_AUTH"
_USER = "badgejobs"
#: Before it there was no mode that only shows, and other sites could act through a browser.
_OLDEST = (2, 2)
#: What a list of our tasks says most with; the page's own order leaves arguments and results out.
_COLUMNS = "name,kwargs,state,result,received,runtime,uuid,worker"


def require_flower(*, installed: str | None = None) -> None:
    """Raise ``SettingsError`` unless Flower is here, and new enough to be kept closed."""
    cure = "run `pip install 'badgejobs[flower]'`"
    try:
        found = installed or version("flower")
    except PackageNotFoundError:
        raise SettingsError(f"Flower is not installed; {cure}") from None
    numbers = re.match(r"(\d+)\.(\d+)", found)
    if not numbers or tuple(map(int, numbers.groups())) < _OLDEST:
        least = ".".join(map(str, _OLDEST))
        raise SettingsError(
            f"Flower {found} is too old: before {least} it cannot be kept read-only, and other web "
            f"sites can act through a browser that is logged in; {cure}"
        )


def what_it_may(*, write: bool, loopback: bool) -> list[str]:
    """Flower's options for what it shows, and lets those do who have its password."""
    shown = [] if os.environ.get("FLOWER_TASKS_COLUMNS") else [f"--tasks_columns={_COLUMNS}"]
    if not loopback:
        log.warning(
            "Flower is reached from other machines: put TLS in front of it; /metrics and "
            "/healthcheck ask for no password"
        )
    if not write:
        return [*shown, "--read_only=true"]
    log.warning(
        "Flower may write: whoever has its password triggers tasks, revokes them, and stops and "
        "changes workers; without --write and flower_write it only shows"
    )
    return shown


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
    password, is_new = kept_password(path)
    if not is_new:
        out.note(f"Flower: user {_USER}, password in {path}")
        return password
    shown = (
        f"password {password} (kept in {path})" if sys.stderr.isatty() else f"password in {path}"
    )
    out.note(f"Flower: user {_USER}, {shown}")
    return password
