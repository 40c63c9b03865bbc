"""``badgejobs apply``: its options; what it does is in ``carrying_plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from badgejobs.cli.output import Output


def apply(
    file: Annotated[
        Path, typer.Argument(metavar="plan.json", help="What `badgejobs plan --out` wrote.")
    ],
    *,
    removes_access: Annotated[
        bool,
        typer.Option(
            "--yes-this-removes-access", help="What the plan takes away now passes the guard."
        ),
    ] = False,
    name: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="Who you are. Default: your name here."),
    ] = None,
    background: Annotated[
        bool, typer.Option("--background", help="Leave it to the workers, and end at once.")
    ] = False,
    max_seconds: Annotated[
        float | None, typer.Option(min=0, help="Leave the rest for the next call after so long.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Do what a plan says, and nothing where rules or facts moved since: it says what moved.

    Rules that were planned with --rules take the place of the site's file, and the earlier ones
    are kept beside it. Called again it goes on where it stopped, and does nothing twice.

    Example: badgejobs apply plan.json

    Example: badgejobs apply plan.json --yes-this-removes-access --as mara
    """
    from badgejobs.cli.carrying_plan import apply_plan  # noqa: PLC0415 - all libraries

    raise typer.Exit(
        apply_plan(
            file,
            removes_access=removes_access,
            name=name,
            background=background,
            max_seconds=max_seconds,
            out=Output(as_json=as_json),
        )
    )
