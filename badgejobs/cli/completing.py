"""What the shell completes: commands, options, and names of sites, badges, sources, packs and apps.

Names come from the configuration file and the database as they stand. Nothing is started, asked at
Wix or written, nothing secret or of a member is told, and where names cannot be had there are none.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import entry_points
from importlib.resources import files
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from badgejobs.errors import BadgeJobsError

if TYPE_CHECKING:
    from badgejobs.config import Settings

_MOST_NAMES = 1_000

Complete = Callable[[typer.Context, str], list[str]]


def words() -> list[str]:
    """The whole words before the one that is typed, without the program; of any shell."""
    line = os.environ.get("COMP_WORDS")
    if line is None:
        line = os.environ.get("_TYPER_COMPLETE_ARGS", "")
        ends = len(line.split()) if line.endswith(" ") else len(line.split()) - 1
    else:
        ends = int(os.environ.get("COMP_CWORD", "0") or 0)
    try:
        return shlex.split(line)[1:ends]
    except ValueError:  # a quotation mark that is still open
        return line.split()[1:ends]


def completing(words_before: list[str]) -> typer.Typer:
    """The commands as their index tells of them, with what completes each parameter.

    The commands themselves stand on libraries that take seconds to load.
    """
    tree = json.loads(files("badgejobs.cli").joinpath("commands.json").read_text("utf-8"))
    app = _group("badgejobs", tree["commands"], words_before)
    config = Annotated[str | None, typer.Option("--config")]
    app.callback()(_with("badgejobs", [("config", config), ("debug", _flag("--debug"))]))
    return app


def _group(name: str, commands: Mapping[str, Any], words_before: list[str]) -> typer.Typer:
    app = typer.Typer(name=name)
    app.callback()(lambda: None)
    for one, told in commands.items():
        # of those that were not named only the name counts
        named = one in words_before
        if "commands" in told:
            below = told["commands"] if named else {}
            app.add_typer(_group(one, below, words_before), name=one, help=told["summary"])
        else:
            listed = told["parameters"] if named else []
            parameters = [each for about in listed for each in _parameters(name, about)]
            app.command(one, help=told["summary"])(_with(one, parameters))
    return app


def _parameters(group: str, told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    name, flags = told["name"], told["flags"]
    complete = _OF_GROUP.get((group, name)) or _BY_NAME.get(name)
    kind: Any = list[str] | None if told["is_many"] else str | None
    if not flags:
        yield name, Annotated[kind, typer.Argument(autocompletion=complete)]
    elif told["takes_value"]:
        yield name, Annotated[kind, typer.Option(*flags, autocompletion=complete)]
    else:
        for number, flag in enumerate(flags):
            yield f"{name}_{number}", _flag(flag)


def _flag(flag: str) -> Any:
    return Annotated[bool | None, typer.Option(flag)]


def _with(name: str, parameters: list[tuple[str, Any]]) -> Callable[..., None]:
    """A function that has these parameters, and does nothing."""

    def command(**_: object) -> None:
        return None

    command.__name__ = name
    command.__annotations__ = dict(parameters)
    signature = Signature(
        [
            Parameter(one, Parameter.KEYWORD_ONLY, default=None, annotation=hint)
            for one, hint in parameters
        ]
    )
    vars(command)["__signature__"] = signature
    return command


def sites(ctx: typer.Context, incomplete: str) -> list[str]:
    """The sites of the file and of the database."""

    def read(settings: Settings) -> Iterator[str]:
        yield from settings.sites
        yield from _of_database(settings, "sites", incomplete)

    return _found(ctx, incomplete, read)


def badges(ctx: typer.Context, incomplete: str) -> list[str]:
    """The badges of the site that was named, or of all: of its rules file, and those at Wix."""
    named = ctx.params.get("site")
    site = named if isinstance(named, str) else ""

    def read(settings: Settings) -> Iterator[str]:
        yield from _of_database(settings, "badges", incomplete, site=site)
        for name, one in settings.sites.items():
            if name == site or not site:
                yield from _of_rules(one.rules)

    return _found(ctx, incomplete, read)


def sources(ctx: typer.Context, incomplete: str) -> list[str]:
    """The sources that are installed, ours and plug-ins."""
    del ctx
    names = {one.name for one in entry_points(group="badgejobs.sources")}
    return sorted(name for name in names if name.startswith(incomplete))


def packs(ctx: typer.Context, incomplete: str) -> list[str]:
    """The packs of rules."""
    return _found(ctx, incomplete, lambda told: _of_database(told, "packs", incomplete))


def apps(ctx: typer.Context, incomplete: str) -> list[str]:
    """The apps, by our names for them."""
    return _found(ctx, incomplete, lambda told: _of_database(told, "apps", incomplete))


#: By the name of a parameter, so that a command needs to say nothing.
_BY_NAME: Mapping[str, Complete] = {
    "site": sites,
    "badge": badges,
    "of_badge": badges,
    "for_all": badges,
    "source": sources,
    "pack": packs,
    "app": apps,
}
#: What ``NAME`` is in a group of commands.
_OF_GROUP: Mapping[tuple[str, str], Complete] = {("packs", "name"): packs, ("apps", "name"): apps}


def _found(
    ctx: typer.Context, incomplete: str, read: Callable[[Settings], Iterable[str]]
) -> list[str]:
    """The names that begin so; those before the first that could not be had."""
    from badgejobs.config import load_settings  # noqa: PLC0415 - only where names are asked for

    config = ctx.find_root().params.get("config")
    names = set[str]()
    with suppress(BadgeJobsError, OSError):
        settings = load_settings(Path(config) if config else None, for_show=True)
        names.update(name for name in read(settings) if name.startswith(incomplete))
    return sorted(names)[:_MOST_NAMES]


def _of_database(settings: Settings, what: str, begins: str, *, site: str = "") -> list[str]:
    from badgejobs.store.glance import names  # noqa: PLC0415 - as above

    with suppress(BadgeJobsError):
        return names(settings.database, what, begins=begins, site=site)
    return []


def _of_rules(file: Path | None) -> Iterator[str]:
    """The badges of a rules file, as far as it can be read."""
    if file is None:
        return
    from badgejobs.rules.loader import text_of_file  # noqa: PLC0415 - as above
    from badgejobs.rules.yaml_tree import load  # noqa: PLC0415 - as above

    with suppress(BadgeJobsError):
        tree = load(text_of_file(file), file=str(file)).tree
        listed = tree.get("badges") if isinstance(tree, dict) else None
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and isinstance(one.get("id"), str):
                yield one["id"]
