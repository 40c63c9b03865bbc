"""What a person who triggers a task may have written, and the cure where it is wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from badgejobs.bootstrap import House
from badgejobs.core.source import Track
from badgejobs.errors import SettingsError
from badgejobs.jobs.asking import is_ours

#: The arguments that are ids of rows; all others are names.
_IDS = frozenset({"request"})
#: And those that say yes or no.
_FLAGS = frozenset({"by_beat"})


def require_arguments(
    task: str, run: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> None:
    """Raise ``SettingsError`` unless these are a task's arguments, by name and of their kind.

    No text repeats a value: who wrote a member's id there did so by mistake.
    """
    known = inspect.signature(run).parameters
    needed = [name for name, one in known.items() if one.default is one.empty]
    names = ", ".join(f"{n} (optional)" if n not in needed else n for n in known) or "none"
    if args:
        raise SettingsError(f"{task} takes its arguments by name, as kwargs; its names: {names}")
    if strange := sorted(map(str, kwargs.keys() - known.keys())):
        raise SettingsError(
            f"{task} has no argument {', '.join(one[:40] for one in strange)}; its names: {names}"
        )
    if missing := [name for name in needed if name not in kwargs]:
        raise SettingsError(f"{task} needs {', '.join(missing)}; its names: {names}")
    for name, value in kwargs.items():
        if value is None and name not in needed:
            continue
        if name in _FLAGS:
            if not isinstance(value, bool):
                raise SettingsError(f"{task}: {name} must be true or false")
            continue
        kind, word = (int, "a whole number") if name in _IDS else (str, "a text")
        if not isinstance(value, kind) or isinstance(value, bool):
            raise SettingsError(f"{task}: {name} must be {word}")


def track_of(name: str) -> Track:
    """A track by its name; ``SettingsError`` where there is none of that name."""
    try:
        return Track(name)
    except ValueError:
        known = ", ".join(one.value for one in Track)
        raise SettingsError(f"track: there is no such track; write one of {known}") from None


def wanted_sources(house: House, site: str) -> list[str]:
    """The sources that a site's rules read.

    Raises ``SettingsError`` for a site that there is not, and ``RulesError`` or ``Later`` where
    its rules cannot be used.
    """
    house.at(site).rules()
    return house.at(site).wanted_sources()


def require_read(
    house: House, site: str, source: str, track: Track, *, asked_by: str | None
) -> Track:
    """Have a source read now for the person who asks, due or not; the track to read.

    What changed lately is found by reading all, where a source tells it in no other way. One that
    somebody is at is left alone. Raises as :func:`wanted_sources`, and ``SettingsError`` for a
    source that no rule reads or that has no such track.
    """
    wanted = wanted_sources(house, site)
    if source not in wanted:
        known = ", ".join(wanted) or "none"
        raise SettingsError(f"no rule of {site} reads that source; its rules read: {known}")
    tracks = house.tracks(source)
    if track is Track.LIVE and track not in tracks:
        track = Track.FULL
    if track not in tracks:
        known = ", ".join(one.value for one in tracks)
        raise SettingsError(f"{source} has no track {track.value}; its tracks: {known}")
    # Our commands and the console have said so before they rang, in the name that lets many awards
    # be given.
    if track is not Track.LIVE and not is_ours(asked_by):
        with house.store.begin() as tx:
            tx.scans.make_due(site, source, track, if_waiting=True, asked_by=asked_by)
    return track
