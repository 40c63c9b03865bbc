"""``badgejobs rules apply``: its options; what it does is in ``applying``."""

from __future__ import annotations

from typing import Annotated

import typer

from badgejobs.cli.output import Output


def apply(
    site: Annotated[
        str | None, typer.Argument(help="Default: the only site.", show_default=False)
    ] = None,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Take the rules up; without it, only look.")
    ] = False,
    removes_access: Annotated[
        bool,
        typer.Option(
            "--yes-this-removes-access", help="With --yes: what is taken now passes the guard."
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="End with 7 where any award would change; for CI.")
    ] = False,
    name: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="Who you are. Default: your name here."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what the rules file as it stands now would change, by badge; with --yes take it up.

    Nothing is written without --yes, and Wix is asked for nothing but the site's time zone and
    currency. With --yes so many new awards pass the hourly cap as are shown; those that are
    taken pass the guard only with --yes-this-removes-access.

    Example: badgejobs rules apply my-shop --check

    Example: badgejobs rules apply my-shop --yes
    """
    from badgejobs.cli.applying import apply_rules  # noqa: PLC0415 - every library of the house

    raise typer.Exit(
        apply_rules(
            site,
            yes=yes,
            removes_access=removes_access,
            check=check,
            name=name,
            out=Output(as_json=as_json),
        )
    )
