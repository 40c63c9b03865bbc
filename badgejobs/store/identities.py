"""By which guests' orders find their member: keyed digests, kept apart from the facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select

from badgejobs.core.activity import Link, Mark
from badgejobs.core.identity import Digest, Identity
from badgejobs.store.dialect import chunks
from badgejobs.store.fingerprints import require_same_key
from badgejobs.store.tables import activity, identity

#: The source whose activities are the members themselves; all others' are what a guest did.
MEMBERS = "membership"

#: An activity of a guest: its source and id.
Guest = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The members who have an identity; those who left claim only where nobody else does."""

    living: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)


class SqlIdentities:
    """The identities of members and of guests' activities."""

    def __init__(self, connection: Connection, digest: Digest | None = None) -> None:
        self._connection, self._digest = connection, digest

    def require_key(self) -> None:
        """Raise ``SettingsError`` where the key is not the one of this database's digests."""
        require_same_key(self._connection, self._digest)

    def keep(
        self, site: str, source: str, told: Mapping[str, frozenset[Identity]]
    ) -> dict[str, frozenset[Identity]]:
        """Keep what each activity is known by now; what came or went of those that changed.

        A contact that a member once had stays known as theirs: contacts are merged, and what was
        bought under the one that is no more was theirs. An address that is theirs no longer is
        forgotten: it may be another's.
        """
        stored = defaultdict[str, set[Identity]](set)
        for some in chunks(sorted(told)):
            for row in self._connection.execute(
                select(identity.c.activity_id, identity.c.kind, identity.c.digest).where(
                    identity.c.site == site,
                    identity.c.source == source,
                    identity.c.activity_id.in_(some),
                )
            ):
                stored[row.activity_id].add((Link(row.kind), row.digest))
        changed = dict[str, frozenset[Identity]]()
        for key, now in told.items():
            before = stored[key]
            if source == MEMBERS and now:
                now |= {one for one in before if one[0] is Link.CONTACT}
            if now != before:
                changed[key] = now ^ before
                self._replace(site, source, key, gone=before - now, new=now - before)
        return changed

    def _replace(
        self, site: str, source: str, key: str, *, gone: Iterable[Identity], new: Iterable[Identity]
    ) -> None:
        here = {"site": site, "source": source, "activity_id": key}
        for kind, digest in gone:
            self._connection.execute(
                delete(identity).where(
                    *(identity.c[name] == value for name, value in here.items()),
                    identity.c.kind == kind,
                    identity.c.digest == digest,
                )
            )
        rows = [here | {"kind": kind, "digest": digest} for kind, digest in sorted(new)]
        if rows:
            self._connection.execute(insert(identity), rows)

    def of_members(self, site: str, members: Collection[str]) -> set[Identity]:
        """All by which these members are known."""
        found = set[Identity]()
        for some in chunks(sorted(members)):
            rows = self._connection.execute(
                select(identity.c.kind, identity.c.digest).where(
                    identity.c.site == site,
                    identity.c.source == MEMBERS,
                    identity.c.activity_id.in_(some),
                )
            )
            found |= {(Link(row.kind), row.digest) for row in rows}
        return found

    def guests_with(self, site: str, identities: Collection[Identity]) -> set[Guest]:
        """The activities of guests who are known by one of these."""
        found = set[Guest]()
        for some in chunks(sorted(identities)):
            rows = self._connection.execute(
                select(identity.c.source, identity.c.activity_id).where(
                    _has_one_of(site, some), identity.c.source != MEMBERS
                )
            )
            found |= {(row.source, row.activity_id) for row in rows}
        return found

    def of_guests(self, site: str, source: str, ids: Collection[str]) -> dict[str, set[Identity]]:
        """By what the guests of these activities of one source are known."""
        found = defaultdict[str, set[Identity]](set)
        for some in chunks(sorted(ids)):
            rows = self._connection.execute(
                select(identity.c.activity_id, identity.c.kind, identity.c.digest).where(
                    identity.c.site == site,
                    identity.c.source == source,
                    identity.c.activity_id.in_(some),
                )
            )
            for row in rows:
                found[row.activity_id].add((Link(row.kind), row.digest))
        return found

    def claims(self, site: str, identities: Collection[Identity]) -> dict[Identity, Claims]:
        """Which members have these."""
        found = defaultdict[Identity, Claims](Claims)
        for some in chunks(sorted(identities)):
            rows = self._connection.execute(
                select(identity.c.kind, identity.c.digest, identity.c.activity_id, activity.c.marks)
                .join_from(identity, activity, _same_activity())
                .where(_has_one_of(site, some), identity.c.source == MEMBERS)
            )
            for row in rows:
                one = found[Link(row.kind), row.digest]
                is_gone = Mark.GONE in row.marks.split()
                (one.gone if is_gone else one.living).add(row.activity_id)
        return found

    def has_guests(self, site: str) -> bool:
        """Whether any guest is known here, found to be a member or not."""
        here = identity.c.site == site
        known = or_(
            exists(select(1).where(here, identity.c.source < MEMBERS)),
            exists(select(1).where(here, identity.c.source > MEMBERS)),
        )
        return bool(self._connection.scalar(select(known)))

    def ambiguous(self, site: str) -> int:
        """How many activities of guests name more than one member, and so none."""
        theirs = identity.alias("theirs")
        several = (
            select(identity.c.source, identity.c.activity_id)
            .join_from(
                identity,
                theirs,
                and_(
                    theirs.c.site == identity.c.site,
                    theirs.c.kind == identity.c.kind,
                    theirs.c.digest == identity.c.digest,
                    theirs.c.source == MEMBERS,
                ),
            )
            .join(activity, _same_activity())
            .where(identity.c.site == site, identity.c.source != MEMBERS)
            .where(activity.c.member_id.is_(None))
            .group_by(identity.c.source, identity.c.activity_id)
            .having(func.count(theirs.c.activity_id.distinct()) > 1)
            .subquery()
        )
        return self._connection.scalar(select(func.count()).select_from(several)) or 0


def _has_one_of(site: str, identities: Collection[Identity]) -> ColumnElement[bool]:
    """A digest is made of its kind too, so it is enough to name both."""
    return and_(
        identity.c.site == site,
        identity.c.kind.in_(sorted({kind for kind, _ in identities})),
        identity.c.digest.in_(sorted({digest for _, digest in identities})),
    )


def _same_activity() -> ColumnElement[bool]:
    names = ("site", "source", "activity_id")
    return and_(*(activity.c[name] == identity.c[name] for name in names))
