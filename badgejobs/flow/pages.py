"""Pages: read one after the other, each recorded in a transaction with all that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from badgejobs.core.ledger import Lease, Missing
from badgejobs.core.milestone import Ruleset, Wants
from badgejobs.core.source import Page, Scope, Source
from badgejobs.core.watermark import Round, Watermark
from badgejobs.errors import Ambiguous, CursorRefused
from badgejobs.flow.cadence import Cadence
from badgejobs.flow.decide import decide
from badgejobs.flow.ports import Store, Transaction

#: Pages in a row without a record, though each named a next one. Some are honest: a source that
#: is read part by part (comments, app by app) has one for each part that holds nothing.
MOST_EMPTY_PAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a slice of a scan read and what came of it."""

    pages: int = 0
    seen: int = 0
    new: int = 0
    changed: int = 0
    #: Of these, how many count for nothing from now on: refunded, hidden, gone, ...
    void: int = 0
    quarantined: int = 0
    #: Known records that a complete reading did not find for the first time.
    missing: int = 0
    opened: int = 0
    held: int = 0
    cleared: int = 0
    withdrawn: int = 0
    #: The track has been read up to its present end.
    completed: bool = False
    #: The rules began to want more than this source reads: it is to be read by another.
    overtaken: bool = False
    #: What a person has to mend for the part that could not be read; the others were.
    refused: str = ""
    #: There is more to read at once.
    more: bool = False
    #: The time of last changes that was read, where it was read by time.
    since: datetime | None = None
    until: datetime | None = None


#: What a source needs of its client is between the two.
C = TypeVar("C")


@dataclass(slots=True, kw_only=True)
class Slice(Generic[C]):
    """What one slice of a scan works with."""

    lease: Lease
    source: Source[C]
    client: C
    rules: Callable[[], Ruleset]
    store: Store
    cadence: Cadence
    time_is_up: Callable[[], bool]
    wants: Wants
    heard: Callable[[Scanned], None]
    #: Whether a person asked for this very reading.
    declared: bool = False
    #: The newest generation of the source when the lease was taken.
    newest: int = 0
    #: Whether the lease was given back with the last page.
    released: bool = False
    total: Scanned = field(default_factory=Scanned)


#: The kind of place that a course keeps.
P = TypeVar("P", Watermark, Round)


class Course(Protocol[P]):
    """What is particular to one way of reading."""

    @property
    def silent(self) -> bool:
        """Whether nobody is told of the awards that it opens."""
        ...

    @property
    def declared(self) -> bool:
        """Whether it was said beforehand that it may open any number of awards."""
        ...

    @property
    def generation(self) -> int:
        """The number that what is seen carries."""
        ...

    def scope(self, place: P, /) -> Scope:
        """What to ask for where no cursor says it."""
        ...

    def turned(self, place: P, page: Page, now: datetime, /) -> P:
        """The place after a page was recorded."""
        ...

    def follow(self, tx: Transaction, before: P, after: P, /) -> Missing:
        """What else a page brings about, the last one above all; what is missing after it."""
        ...

    def end(self, tx: Transaction, /) -> bool:
        """What ends with the last page, in its transaction; whether the lease was given back."""
        ...


def read(at: Slice[C], course: Course[P], place: P) -> P:
    """Read pages until the course is at its end or the time of this slice is up.

    A cursor that is refused is dropped, and the course goes on from the last recorded stamp; a
    second time only where it has come further meanwhile. If many records share that very stamp,
    the slice goes on past its time until they are behind: cut off before, it would begin with
    the same ones again for ever.
    """
    empty, cursors, has_dropped, stuck_at = 0, set[str](), False, None
    while place.scanning:
        is_stuck = stuck_at is not None and place.read_to == stuck_at
        if at.total.pages and at.time_is_up() and not is_stuck:
            break
        try:
            page = at.source.fetch(at.client, course.scope(place), place.cursor)
        except CursorRefused:
            if has_dropped and place.read_to == stuck_at:
                raise
            has_dropped, place, stuck_at = True, place.cursor_dropped(), place.read_to
            cursors.clear()  # the same pages come again, perhaps under the same cursors
            continue
        more_of_nothing = page.next_cursor and not (page.activities or page.unreadable)
        empty = empty + 1 if more_of_nothing else 0
        if page.next_cursor in cursors or empty >= MOST_EMPTY_PAGES:
            raise Ambiguous(f"{at.lease.source}: the pages of Wix run in a circle")
        if page.next_cursor:
            cursors.add(page.next_cursor)
        rules = at.rules()
        if not rules.wants.of(at.source.name) <= at.wants.of(at.source.name):
            at.total = replace(at.total, overtaken=True)
            break
        with at.store.begin() as tx:
            place, total = _recorded(tx, at, course, page, rules=rules, before=place)
            tx.scans.keep(at.lease, place, holds=at.cadence.lease)
            released = not place.scanning and course.end(tx)
        at.total, at.released = total, released
        at.heard(total)
    return place


def _recorded(
    tx: Transaction,
    at: Slice[C],
    course: Course[P],
    page: Page,
    *,
    rules: Ruleset,
    before: P,
) -> tuple[P, Scanned]:
    """Write one page and all that follows from it; the place and the totals after it."""
    site, source, total = at.lease.site, at.lease.source, at.total
    tx.activities.take_turns(site)
    recorded = tx.activities.record(
        page.activities, site=site, source=source, generation=course.generation
    )
    tx.quarantine.add(page.unreadable, site=site, generation=course.generation)
    after = course.turned(before, page, tx.now)
    missing = course.follow(tx, before, after)
    touched = recorded.touched | missing.touched
    decided = decide(tx, site, touched, rules, silent=course.silent, declared=course.declared)
    return after, replace(
        total,
        pages=total.pages + 1,
        seen=total.seen + len(page.activities),
        new=total.new + recorded.new,
        changed=total.changed + recorded.changed,
        void=total.void + recorded.void + missing.gone,
        missing=total.missing + missing.first,
        quarantined=total.quarantined + len(page.unreadable),
        opened=total.opened + decided.opened,
        held=total.held + decided.held,
        cleared=total.cleared + decided.cleared,
        withdrawn=total.withdrawn + decided.withdrawn,
        since=total.since if total.pages else before.read_to or before.since,
        until=max((one.updated_at for one in page.activities), default=total.until),
    )
