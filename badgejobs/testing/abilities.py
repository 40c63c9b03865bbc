"""Laws about what a source may be able to do beside fetching: probe, read again, count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from badgejobs.core.activity import Activity, is_live
from badgejobs.core.source import Known, Probed, Scope
from badgejobs.testing.laws import Law, broken
from badgejobs.testing.reading import Reader


def check_probe(reader: Reader, whole: Scope, put: Callable[[], str]) -> None:
    """Probe what was just read, then what has one record more."""
    probed: Probed = reader.source().probe(reader.client, _known(reader.told(whole)), {})
    if _found(probed):
        broken(
            Law.QUIET,
            seen="something to read where nothing changed",
            cure="count what the source calls live (is_live), by part and resource, as Wix does",
        )
    known = _known(reader.told(whole))
    put()
    probed = reader.source().probe(reader.client, known, {})
    if not _found(probed):
        broken(
            Law.NOTICED,
            seen="nothing to read where a record is new",
            cure="ask Wix for its numbers anew at each probe",
        )
    for scope in probed.changed:
        expected = {
            one.activity_id
            for one in reader.told(whole)
            if one.part == scope.part and one.post in scope.ids
        }
        if {one.activity_id for one in reader.told(scope)} != expected:
            broken(
                Law.RESOURCES,
                seen="more, or less, than stands on the resources that changed",
                cure="fetch a scope of Resources by its ids, every status, to its last page",
            )


def _found(probed: Probed) -> bool:
    return bool(probed.changed or probed.to_walk or any(probed.unexplained.values()))


def _known(told: list[Activity]) -> Known:
    """How many live ones each resource has, as badgejobs keeps it."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in {one.activity_id: one for one in told}.values():
        if is_live(one.marks):
            found[one.part][one.post] += 1
    return found


def check_reread(reader: Reader, whole: Scope, *, spoiled: str) -> None:
    """Read two records again, one of which makes no sense."""
    sample = next(one for one in reader.told(whole) if one.activity_id != spoiled)
    page = reader.seen(reader.source().reread(reader.client, [sample.activity_id, spoiled]))
    aside = [one.activity_id for one in page.unreadable]
    if page.activities != (sample,) or aside != [spoiled]:
        broken(
            Law.REREAD,
            seen="another answer than a reading gives for these records",
            cure="make activities and Unreadable of them by the same code as in fetch",
        )


def check_count(reader: Reader) -> None:
    """Ask how much there is."""
    found = reader.source().count(reader.client)
    if found is not None and (type(found) is not int or found < 0):
        broken(
            Law.COUNT,
            seen=f"a {type(found).__name__} or less than nothing",
            cure="return a whole number, or None",
        )
