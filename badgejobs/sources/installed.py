"""The sources that are installed, ours and plug-ins', found by entry point and imported late.

A plug-in is imported only when a rule reads it, so one that is broken harms nobody else; and it
is kept apart from ours by the package that brings it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol

from badgejobs.core.site import Site
from badgejobs.core.source import Source
from badgejobs.errors import SourceBroken
from badgejobs.sources.guarded import PlugIn

#: What the import of a package that is wrong, or meets what its author did not think of, raises.
_IMPORT_TROUBLE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)

GROUP: Final = "badgejobs.sources"
#: Their rows stand beside those of sources, under these names.
NAMES_OF_DUTIES: Final = frozenset({"provision", "reconcile", "assign", "flip"})

_OURS: Final = "badgejobs"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MODES: Final = ("window", "walk")


class SourceFactory(Protocol):
    """A source's class, as an entry point names it: one object of it serves one site."""

    mode: str

    def __call__(self, site: Site, /) -> Source[Any]:
        """The source of one site."""
        ...


class Installed(Mapping[str, SourceFactory]):
    """Every source by its name. To look one up imports it: ``SourceBroken`` where that fails.

    To go over the names imports nothing.
    """

    def __init__(self, points: Iterable[EntryPoint]) -> None:
        self._points: dict[str, list[EntryPoint]] = defaultdict(list)
        self._loaded = dict[str, SourceFactory | SourceBroken]()
        #: What is left out, a sentence each.
        self.notes: tuple[str, ...] = ()
        for point in sorted(points, key=lambda one: (one.name, _package(one))):
            self._points[point.name].append(point)
        notes = list[str]()
        for name, found in list(self._points.items()):
            notes += self._sorted_out(name, found)
        self.notes = tuple(notes)

    def _sorted_out(self, name: str, found: list[EntryPoint]) -> Iterator[str]:
        """Leave out what has a name that is not its to have."""
        ours = [one for one in found if _is_ours(one)]
        wrong = (
            "the name of a source of badgejobs itself"
            if ours
            else "the name of a duty of badgejobs"
            if name in NAMES_OF_DUTIES
            else "no name of a source (small letters, digits and _, a letter first, at most 63)"
            if not _NAME.fullmatch(name)
            else None
        )
        if wrong is None:
            return
        for one in found:
            if one not in ours:
                yield (
                    f"the source {name!r} of {_package(one)} is left out: that is {wrong}; its "
                    f"author must give it another name"
                )
        if ours:
            self._points[name] = ours
        else:
            del self._points[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)

    def __contains__(self, name: object) -> bool:
        return name in self._points.keys()  # noqa: SIM118 - a defaultdict, not to be added to

    def __getitem__(self, name: str) -> SourceFactory:
        if name not in self:
            raise KeyError(name)
        if name not in self._loaded:
            try:
                self._loaded[name] = _load(name, self._points[name])
            except SourceBroken as error:
                self._loaded[name] = error
        found = self._loaded[name]
        if isinstance(found, SourceBroken):
            raise SourceBroken(str(found))
        return found

    @property
    def plug_ins(self) -> dict[str, str]:
        """The package of each source that is not ours."""
        return {
            name: " and ".join(map(_package, found))
            for name, found in self._points.items()
            if not _is_ours(found[0])
        }


def found_sources() -> Installed:
    """Every source that is installed, ours and plug-ins', by name."""
    return Installed(entry_points(group=GROUP))


def _load(name: str, found: list[EntryPoint]) -> SourceFactory:
    if len(found) > 1:
        packages = " and ".join(map(_package, found))
        raise SourceBroken(
            f"the source {name!r} is offered by {packages}, and only one can have the name; "
            "uninstall the others"
        )
    [point] = found
    told = f"the source {name!r} of {_package(point)}"
    try:
        factory = point.load()
    except _IMPORT_TROUBLE as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise SourceBroken(
            f"{told} cannot be imported ({reason}); mend, update or uninstall that package, then "
            "start anew"
        ) from error
    if wrong := _wrong_with(name, factory):
        raise SourceBroken(f"{told} cannot be used: {point.value} {wrong}; tell its author")
    return factory if _is_ours(point) else PlugIn(factory, name=name, told=told)


def _wrong_with(name: str, factory: Any) -> str | None:
    """What keeps it from being a source's class."""
    if not callable(factory):
        return "is no class"
    if getattr(factory, "name", None) != name:
        return f"has no name = {name!r} as its entry point says"
    if getattr(factory, "mode", None) not in _MODES:
        return f"has no mode = {' or '.join(map(repr, _MODES))}"
    if not callable(getattr(factory, "fetch", None)):
        return "has no method fetch(client, scope, cursor)"
    return None


def _is_ours(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == _OURS


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"
