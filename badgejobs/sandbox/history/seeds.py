"""What a sandbox holds at first: nothing, the shipped real history, or records of the user's own.

For measurements there are made-up comments too: ``comments:100000:5000`` is 100,000 of them on
5,000 posts.

A file of records is JSON in the form of Wix's REST API:
``{"members": [...], "orders": [...], "comments": [...], "payments": [...], "products": [...],
"collections": [...], "posts": [...], "reviews": [...], "site": {...}}``, each part optional and
each record with an ``id``; payments have that of their order. Products name their collections
(``collectionIds``), posts their writers (``memberId``) and what comments know them by
(``referenceId``), reviews their writers as ``author.contactId``; ``site`` is in the form of
``POST /_sandbox/site``. So a shop's own cases can stand in its repository and run in its CI.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from badgejobs.errors import SettingsError
from badgejobs.sandbox import properties, refusals, validation
from badgejobs.sandbox.endpoints import comments
from badgejobs.sandbox.history import made_orders, made_up, reel
from badgejobs.sandbox.history.made_orders import MadeOrders
from badgejobs.sandbox.history.reel import Reel
from badgejobs.sandbox.properties import Properties
from badgejobs.sandbox.records import kinds
from badgejobs.sandbox.records.collection import Collection, Record
from badgejobs.sandbox.records.generated import Generated
from badgejobs.sandbox.records.query import Fields
from badgejobs.sandbox.records.replay import Replay
from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.world import Site, World

#: The kinds of records that can be stored from outside.
_FIELDS: Final[Mapping[str, Fields]] = {
    "members": kinds.MEMBERS,
    "orders": kinds.ORDERS,
    "comments": kinds.COMMENTS,
    "payments": kinds.PAYMENTS,
    "products": kinds.PRODUCTS,
    "collections": kinds.COLLECTIONS,
    "posts": kinds.POSTS,
    "reviews": kinds.REVIEWS,
}
KINDS: Final = tuple(_FIELDS)
_SITE: Final = "site"
_WHOLE: Final = re.compile(r"[0-9]{1,15}")
_MADE_UP: Final = re.compile(r"comments:([0-9]{1,7}):([0-9]{1,7})", re.ASCII)
#: How deep a record may nest.
_DEEPEST: Final = 250

EMPTY: Final = "empty"
REAL: Final = "real"
#: How a seed begins that is made up: ``orders:1000000`` or ``orders:1000000:7`` as it is asked
#: for, ``comments:2000:100`` at once.
ORDERS: Final = "orders:"
_COMMENTS: Final = "comments:"


def sow(world: World, name: str, *, seconds: float = 0, data: Path | None = None) -> None:
    """Give every site of the world what a seed holds.

    ``name`` is ``empty``, ``real`` (the shipped extract, or the full data in the folder
    ``data``), ``orders:N`` or ``orders:N:SEED`` (so many made up, held nowhere),
    ``comments:NUMBER:POSTS`` or the path of a JSON file. With ``seconds`` the real history
    arrives over that time, in place of all at once.

    Raises:
        SettingsError: there is no such seed, or the file does not hold what it should.
        StateError: ``data`` is not such a folder.
    """
    if name == EMPTY:
        return
    now = world.clock()
    if name == REAL:
        found = reel.load(data)
        for site in world.sites.values():
            begin(site, found, world, seconds=seconds)
        return
    if name.startswith(ORDERS):
        lay_under(world.sites.values(), name, world)
        return
    if name.startswith(_COMMENTS):
        number, posts = _numbers(name)
        shelves = {
            "members": [Record(one, kinds.MEMBERS) for one in made_up.members()],
            "comments": [Record(one, kinds.COMMENTS) for one in made_up.comments(number, posts)],
        }
        for site in world.sites.values():
            for kind, given in shelves.items():
                put(site, kind, given, now)
        return
    shelves, told = _read(Path(name))
    for site in world.sites.values():
        site.properties = told
        for kind, given in shelves.items():
            put(site, kind, given, now)


def begin(site: Site, found: Reel, world: World, *, seconds: float) -> Replay:
    """Start a replay on a site: members and shop are there at once, the rest arrives."""
    now = world.clock()
    put(site, "members", found.members, now)
    put(site, "products", found.products, now)
    put(site, "collections", found.collections, now)
    site.replay = Replay(
        orders=found.orders,
        comments=found.comments,
        started=now,
        seconds=seconds,
        began_at=world.now(),
    )
    site.advance(now)
    return site.replay


def records(kind: str, given: object) -> Iterator[Record]:
    """Records out of JSON from outside; a refusal names the one that cannot be."""
    for place, one in enumerate(validation.items(given, kind)):
        field = f"{kind}[{place}]"
        body = validation.mapping(one, field)
        validation.text(body.get("id"), f"{field}.id")
        if validation.nests_deeper(body, _DEEPEST):
            raise refusals.invalid(field, f"nests deeper than {_DEEPEST} levels")
        form = comments.stored_form(body) if kind == "comments" else body
        yield Record(form, _FIELDS[kind])


def put(site: Site, kind: str, stored: Iterable[Record], at: float) -> None:
    """Store records of one kind, each in place of the one with its id."""
    collection: Collection = getattr(site, kind)
    for one in stored:
        collection.put(one, at)


def lay_under(sites: Iterable[Site], name: str, world: World) -> None:
    """Give sites the orders of a seed ``orders:N`` in place of theirs, and who bought them.

    Raises ``SettingsError`` for what is no such seed.
    """
    made = _made_orders(name)
    for site in sites:
        put(site, "members", made.member_records(), world.clock())
        site.orders = Generated(made, kinds.ORDERS, world.options.query_lag_seconds)


def _made_orders(name: str) -> MadeOrders:
    numbers = name.removeprefix(ORDERS).split(":")
    if not 0 < len(numbers) < 3 or not all(map(_WHOLE.fullmatch, numbers)):  # noqa: PLR2004 - both
        raise SettingsError(
            f"the seed {name!r} is not of the form orders:N or orders:N:SEED, such as "
            "orders:1000000:7"
        )
    number, seed = (*map(int, numbers), 1)[:2]
    if not 1 <= number <= made_orders.MOST:
        raise SettingsError(f"the seed {name!r} must hold from 1 to {made_orders.MOST:,} orders")
    return MadeOrders(number, seed)


def _numbers(name: str) -> tuple[int, int]:
    """How many comments on how many posts."""
    found = _MADE_UP.fullmatch(name)
    number, posts = (int(one) for one in found.groups()) if found else (0, 0)
    if not 1 <= posts <= number <= made_up.MOST:
        raise SettingsError(
            f"there is no seed {name!r}: write {_COMMENTS}NUMBER:POSTS, such as "
            f"{_COMMENTS}2000:100, with up to {made_up.MOST} comments on at most as many posts"
        )
    return number, posts


def _read(path: Path) -> tuple[dict[str, list[Record]], Properties]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"there is no seed {str(path)!r} ({_why(error)}): name {EMPTY!r}, {REAL!r}, "
            f"'{ORDERS}N', '{_COMMENTS}NUMBER:POSTS' or a JSON file with {', '.join(KINDS)}"
        ) from error
    try:
        found = validation.only_fields(json.loads(text), "", optional=(*KINDS, _SITE))
        site = validation.only_fields(found.pop(_SITE, {}), _SITE, optional=properties.FIELDS)
        told = properties.changed(Properties(), site)
        return {kind: list(records(kind, given)) for kind, given in found.items()}, told
    except json.JSONDecodeError as error:
        raise SettingsError(
            f"{path}:{error.lineno}:{error.colno}: no JSON ({error.msg}); a seed is one object "
            f"with {', '.join(KINDS)}"
        ) from error
    except Refusal as refusal:
        wrong = refusals.sentence(refusal)
        raise SettingsError(
            f"{path}: {wrong}; a seed is one object with {', '.join(KINDS)}, each a list of "
            "records as Wix's REST API gives them"
        ) from refusal


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else "it is no text"
