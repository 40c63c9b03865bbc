"""``badgejobs plan``: its options; what it does is in ``planning``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from badgejobs.cli.output import Output


def plan(
    site: Annotated[
        str | None, typer.Argument(help="Default: the only site.", show_default=False)
    ] = None,
    *,
    rules: Annotated[
        Path | None,
        typer.Option(metavar="NEW.yaml", help="Plan by these rules. Default: the site's own."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--out", metavar="plan.json", help="Write the plan here, for `apply`."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Print every row, not some.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Show what rules would do to every award of a site, with reasons and what it costs.

    Nothing is written but the file of --out, and Wix is asked for nothing but the site's time
    zone and currency. `badgejobs apply plan.json` then does exactly that.

    Example: badgejobs plan my-shop

    Example: badgejobs plan my-shop --rules new.yaml --out plan.json
    """
    from badgejobs.cli.planning import plan_site  # noqa: PLC0415 - every library of the house

    out = Output(as_json=as_json)
    raise typer.Exit(plan_site(site, rules=rules, file=file, every=every, out=out))
