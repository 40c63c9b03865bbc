"""``badgejobs console``: the operator's web pages."""

from __future__ import annotations

import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import structlog
import typer

from badgejobs.cli.kept_password import kept_password
from badgejobs.cli.opening import opened, settled, watched
from badgejobs.cli.output import Output
from badgejobs.config import Settings, prepare_state_dir
from badgejobs.errors import SettingsError

log = structlog.get_logger(__name__)

#: Its file in the state folder, where no setting gives the password.
PASSWORD_FILE = "console.password"  # noqa: S105 - the name of a file


def console(
    *,
    host: Annotated[
        str | None,
        typer.Option(help="An address of this machine. Default: console.host.", show_default=False),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Default: console.port.", show_default=False),
    ] = None,
) -> None:
    """Show the console in a browser: sites, badges, members and why, runs, drift; until Ctrl-C.

    On loopback and closed by a password, which is made up where none is given, and shown once, on
    a terminal. It only shows, unless console.operator_token_file names a token: who has that may
    also have sources read, try again, and give and take badges.

    Example: badgejobs console --port 8092
    """
    from badgejobs.bootstrap.console_explaining import (  # noqa: PLC0415 - every library
        ConsoleExplaining,
    )
    from badgejobs.bootstrap.console_views import ConsoleViews  # noqa: PLC0415 - as above
    from badgejobs.cli.console_acts import ConsoleActs  # noqa: PLC0415 - as above
    from badgejobs.cli.sharing import Sharing  # noqa: PLC0415 - as above
    from badgejobs.console import Keys, application, serve, warm  # noqa: PLC0415 - as above
    from badgejobs.jobs.duties import ALL_DUTIES  # noqa: PLC0415 - as above

    settings, out = settled(), Output()
    watched(settings.owner)
    told = settings.console
    address = _address(host) if host is not None else told.host
    password, token = keys_of(settings, out, host=address)
    with opened(settings) as house, Sharing(settings, house) as share:
        views = ConsoleViews(house, duties=ALL_DUTIES, before_budgets=share)
        explaining = ConsoleExplaining(house)
        warm(views, explaining)
        views.forget()  # whoever looks first sees how it stands then
        app = application(
            keys=Keys(password=password, token=token),
            views=views,
            explaining=explaining,
            acting=ConsoleActs(settings, house, before=share, changed=views.forget),
            hosts=(*told.hosts, f"[{address}]" if ":" in address else address),
            https=told.https,
        )
        serve(
            app,
            address,
            told.port if port is None else port,
            ready=lambda url: out.note(f"the console is at {url}"),
        )


def keys_of(settings: Settings, out: Output, *, host: str) -> tuple[str, str | None]:
    """The password, which is made up and told where there may be none, and the token if any.

    Raises ``SettingsError`` where they would let in more than they should.
    """
    told = settings.console
    password = password_of(settings, out, is_loopback=ip_address(host).is_loopback)
    token = told.operator_token.get_secret_value() if told.operator_token else None
    if token == password:
        raise SettingsError(
            "console.operator_token and console.password are the same; whoever may look could "
            "act: give each its own"
        )
    return password, token


def url_of(settings: Settings) -> str:
    """Where the console is by the settings."""
    host = settings.console.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.console.port}/"


def _address(host: str) -> str:
    try:
        return "127.0.0.1" if host == "localhost" else str(ip_address(host))
    except ValueError:
        raise SettingsError(
            f"--host: {host[:40]!r} is no IP address to listen on; write 127.0.0.1, or 0.0.0.0 "
            "for all of this machine's"
        ) from None


def password_of(settings: Settings, out: Output, *, is_loopback: bool) -> str:
    """The password that was given, or the one that was made up for this state folder."""
    told = settings.console
    if not is_loopback and not told.https:
        log.warning(
            "the console is reached from other machines: put TLS in front of it, and set "
            "console.https"
        )
    if told.password is not None:
        return told.password.get_secret_value()
    if not is_loopback:
        raise SettingsError(
            "the console on another address than this machine's own needs a password of your "
            "own; write one into a file and name it as console.password_file, or set "
            "BADGEJOBS_CONSOLE__PASSWORD"
        )
    return _kept(prepare_state_dir(settings.state_dir) / PASSWORD_FILE, out)


def _kept(path: Path, out: Output) -> str:
    """The password that was made up before, or a new one; shown once, and to a person only."""
    password, is_new = kept_password(path)
    if not is_new:
        out.note(f"the console's password is in {path}")
        return password
    shown = f"{password} (kept in {path})" if sys.stderr.isatty() else f"in {path}"
    out.note(f"the console's password: {shown}")
    return password
