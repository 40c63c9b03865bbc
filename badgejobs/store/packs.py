"""Packs of rules: their versions, the one that is in force, and the one that some sites try."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, select, update

from badgejobs.core.award import State
from badgejobs.core.pack import SETTLES_IN, Pack, PackVersion
from badgejobs.core.source import Track
from badgejobs.errors import Refused
from badgejobs.store.dialect import chunks, insert_into, take_turns
from badgejobs.store.fleet_tables import pack, pack_canary, pack_version, site
from badgejobs.store.moment import Moment
from badgejobs.store.tables import award, scan

#: The duty by which a site takes up the rules that it goes by.
_PROVISION = "provision"
#: Who asked, in the runs that follow.
_ASKED_BY = "rules change"
_TAKEN = (State.REVOKING, State.REVOKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awarded:
    """What became of the awards of one badge since some moment: numbers of members."""

    #: Opened since then under one version of the rules ...
    opened: int = 0
    #: ... and of these, those that stand at Wix, and those that wait for something else than Wix.
    given: int = 0
    held: int = 0
    #: Taken away since then, or just being taken.
    taken: int = 0


class SqlPacks:
    """The packs of rules.

    ``others`` are sites that go by the pack and have no row: those of the configuration file.
    Whatever changes the version of sites lets them take it up as soon as every process has
    noticed.
    """

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    # ------------------------------------------------------------ what there is

    def names(self) -> list[str]:
        """All packs."""
        return list(self._connection.scalars(select(pack.c.name).order_by(pack.c.name)))

    def get(self, name: str) -> Pack | None:
        """One pack; ``None`` where there is none of this name."""
        return self._get(name, lock=False)

    def existing(self, name: str) -> Pack:
        """One pack; ``Refused`` where there is none of this name."""
        return self._existing(name, lock=False)

    def changed_at(self, name: str) -> datetime | None:
        """When a pack was last changed, by which others notice; ``None`` where there is none."""
        return self._connection.scalar(select(pack.c.changed_at).where(pack.c.name == name))

    def versions(self, name: str) -> list[PackVersion]:
        """All versions of a pack, the oldest first, without their texts."""
        columns = [pack_version.c[one] for one in PackVersion.__dataclass_fields__]
        rows = self._connection.execute(
            select(*columns).where(pack_version.c.pack == name).order_by(pack_version.c.version)
        ).mappings()
        return [PackVersion(**row) for row in rows]

    def text(self, name: str, version: int) -> str | None:
        """The text of a version; ``None`` where there is none."""
        return self._connection.scalar(
            select(pack_version.c.content).where(
                pack_version.c.pack == name, pack_version.c.version == version
            )
        )

    def require(self, name: str, version: int) -> str:
        """The text of a version; ``Refused`` where there is none."""
        text = self.text(name, version)
        if text is None:
            self.existing(name)
            known = ", ".join(str(one.version) for one in self.versions(name))
            raise Refused(f"the pack {name!r} has no version {version}; its versions: {known}")
        return text

    def sites_after(self, name: str, last: str, limit: int) -> list[tuple[str, str]]:
        """Some of the added sites that go by a pack, in order, each with its overrides (YAML)."""
        rows = self._connection.execute(
            select(site.c.name, site.c.overrides)
            .where(site.c.pack == name, site.c.name > last)
            .order_by(site.c.name)
            .limit(limit)
        )
        return [(row.name, row.overrides) for row in rows]

    def numbers_of_sites(self) -> dict[str, int]:
        """How many added sites go by each pack, of those that any goes by."""
        rows = select(site.c.pack, func.count()).group_by(site.c.pack)
        return {row.pack: row[1] for row in self._connection.execute(rows)}

    def awarded(self, at: str, version: str, *, since: datetime) -> dict[str, Awarded]:
        """What became of a site's awards by badge, since a version of its rules is in force."""
        opened = and_(award.c.rules_version == version, award.c.opened_at >= since)
        rows = self._connection.execute(
            select(
                award.c.badge,
                _number(opened).label("opened"),
                _number(opened, award.c.state == State.ASSIGNED).label("given"),
                _number(opened, award.c.state == State.HELD).label("held"),
                _number(award.c.state.in_(_TAKEN), award.c.changed_at >= since).label("taken"),
            )
            .where(award.c.site == at)
            .group_by(award.c.badge)
            .order_by(award.c.badge)
        )
        found = {
            row.badge: Awarded(opened=row.opened, given=row.given, held=row.held, taken=row.taken)
            for row in rows
        }
        return {badge: told for badge, told in found.items() if told != Awarded()}

    # ------------------------------------------------------------ what changes it

    def put(
        self, name: str, text: str, *, note: str, added_by: str, others: Collection[str] = ()
    ) -> tuple[int, bool]:
        """Add a version; its number, and whether it is new.

        The same text as the newest has is no new version. The first one is stable at once.
        Whether it is a rules file at all has been looked at.
        """
        take_turns(self._connection, "pack", name)
        newest = self._connection.scalar(
            select(func.max(pack_version.c.version)).where(pack_version.c.pack == name)
        )
        if newest is not None and self.text(name, newest) == text:
            return newest, False
        version, now = (newest or 0) + 1, self._moment.now
        if newest is None:
            self._connection.execute(
                insert_into(self._connection, pack).values(
                    name=name, stable=None, canary=None, canary_percent=0, canary_since=None,
                    changed_at=now,
                )
            )  # fmt: skip
        self._connection.execute(
            insert_into(self._connection, pack_version).values(
                pack=name, version=version, content=text, note=note, added_by=added_by,
                added_at=now,
            )
        )  # fmt: skip
        if newest is None:
            self._change(name, lambda before: replace(before, stable=1), others=others)
        return version, True

    def start_canary(
        self,
        name: str,
        version: int,
        *,
        sites: Collection[str] = (),
        percent: int | None = None,
        others: Collection[str] = (),
        seen: datetime | None = None,
    ) -> int:
        """Let some sites go by another version; how many change theirs.

        The sites are added to those that try this version already. Raises ``Refused`` for a
        version or a site that is not there, and where the pack was changed since ``seen``.
        """
        self.require(name, version)
        strangers = set(sites) - set(others) - set(self._among(name, sites))
        if strangers:
            named = ", ".join(sorted(strangers))
            raise Refused(
                f"no site of the pack {name!r}: {named}; `badgejobs packs list` and `badgejobs "
                "sites list` show which there are"
            )
        return self._change(
            name,
            lambda before: before.tried(
                version, sites=sites, percent=percent, now=self._moment.now
            ),
            others=others, seen=seen,
        )  # fmt: skip

    def promote(
        self,
        name: str,
        version: int,
        *,
        others: Collection[str] = (),
        seen: datetime | None = None,
    ) -> int:
        """Let all sites go by a version, and end a trial; how many change theirs.

        Also the way back to an earlier one. Raises ``Refused`` for a version that is not there,
        and where the pack was changed since ``seen``.
        """
        self.require(name, version)
        return self._change(name, lambda before: before.promoted(version), others=others, seen=seen)

    def end_canary(
        self, name: str, *, others: Collection[str] = (), seen: datetime | None = None
    ) -> int:
        """Let the sites that try a version go by the stable one again; how many do.

        Raises ``Refused`` where none is tried, and where the pack was changed since ``seen``.
        """
        return self._change(name, Pack.rolled_back, others=others, seen=seen)

    def _among(self, name: str, sites: Collection[str]) -> list[str]:
        found = list[str]()
        for some in chunks(sorted(set(sites))):
            asked = select(site.c.name).where(site.c.pack == name, site.c.name.in_(some))
            found += self._connection.scalars(asked)
        return found

    def _existing(self, name: str, *, lock: bool) -> Pack:
        found = self._get(name, lock=lock)
        if found is None:
            known = ", ".join(self.names()) or "none was put in yet"
            raise Refused(
                f"there is no pack {name!r}; known: {known}; `badgejobs packs put {name} FILE` "
                "makes one"
            )
        return found

    def _get(self, name: str, *, lock: bool) -> Pack | None:
        asked = select(pack).where(pack.c.name == name)
        row = self._connection.execute(asked.with_for_update() if lock else asked).mappings()
        if (found := row.first()) is None:
            return None
        named = select(pack_canary.c.site).where(pack_canary.c.pack == name)
        return Pack(**found, canary_sites=frozenset(self._connection.scalars(named)))

    def _change(
        self,
        name: str,
        change: Callable[[Pack], Pack],
        *,
        others: Collection[str],
        seen: datetime | None = None,
    ) -> int:
        before = self._existing(name, lock=True)
        if seen is not None and before.changed_at != seen:
            raise Refused(f"the pack {name!r} was changed meanwhile: look at what it would change")
        after = replace(change(before), changed_at=self._moment.now)
        self._connection.execute(
            update(pack)
            .where(pack.c.name == name)
            .values(
                stable=after.stable,
                canary=after.canary,
                canary_percent=after.canary_percent,
                canary_since=after.canary_since,
                changed_at=after.changed_at,
            )
        )
        if after.canary_sites != before.canary_sites:
            self._connection.execute(delete(pack_canary).where(pack_canary.c.pack == name))
            rows = [{"pack": name, "site": one} for one in sorted(after.canary_sites)]
            if rows:
                self._connection.execute(insert_into(self._connection, pack_canary), rows)
        added = select(site.c.name).where(site.c.pack == name)
        everybody = {*self._connection.scalars(added), *others}
        touched = [one for one in everybody if before.version_for(one) != after.version_for(one)]
        self._take_up(touched)
        return len(touched)

    def _take_up(self, sites: Collection[str]) -> None:
        """Let sites take up their rules once every process has noticed which they are."""
        for some in chunks(sorted(sites)):
            self._connection.execute(
                update(scan)
                .where(scan.c.site.in_(some))
                .where(scan.c.source == _PROVISION, scan.c.track == Track.LIVE)
                .values(
                    due_at=self._moment.now + SETTLES_IN, rung_at=None, asked_by=_ASKED_BY
                )
            )  # fmt: skip


def _number(*of: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((and_(*of), 1), else_=0)), 0)
