"""Help as pages of a manual, made of the commands themselves."""

from __future__ import annotations

import json
import pydoc
import sys
from dataclasses import asdict
from typing import Annotated

import typer
from typer.main import get_command

from badgejobs.cli.describing import ENVIRONMENT, FILES, described, index, page
from badgejobs.cli.output import Output


def help(  # noqa: A001 - the command's name
    command: Annotated[
        list[str] | None,
        typer.Argument(
            help="A command, such as status or sites add. Default: all of them.", show_default=False
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    as_index: Annotated[bool, typer.Option("--index", hidden=True)] = False,
) -> None:
    """Show the page of a command: what it does, options, examples, exit codes, files, environment.

    On a terminal it is paged by the program in PAGER.

    Example: badgejobs help status

    Example: badgejobs help sites add
    """  # fmt: skip
    from badgejobs.cli import application, known  # noqa: PLC0415 - it imports us

    if as_index:
        # badgejobs help --index > badgejobs/cli/commands.json
        sys.stdout.write(
            json.dumps(index(get_command(application())), indent=1, sort_keys=True) + "\n"
        )
        return
    words = command or []
    only = words[0] if words and words[0] in known() else None
    one = described(get_command(application(only)), words)
    if as_json:
        Output(as_json=True).result(asdict(one) | {"files": FILES, "environment": ENVIRONMENT})
    elif sys.stdout.isatty():
        pydoc.pager(page(one))
    else:
        sys.stdout.write(page(one))
