"""``check_source``: a source held to all laws, in one world."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from badgejobs.core.activity import Activity
from badgejobs.core.site import Site
from badgejobs.core.source import (
    Counting,
    Mode,
    Page,
    Probing,
    Rereading,
    Scope,
    Source,
    Walk,
    Window,
)
from badgejobs.errors import BadgeJobsError, CursorRefused
from badgejobs.testing.abilities import check_count, check_probe, check_reread
from badgejobs.testing.laws import Law, LawBroken, broken
from badgejobs.testing.reading import Reader
from badgejobs.testing.trouble import check_errors, check_unreadable
from badgejobs.testing.world import World

#: More than two of Wix's pages, and half of them with one stamp: more than fit on one page.
RECORDS: Final = 250

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FIRST: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
_SHOP: Final = Site(name="law-shop")
_NO_CURSOR: Final = "not-a-cursor-of-this-source"


def check_source(
    source: Callable[[Site], Source[Any]],
    world: World,
    *,
    site: Site = _SHOP,
    records: int = RECORDS,
) -> None:
    """Hold a source to every :class:`Law`; raises :class:`LawBroken` for the first it breaks.

    ``source`` is its class, ``world`` a Wix of yours without any record, ``site`` what the class
    is called with, and ``records`` how many records are put there: more than two pages, and so
    many that half of them do not fit on one. The laws are about what the source makes of a Wix
    that behaves; nothing is said of how fast or how often it asks.
    """
    mode = _require_class(source)
    name: str = source.name  # type: ignore[attr-defined]  # required just now
    reader = Reader(
        factory=source, site=site, name=name, client=world.client, most_pages=3 * records + 20
    )
    whole: Scope = Window(since=None) if mode == "window" else Walk(generation=1)
    if reader.told(whole):
        broken(
            Law.COMPLETE,
            seen="activities of a site that has no record",
            cure="begin with a world that is empty",
        )
    stamps = _stamps(records)
    standing = {world.put(number, changed_at=at): at for number, at in enumerate(stamps)}
    told = _check_readings(reader, whole, standing)
    if mode == "window":
        _check_windows(reader, standing, told)
    _check_change(reader, whole, world, told)
    _check_cursor(reader, whole)
    check_errors(reader, whole)
    made = reader.source()
    later = stamps[-1] + timedelta(hours=2)
    if isinstance(made, Counting):
        check_count(reader)
    if isinstance(made, Probing):
        check_probe(reader, whole, lambda: world.put(records, changed_at=later))
    spoiled = check_unreadable(
        reader, whole, lambda: world.spoil(1, changed_at=later + timedelta(hours=1))
    )
    if isinstance(made, Rereading):
        check_reread(reader, whole, spoiled=spoiled)


def _require_class(source: Any) -> Mode:
    name, mode = getattr(source, "name", None), getattr(source, "mode", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        broken(
            Law.NAME,
            seen=f"the name {name!r}",
            cure="write name = 'bookings' in the class: small letters, digits and _",
        )
    if mode not in {"window", "walk"}:
        broken(
            Law.MODE,
            seen=f"the mode {mode!r}",
            cure="write mode = 'window' where Wix can filter and sort by the last change, and "
            "'walk' where it cannot",
        )
    found: Mode = mode
    return found


def _stamps(records: int) -> list[datetime]:
    """When each record changed last, in ascending order: half of them at one moment."""
    first, last = records // 4, records - records // 4
    return [
        _FIRST + timedelta(seconds=min(at, first) + max(0, at - last) + (at >= last))
        for at in range(records)
    ]


def _check_readings(
    reader: Reader, whole: Scope, standing: Mapping[str, datetime]
) -> dict[str, Activity]:
    """A whole reading by one object, then by one a page; what the first one told, by id."""
    again = Walk(generation=2) if isinstance(whole, Walk) else whole
    pages = reader.pages(whole)
    told = _by_id(pages)
    _require_all(told, standing)
    other = _by_others(reader, again)
    if other is None or other.keys() != told.keys():
        broken(
            Law.CURSOR,
            seen="other records, or no end, where each page is asked for by another object",
            cure="keep nothing between pages but the cursor",
        )
    if list(other.values()) != list(told.values()) or _by_id(reader.pages(whole)) != told:
        broken(
            Law.SAME,
            seen="another state, or another order, of what nobody changed",
            cure="make an activity of the record alone: no clock, no chance, no earlier page",
        )
    for one in told.values():
        if one.updated_at != standing[one.activity_id]:
            broken(
                Law.STAMP,
                seen="an updated_at that is not the record's last change",
                cure="read Wix's updatedDate (or what it has for it), with its fractions",
            )
    return told


def _by_others(reader: Reader, whole: Scope) -> dict[str, Activity] | None:
    """The same reading, each page by another object; ``None`` where that has no end."""
    try:
        return _by_id(reader.pages(whole, anew=True))
    except LawBroken as error:
        if error.law is Law.END:
            return None
        raise


def _by_id(pages: list[Page]) -> dict[str, Activity]:
    """The first telling of each; a walk may tell one again, in another page, and the same."""
    found = dict[str, Activity]()
    for one in (one for page in pages for one in page.activities):
        if found.setdefault(one.activity_id, one) != one:
            broken(
                Law.SAME,
                seen="two states of one record in one reading",
                cure="make an activity of the record alone",
            )
    return found


def _require_all(told: Mapping[str, Activity], standing: Mapping[str, datetime]) -> None:
    missing, made_up = standing.keys() - told.keys(), told.keys() - standing.keys()
    if missing or made_up:
        broken(
            Law.COMPLETE,
            seen=f"{len(missing)} of {len(standing)} records missing, {len(made_up)} made up",
            cure="ask for every status, and go on while Wix names a next page",
        )


def _check_windows(
    reader: Reader, standing: Mapping[str, datetime], told: Mapping[str, Activity]
) -> None:
    order = [one.updated_at for one in told.values()]
    if order != sorted(order):
        broken(
            Law.ASCENDING,
            seen="an older change behind a newer one",
            cure="sort by the last change, ascending",
        )
    moments = sorted(standing.values())
    for since in (moments[0], moments[len(moments) // 2], moments[-1]):
        found = reader.told(Window(since=since))
        if any(one.updated_at < since for one in found):
            broken(
                Law.NOT_BEFORE,
                seen="a change from before the window",
                cure="filter by the last change, from `since` on",
            )
        if {one.activity_id for one in found} != {
            name for name, at in standing.items() if at >= since
        }:
            broken(
                Law.INCLUSIVE,
                seen="a window without all that changed at its beginning or later",
                cure="filter with $gte, not $gt, and send the stamp with its fractions",
            )


def _check_change(reader: Reader, whole: Scope, world: World, told: Mapping[str, Activity]) -> None:
    at = max(one.updated_at for one in told.values()) + timedelta(hours=1)
    changed = world.put(0, changed_at=at)
    scope = Window(since=at) if isinstance(whole, Window) else whole
    found = [one for one in reader.told(scope) if one.activity_id == changed]
    before = told.get(changed)
    if not found or not before or _age(found[0]) <= _age(before):
        broken(
            Law.STAMP,
            seen="a changed record that is told as it was, or as no newer than it was",
            cure="read updated_at, and revision where Wix has one, from the record",
        )


def _age(one: Activity) -> tuple[int, datetime]:
    return one.revision, one.updated_at


def _check_cursor(reader: Reader, whole: Scope) -> None:
    seen = "no error"
    try:
        reader.source().fetch(reader.client, whole, _NO_CURSOR)
    except CursorRefused:
        return
    except (BadgeJobsError, ValueError, LookupError, TypeError) as error:
        seen = type(error).__name__
    broken(
        Law.REFUSED,
        seen=f"{seen} for a cursor that nobody gave",
        cure="send the cursor as cursorPaging.cursor, whose refusal the client knows, and raise "
        "CursorRefused for one that you cannot read yourself",
    )
