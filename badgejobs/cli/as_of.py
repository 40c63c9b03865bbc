"""The option of commands that can look at another moment than now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="ISO 8601 with the zone. Default: now."),
]


def told_moment(text: str | None) -> datetime | None:
    """The moment that was asked for, aware; ``None`` where none was."""
    if text is None:
        return None
    from badgejobs.rules.activities.cells import moment  # noqa: PLC0415 - the rules language

    try:
        return moment(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--as-of") from None
