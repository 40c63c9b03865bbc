"""The admin interface ``/_sandbox/...``: set up, fill, disturb and look at the world.

Its calls need no authorization, are never limited, delayed, disturbed or logged, and are taken
from this machine only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from badgejobs.errors import SettingsError, StateError
from badgejobs.sandbox import properties, refusals, settings, switches, validation
from badgejobs.sandbox.endpoints.endpoint import Answer
from badgejobs.sandbox.endpoints.pages import encoded
from badgejobs.sandbox.faults import fields as fault_fields
from badgejobs.sandbox.history import reel, seeds
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.replay import NOT_STARTED
from badgejobs.sandbox.world import Site, World

#: Records made between two looks at other requests.
_AT_ONCE = 100

Handler = Callable[[World, Mapping[str, str], Any], Awaitable[Answer]]


def _site(world: World, given: Mapping[str, Any]) -> Site:
    """The site that a call names, with what is due of its replay revealed."""
    site = world.sites.get(validation.text(given.get("instanceId"), "instanceId"))
    if site is None:
        raise refusals.not_found("INSTANCE_NOT_FOUND", "the instance")
    site.advance(world.clock())
    return site


async def _reset(world: World, _: Mapping[str, str], body: Any) -> Answer:
    found = validation.only_fields(body, "", optional=("sites", "options"))
    sites = settings.parse_installations(found.get("sites", []))
    world.reset(sites, settings.parse_options(found.get("options", {})))
    return {}


def _store(kind: str) -> Handler:
    """The call that stores records of one kind as they are given."""

    async def store(world: World, _: Mapping[str, str], body: Any) -> Answer:
        found = validation.only_fields(body, "", required=("instanceId", kind))
        records: list[Record] = []
        for one in seeds.records(kind, found[kind]):
            records.append(one)
            if len(records) % _AT_ONCE == 0:
                await asyncio.sleep(0)  # other requests are served meanwhile
        seeds.put(_site(world, found), kind, records, world.clock())
        return {"stored": len(records)}

    return store


async def _sow(world: World, _: Mapping[str, str], body: Any) -> Answer:
    found = validation.only_fields(body, "", required=("instanceId", "seed"))
    name = validation.text(found["seed"], "seed")
    if not name.startswith(seeds.ORDERS):
        raise refusals.invalid("seed", "is of the form orders:N or orders:N:SEED here")
    site = _site(world, found)
    try:
        seeds.lay_under([site], name, world)
    except SettingsError as error:
        raise refusals.invalid("seed", str(error)) from error
    return {}


async def _set(world: World, _: Mapping[str, str], body: Any) -> Answer:
    found = validation.only_fields(body, "", required=("instanceId",), optional=properties.FIELDS)
    site = _site(world, found)
    site.properties = properties.changed(site.properties, found)
    return {}


async def _faults(world: World, _: Mapping[str, str], body: Any) -> Answer:
    found = validation.only_fields(body, "", required=("faults",))
    given = validation.items(found["faults"], "faults")
    faults = [fault_fields.parse_fault(one, f"faults[{at}]") for at, one in enumerate(given)]
    world.faults.add(faults)
    return {}


async def _turn(world: World, _: Mapping[str, str], body: Any) -> Answer:
    world.switches = switches.turned(world.switches, body)
    return {}


async def _switches(world: World, _query: Mapping[str, str], _body: Any) -> Answer:
    mode = switches.Switch(
        attribute="duplicate_mode",
        positions=tuple(settings.DuplicateMode),
        default=settings.Options().duplicate_mode,
        meaning="Creating an assignment that exists; an option of reset, not to be turned here.",
    )
    shown = switches.shown(world.switches)
    return {"switches": shown | {"duplicateMode": mode.as_json(world.options.duplicate_mode)}}


async def _log(world: World, _query: Mapping[str, str], _body: Any) -> Answer:
    return {"requests": [entry.as_json() for entry in world.journal.entries]}


async def _state(world: World, query: Mapping[str, str], _: Any) -> Answer:
    site = _site(world, query)
    badges = [site.badges.current[badge_id].body for badge_id in site.display_order]
    return encoded("badgeAssignments", site.assignments.current.values(), {"badges": badges})


async def _stats(world: World, query: Mapping[str, str], _: Any) -> Answer:
    site = _site(world, query)
    requests = [
        {"method": method, "path": path, "status": status, "count": count}
        for (instance, method, path, status), count in world.journal.counts.items()
        if instance == site.instance_id
    ]
    return {
        "requests": requests,
        "badges": len(site.badges.current),
        "badgeAssignments": len(site.assignments.current),
        "duplicateAssignments": sum(rows > 1 for rows in site.ever_assigned.values()),
        "createsRefused": site.creates_refused,
        "mostInWindow": world.journal.most.get(site.instance_id, 0),
    }


async def _start_replay(world: World, _: Mapping[str, str], body: Any) -> Answer:
    found = validation.only_fields(body, "", required=("instanceId", "seconds"), optional=("data",))
    seconds = validation.number(found["seconds"], "seconds")
    data = found.get("data")
    folder = None if data is None else Path(validation.text(data, "data"))
    site = _site(world, found)
    try:
        past = await asyncio.to_thread(reel.load, folder)
    except StateError as error:
        raise refusals.invalid("data", str(error)) from error
    if site.replay is not None:
        raise refusals.invalid("instanceId", "has a replay already; reset the sandbox first")
    return seeds.begin(site, past, world, seconds=seconds).progress(world.clock())


async def _progress(world: World, query: Mapping[str, str], _: Any) -> Answer:
    site = _site(world, query)
    return site.replay.progress(world.clock()) if site.replay else NOT_STARTED


async def unknown(_world: World, _query: Mapping[str, str], _body: Any) -> Answer:
    """Refuse a path that the admin interface does not have."""
    raise refusals.application_error(HTTPStatus.NOT_FOUND, "NOT_FOUND", "no such admin call")


PREFIX: Final = "/_sandbox/"
ROUTES: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("POST", "reset", _reset),
    *(("POST", kind, _store(kind)) for kind in seeds.KINDS),
    ("POST", "seed", _sow),
    ("POST", "site", _set),
    ("POST", "faults", _faults),
    ("POST", "switches", _turn),
    ("GET", "switches", _switches),
    ("GET", "log", _log),
    ("GET", "state", _state),
    ("GET", "stats", _stats),
    ("POST", "replay", _start_replay),
    ("GET", "replay", _progress),
)
