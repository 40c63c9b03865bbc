"""The command line: each command does what a task does, or starts what runs tasks."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from badgejobs import __version__
from badgejobs.cli.exits import LEGEND, Code, code_of
from badgejobs.config import use_file
from badgejobs.errors import BadgeJobsError

#: Each command with the module that it lives in, in the order in which help shows them.
COMMANDS = {
    "demo": "demo", "up": "up", "init": "setup", "doctor": "doctor", "sync": "site",
    "status": "status", "runs": "runs", "scan": "site", "backfill": "backfill", "assign": "site",
    "reconcile": "reconcile", "drift": "reconcile", "clear-override": "override",
    "provision": "provision",
    "plan": "plan", "apply": "apply",
    "check": "site", "retry": "site", "rebind": "site", "release": "release",
    "links": "links", "unlink": "links", "erase-member": "erase",
    "explain": "explain", "near": "nearing", "progress": "nearing", "diff": "diff",
    "holders": "holders", "export": "export", "export-member": "export",
    "grant": "byhand", "revoke": "byhand", "history": "history",
    "worker": "run", "beat": "run", "flower": "run", "webhooks": "webhooks",
    "web": "web", "console": "console", "health": "health",
    "migrate": "setup", "plan-capacity": "plan_capacity", "version": "setup", "help": "help",
}  # fmt: skip
#: Each group of commands likewise.
GROUPS = {
    "config": "setup",
    "rules": "rules",
    "packs": "packs",
    "sites": "sites",
    "apps": "apps",
    "members": "members",
    "quarantine": "quarantine",
    "notify": "notify",
    "sandbox": "sandbox",
    "bench": "bench",
}

#: Programs that run on and on: each takes an ask to end as soon as it can, and before that there
#: is nothing to give back.
_RUN_ON = {"worker", "beat", "flower", "webhooks", "web", "console", "sandbox"}

#: By this a shell asks what a word may be.
_COMPLETING = "_BADGEJOBS_COMPLETE"


def application(only: str | None = None) -> typer.Typer:
    """The command line; with ``only`` that one command or group, and no other's libraries.

    All of them together take three times as long to import as the one that is asked for.
    """
    app = typer.Typer(
        name="badgejobs",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=LEGEND,
    )
    app.callback()(_badgejobs)
    for name, module in COMMANDS.items():
        if only in {None, name}:
            command = getattr(import_module(f"badgejobs.cli.{module}"), name.replace("-", "_"))
            app.command(name)(command)
    for name, module in GROUPS.items():
        if only in {None, name}:
            app.add_typer(getattr(import_module(f"badgejobs.cli.{module}"), name), name=name)
    return app


def known() -> list[str]:
    """The name of every command and group."""
    return [*COMMANDS, *GROUPS]


def _asked_for(arguments: Sequence[str]) -> str | None:
    """The command in the arguments where it is plain to see, else none."""
    first = arguments[0] if arguments else ""
    return first if first in {*COMMANDS, *GROUPS} else None


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)  # noqa: T201 - one line needs no console
        raise typer.Exit


def _badgejobs(
    *,
    config: Annotated[
        Path | None,
        typer.Option(help="Configuration file. Default: badgejobs.toml of this folder."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_version),
    ] = False,
) -> None:
    """Gives the members of Wix sites the badges that they earned."""
    del version
    use_file(config)
    if debug:
        sys.excepthook = sys.__excepthook__


def _completed() -> NoReturn:
    """Answer the shell, which asks what the word may be that is typed; never with an error."""
    from badgejobs.cli import completing  # noqa: PLC0415 - for this alone

    # whoever types is not to be told of a bug of ours between two letters
    sys.excepthook = lambda *_: None
    app = completing.completing(completing.words())
    get_command(app)(args=[], prog_name="badgejobs")
    sys.exit(Code.OK)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code."""
    if _COMPLETING in os.environ:
        _completed()
    sys.excepthook = _one_sentence
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = _asked_for(arguments)
    if argv is None and command not in _RUN_ON:
        # As Ctrl-C: what a command began is ended, and what it holds is given back.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app = application(command)
        # Not app() itself, which would put an excepthook of Typer's in the place of ours.
        get_command(app)(args=arguments, prog_name="badgejobs")
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
