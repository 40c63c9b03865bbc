"""Resources that a person names: what may have changed there is to be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from badgejobs.bootstrap import House
from badgejobs.core.source import Resources, Track
from badgejobs.errors import SettingsError
from badgejobs.wix import calls, wire

_COMMENTS = "comments"


def named_resources(
    house: House, site: str, source: str | None, given: Sequence[str]
) -> list[Resources]:
    """The resources that ``--resource APP:POST_ID`` names; a ``SettingsError`` tells the form."""
    if not given:
        return []
    if source is None:
        raise SettingsError("--resource is of one source: name it, as in `scan SITE comments`")
    if house.mode(source) != "walk" or Track.LIVE not in house.tracks(source):
        raise SettingsError(f"{source} is not read by resources; --resource is for comments")
    found = defaultdict[str, set[str]](set)
    for one in given:
        part, _, name = one.partition(":")
        if not part or not calls.is_resource_id(name):
            raise SettingsError(
                f"--resource {one!r} is not APP:POST_ID, such as blog:65b8f0c2a1; the id of a "
                "post is what Wix calls its resourceId, of up to 128 characters"
            )
        found[_app(house, site, part) if source == _COMMENTS else part].add(name)
    return [Resources(part=part, ids=tuple(sorted(names))) for part, names in found.items()]


def _app(house: House, site: str, name: str) -> str:
    """The id of an app whose comments are read."""
    app, known = wire.COMMENT_APPS.get(name, name), house.at(site).profile.comment_apps
    if app not in known:
        names = {wix_id: everyday for everyday, wix_id in wire.COMMENT_APPS.items()}
        read = ", ".join(names.get(one, one) for one in known)
        raise SettingsError(
            f"--resource names the app {name!r}; comment_apps of {site} are: {read}"
        )
    return app
