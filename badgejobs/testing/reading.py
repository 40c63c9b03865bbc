"""Readings of a source under test, each page looked at when it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from badgejobs.core.activity import Activity, Unreadable
from badgejobs.core.site import Site
from badgejobs.core.source import Page, Scope, Source
from badgejobs.testing.laws import Law, broken
from badgejobs.testing.world import CANARY

#: A cursor is kept in the record; no one of Wix is longer (SDK: 16,000 characters).
_LONGEST_CURSOR = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Makes sources of one site and reads them."""

    factory: Callable[[Site], Source[Any]]
    site: Site
    name: str
    client: Any
    most_pages: int

    def source(self) -> Any:
        """Another object, as another process makes it."""
        return self.factory(self.site)

    def pages(self, scope: Scope, *, anew: bool = False) -> list[Page]:
        """Every page of a scope, by one object, or each by one that is made ``anew``."""
        return list(self._each(scope, anew=anew))

    def told(self, scope: Scope) -> list[Activity]:
        """Every activity of a scope."""
        return [one for page in self.pages(scope) for one in page.activities]

    def seen(self, page: Any) -> Page:
        """A page that keeps to what holds for each by itself."""
        if not isinstance(page, Page) or not (
            _are(Activity, page.activities) and _are(Unreadable, page.unreadable)
        ):
            broken(
                Law.FORM,
                seen=f"a {type(page).__name__} that is no Page, or has other values in it",
                cure="return Page(activities=(...), unreadable=(...), ...) with tuples",
            )
        self._require_records(page)
        if page.answered_at is None or page.answered_at.tzinfo is None:
            broken(
                Law.ANSWERED,
                seen="a page without answered_at",
                cure="hand on the answered_at of the client's answer",
            )
        return page

    def _each(self, scope: Scope, *, anew: bool) -> Iterator[Page]:
        source, cursor, cursors = self.source(), None, set[str]()
        for _ in range(self.most_pages):
            page = self.seen(source.fetch(self.client, scope, cursor))
            yield page
            cursor = page.next_cursor
            if cursor is None:
                return
            if not _is_text(cursor, most=_LONGEST_CURSOR):
                broken(
                    Law.CURSOR,
                    seen=f"a next_cursor that is a {type(cursor).__name__}, empty or very long",
                    cure="make it a text, and None behind the last page",
                )
            if cursor in cursors:
                break
            cursors.add(cursor)
            source = self.source() if anew else source
        broken(
            Law.END,
            seen=f"no end within {len(cursors) + 1} pages, or one cursor twice",
            cure="give next_cursor=None where Wix names no next page",
        )

    def _require_records(self, page: Page) -> None:
        for one in page.activities:
            if (one.site, one.source) != (self.site.name, self.name):
                broken(
                    Law.OWN,
                    seen=f"an activity of site {one.site!r} and source {one.source!r}",
                    cure="take the site's name from the Site, and source=self.name",
                )
            if not (_is_time(one.occurred_at) and _is_time(one.updated_at)):
                broken(
                    Law.TIMES,
                    seen="an occurred_at or updated_at without a zone",
                    cure="read Wix's times with their zone (datetime.fromisoformat keeps it)",
                )
            if CANARY in repr(replace(one, identities=frozenset())):
                broken(
                    Law.TEXTS,
                    seen="a text of a member in an activity",
                    cure="leave out names, addresses, titles and texts",
                )
        if any(one.source != self.name for one in page.unreadable):
            broken(Law.OWN, seen="an Unreadable of another source", cure="give it self.name")
        ids = [one.activity_id for one in page.activities]
        if not all(map(_is_text, ids)) or len({*ids}) < len(ids):
            broken(
                Law.ONCE,
                seen="one activity_id twice in a page, or an empty one",
                cure="use the record's own id, and keep the last of its states",
            )


def _are(kind: type, values: object) -> bool:
    return isinstance(values, tuple) and all(isinstance(one, kind) for one in values)


def _is_text(value: object, *, most: int = 100) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most


def _is_time(value: object) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None
