"""What was erased and must not come back, though Wix still tells of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, exists, select

from badgejobs.core import identity
from badgejobs.core.activity import Activity
from badgejobs.core.identity import Digest
from badgejobs.store.dialect import chunks, insert_into
from badgejobs.store.fingerprints import require_same_key
from badgejobs.store.moment import Moment
from badgejobs.store.tables import tombstone


class SqlTombstones:
    """Digests of members who were erased, and of their contacts and addresses."""

    def __init__(self, connection: Connection, digest: Digest | None) -> None:
        self._connection, self._digest = connection, digest

    def spared(
        self, site: str, activities: Sequence[Activity], stored: Mapping[str, Activity]
    ) -> Sequence[Activity]:
        """These without those of members who were erased, and of guests who were these members.

        What is recorded as another member's already is theirs: erasing one touches no other.
        """
        here = select(exists(select(1).where(tombstone.c.site == site)))
        if not self._connection.scalar(here):
            return activities
        digest = require_same_key(self._connection, self._digest)
        marks = {id(one): _marks(one, digest) for one in activities}
        erased = self._erased(site, {mark for some in marks.values() for mark in some})
        return [
            one
            for one in activities
            if not marks[id(one)] & erased or (one.member_id is None and _is_owned(one, stored))
        ]

    def erased_members(self, site: str, members: Collection[str]) -> frozenset[str]:
        """Those of these members who were erased."""
        here = select(exists(select(1).where(tombstone.c.site == site)))
        if not members or not self._connection.scalar(here):
            return frozenset()
        digest = require_same_key(self._connection, self._digest)
        by_digest = {identity.member(one, digest): one for one in members}
        return frozenset(by_digest[one] for one in self._erased(site, by_digest))

    def put(self, site: str, digests: Collection[str], moment: Moment) -> None:
        """Let nothing of these come back."""
        statement = insert_into(self._connection, tombstone).on_conflict_do_nothing()
        rows = [{"site": site, "digest": one, "erased_at": moment.now} for one in sorted(digests)]
        self._connection.execute(statement, rows)

    def _erased(self, site: str, digests: Collection[str]) -> set[str]:
        found = set[str]()
        for some in chunks(sorted(digests)):
            found |= set(
                self._connection.scalars(
                    select(tombstone.c.digest).where(
                        tombstone.c.site == site, tombstone.c.digest.in_(some)
                    )
                )
            )
        return found


def _marks(one: Activity, digest: Digest) -> set[str]:
    """The digests by which it would be known as somebody's who was erased."""
    if one.member_id is not None:
        return {identity.member(one.member_id, digest)}
    return {text for _, text in one.identities}


def _is_owned(one: Activity, stored: Mapping[str, Activity]) -> bool:
    known = stored.get(one.activity_id)
    return known is not None and known.member_id is not None
