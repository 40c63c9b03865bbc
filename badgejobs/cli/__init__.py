"""The command line: each command does what a task does, or starts what runs tasks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from badgejobs.cli import demo, doctor, rules, run, setup, site, status, up
from badgejobs.cli.exits import LEGEND, Code, code_of
from badgejobs.errors import BadgeJobsError

app = typer.Typer(
    name="badgejobs",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=LEGEND,
)
for command in (
    demo.demo, up.up, setup.init, doctor.doctor, site.sync, status.status, site.scan,
    site.assign, site.check, run.worker, run.beat, run.flower, setup.migrate, setup.version,
):  # fmt: skip
    app.command()(command)
app.add_typer(setup.config, name="config")
app.add_typer(rules.rules, name="rules")
app.add_typer(run.sandbox, name="sandbox")


@app.callback()
def _badgejobs(
    *,
    config: Annotated[
        Path | None,
        typer.Option(help="Configuration file. Default: badgejobs.toml of this folder."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Gives the members of Wix sites the badges that they earned."""
    setup.use_file(config)
    if debug:
        sys.excepthook = sys.__excepthook__


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code."""
    sys.excepthook = _one_sentence
    try:
        # Not app() itself, which would put an excepthook of Typer's in the place of ours.
        get_command(app)(args=argv, prog_name="badgejobs")
    except BadgeJobsError as error:
        if sys.excepthook is not _one_sentence:
            raise
        print(f"badgejobs: {error}", file=sys.stderr)  # noqa: T201 - no console needed for it
        sys.exit(code_of(error))
    except KeyboardInterrupt:
        sys.exit(Code.INTERRUPTED)
    sys.exit(Code.OK)


def _one_sentence(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """What is left is a bug of ours: say so without a page of code."""
    text = f"badgejobs: internal error: {kind.__name__}: {error}; --debug shows where"
    print(text, file=sys.stderr)  # noqa: T201 - as above
