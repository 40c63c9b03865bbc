"""What a command says of itself, taken from the command: for help, and for the shell."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import typer

from badgejobs.cli.exits import LEGEND

_EXAMPLE = re.compile(r"^Example: *(.+)$", re.MULTILINE)

#: Letters of a line.
_WIDTH = 88

#: What every command reads and keeps, and by what it is told otherwise.
FILES = {
    "./badgejobs.toml": "the configuration, unless --config or BADGEJOBS_CONFIG names another; "
    "else badgejobs.toml in the user's folder of configurations",
    "the state folder": "database, broker, keys and logs where none are configured: state_dir, or "
    "BADGEJOBS_STATE_DIR; `badgejobs config show` tells which",
}
ENVIRONMENT = {
    "BADGEJOBS_CONFIG": "the configuration file",
    "BADGEJOBS_STATE_DIR": "the state folder",
    "BADGEJOBS_DATABASE_URL": "a PostgreSQL in place of the embedded SQLite",
    "BADGEJOBS_REDIS_URL": "a Redis or Valkey in place of the embedded one",
    "BADGEJOBS_BROKER_URL": "a RabbitMQ",
    "BADGEJOBS_..._FILE": "a file that holds the value of BADGEJOBS_...",
    "BADGEJOBS_LOG_LEVEL": "how much is logged: debug, info, warning or error",
    "NO_COLOR": "print no colours",
    "PAGER": "the program that pages help on a terminal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """An argument or option."""

    name: str
    #: As it is written: ``--limit``, ``--wait``; empty for an argument.
    flags: Sequence[str]
    takes_value: bool
    #: Whether there may be any number of it.
    is_many: bool
    #: As help writes it, and what it means.
    shown: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A command, or a group of commands."""

    name: str
    usage: str
    summary: str
    description: str
    examples: Sequence[str]
    arguments: Sequence[Parameter]
    options: Sequence[Parameter]
    #: Of a group, each of its commands with its summary.
    commands: dict[str, str]


def described(root: Any, words: Sequence[str]) -> Described:
    """The command of these words; ``typer.BadParameter`` where there is none, with a near one.

    ``root`` is what Typer's ``get_command`` makes of the application, which takes its time.
    """
    command = root
    ctx = typer.Context(command, info_name="badgejobs")
    for number, word in enumerate(words):
        there = getattr(command, "commands", {})
        if word not in there:
            raise typer.BadParameter(_unknown(words[:number], word, list(there)))
        command = there[word]
        ctx = typer.Context(command, info_name=word, parent=ctx)
    # a group without help of its own shows that of its callback, if any
    text = inspect.cleandoc(command.help or "")
    plain = _EXAMPLE.sub("", text).strip()
    parameters = [_parameter(one, ctx) for one in command.get_params(ctx)]
    return Described(
        name=" ".join(("badgejobs", *words)),
        usage=command.get_usage(ctx).removeprefix("Usage: "),
        summary=plain.split("\n\n")[0].replace("\n", " "),
        description=re.sub(r"\n{3,}", "\n\n", plain),
        examples=_EXAMPLE.findall(text),
        arguments=[one for one in parameters if not one.flags],
        options=[one for one in parameters if one.flags],
        commands={
            name: (one.help or "").strip().split("\n")[0]
            for name, one in getattr(command, "commands", {}).items()
            if not one.hidden
        },
    )


def index(root: Any, words: Sequence[str] = ()) -> dict[str, Any]:
    """All commands as far as a shell completes them: what ``commands.json`` holds."""
    one = described(root, words)
    told: dict[str, Any] = {"summary": one.summary}
    if one.commands:
        return told | {"commands": {name: index(root, (*words, name)) for name in one.commands}}
    parameters = [
        {
            "name": each.name,
            "flags": list(each.flags),
            "takes_value": each.takes_value,
            "is_many": each.is_many,
        }
        for each in (*one.arguments, *one.options)
        if each.name != "help"
    ]
    return told | {"parameters": parameters}


def page(one: Described) -> str:
    """The command as a page of a manual."""
    parts = [f"NAME\n    {one.name} - {one.summary}", f"SYNOPSIS\n    {one.usage}"]
    if one.description:
        parts.append(f"DESCRIPTION\n{_indented(one.description)}")
    for title, listed in (("ARGUMENTS", one.arguments), ("OPTIONS", one.options)):
        if listed:
            parts.append(_listed(title, {each.shown: each.help for each in listed}))
    if one.commands:
        width = max(map(len, one.commands))
        told = "\n".join(f"    {name:{width}}  {what}" for name, what in one.commands.items())
        parts.append(f"COMMANDS\n{told}")
    if one.examples:
        parts.append("EXAMPLES\n" + "\n".join(f"    {each}" for each in one.examples))
    legend = LEGEND.partition("Exit codes:\n")[2].rstrip()
    parts.append("EXIT CODES\n" + "\n".join(f"  {line}" for line in legend.splitlines()))
    for title, table in (("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT)):
        parts.append(_listed(title, table))
    return "\n\n".join(parts) + "\n"


def _parameter(one: Any, ctx: typer.Context) -> Parameter:
    record = one.get_help_record(ctx) or (one.name, "")
    is_option = one.param_type_name == "option"
    return Parameter(
        name=one.name,
        flags=[*one.opts, *one.secondary_opts] if is_option else [],
        takes_value=not (getattr(one, "is_flag", False) or getattr(one, "count", False)),
        is_many=one.nargs == -1 or bool(getattr(one, "multiple", False)),
        shown=record[0],
        help=" ".join(str(record[1]).split()),
    )


def _unknown(before: Sequence[str], word: str, there: Sequence[str]) -> str:
    group = " ".join(("badgejobs", *before))
    if not there:
        return f"{group!r} has no commands of its own; ask for `badgejobs help {' '.join(before)}`"
    near = get_close_matches(word, there, n=1, cutoff=0.5)
    cure = f"did you mean {near[0]!r}?" if near else f"`{group} --help` lists them"
    return f"{group} has no command {word!r}; {cure}"


def _listed(title: str, table: Mapping[str, str]) -> str:
    lines = [title]
    for name, what in table.items():
        lines.append(f"    {name}")
        indent = " " * 8
        lines += textwrap.wrap(what, _WIDTH, initial_indent=indent, subsequent_indent=indent)
    return "\n".join(lines)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
