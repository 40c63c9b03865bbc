"""What the shell completes: commands, options, and names of sites, badges, sources, packs and apps.

Names come from the configuration file and the database as they stand. Nothing is started, asked at
Wix or written, nothing secret or of a member is told, and where names cannot be had there are none.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import typer
from typer.models import ParameterInfo

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


def completing(app: typer.Typer, within: str = "") -> None:
    """Let the parameters of all commands be completed by their names."""
    for command in app.registered_commands:
        if command.callback is not None:
            _complete(command.callback, within)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            completing(group.typer_instance, str(group.name or within))


def _complete(command: Callable[..., Any], within: str) -> None:
    hints = get_type_hints(command, include_extras=True)
    # Typer reads them once more, and texts would become other objects then
    command.__annotations__.update(hints)
    for name, hint in hints.items():
        complete = _OF_GROUP.get((within, name)) or _BY_NAME.get(name)
        for info in getattr(hint, "__metadata__", ()):
            if complete and isinstance(info, ParameterInfo) and not info.autocompletion:
                info.autocompletion = complete


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
