"""Which site at Wix a name is, which Wix badge each badge is, and which rules are taken up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select, update

from badgejobs.errors import Later, StateError
from badgejobs.store.dialect import insert_into, take_turns
from badgejobs.store.moment import Moment
from badgejobs.store.tables import badge_binding, badge_creation, rules_applied, site_binding


class SqlBindings:
    """Badges bound to Wix badges, per site."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def site(self, site: str) -> str | None:
        """Which site at Wix this name stands for; ``None`` while nothing was recorded for it."""
        return self._connection.scalar(
            select(site_binding.c.at_wix).where(site_binding.c.site == site)
        )

    def bind_site(self, site: str, at_wix: str, *, anew: bool = False) -> None:
        """Remember which site at Wix this name stands for; with ``anew`` whatever stood before."""
        statement = insert_into(self._connection, site_binding)
        if anew:
            statement = statement.on_conflict_do_update(
                index_elements=("site",),
                set_={
                    "at_wix": statement.excluded.at_wix,
                    "bound_at": statement.excluded.bound_at,
                },
            )
        else:
            statement = statement.on_conflict_do_nothing()
        row = {"site": site, "at_wix": at_wix, "bound_at": self._moment.now}
        self._connection.execute(statement, [row])

    def of(self, site: str) -> dict[str, str]:
        """Badge to Wix badge id."""
        rows = self._connection.execute(
            select(badge_binding.c.badge, badge_binding.c.wix_badge_id)
            .where(badge_binding.c.site == site)
            .order_by(badge_binding.c.badge)
        )
        return {row.badge: row.wix_badge_id for row in rows}

    def await_quiet(self, site: str, *, quiet_period: timedelta) -> None:
        """Raise ``Later`` while the answer of a create may still be on its way.

        To be asked before a list of badges is read that shall tell what is missing.
        """
        latest = self._connection.scalar(
            select(func.max(badge_creation.c.begun_at)).where(badge_creation.c.site == site)
        )
        if latest and latest + quiet_period > self._moment.now:
            raise Later(
                f"{site}: a badge may have been created by a try whose answer was lost",
                seconds=(latest + quiet_period - self._moment.now).total_seconds(),
            )

    def begin_create(self, site: str, badge: str, *, quiet_period: timedelta) -> None:
        """Note that a badge is about to be created at Wix.

        Raises ``Later`` while an earlier try, whose answer may be lost, is younger than the
        quiet period, and where another worker has just bound the badge.
        """
        take_turns(self._connection, "badge", site)
        if badge in self.of(site):
            raise Later(f"{site}: the badge {badge} has been bound just now", seconds=1)
        now = self._moment.now
        begun_at = self._connection.scalar(
            select(badge_creation.c.begun_at).where(
                badge_creation.c.site == site, badge_creation.c.badge == badge
            )
        )
        if begun_at and begun_at + quiet_period > now:
            raise Later(
                f"{site}: the badge {badge} may have been created by a try whose answer was lost",
                seconds=(begun_at + quiet_period - now).total_seconds(),
            )
        statement = insert_into(self._connection, badge_creation)
        statement = statement.on_conflict_do_update(
            index_elements=("site", "badge"), set_={"begun_at": statement.excluded.begun_at}
        )
        self._connection.execute(statement, [{"site": site, "badge": badge, "begun_at": now}])

    def bind(self, site: str, badge: str, wix_badge_id: str) -> None:
        """Remember for good; a badge that is bound already is bound anew.

        Raises ``StateError`` where another badge is bound to this Wix badge.
        """
        take_turns(self._connection, "badge", site)
        for other, bound in self.of(site).items():
            if bound == wix_badge_id and other != badge:
                raise StateError(
                    f"{site}: the badges {other} and {badge} cannot both be the Wix badge"
                    f" {wix_badge_id}: give each its own title in the rules"
                )
        statement = insert_into(self._connection, badge_binding)
        statement = statement.on_conflict_do_update(
            index_elements=("site", "badge"),
            set_={
                "wix_badge_id": statement.excluded.wix_badge_id,
                "bound_at": statement.excluded.bound_at,
            },
            where=badge_binding.c.wix_badge_id != statement.excluded.wix_badge_id,
        )
        row = {
            "site": site,
            "badge": badge,
            "wix_badge_id": wix_badge_id,
            "bound_at": self._moment.now,
            "opens_pages": False,
        }
        self._connection.execute(statement, [row])
        self._connection.execute(
            delete(badge_creation).where(
                badge_creation.c.site == site, badge_creation.c.badge == badge
            )
        )

    def note_permissions(self, site: str, opens_pages: Mapping[str, bool]) -> None:
        """Remember of bound badges whether their permissions are on at Wix."""
        for badge, opens in sorted(opens_pages.items()):
            self._connection.execute(
                update(badge_binding)
                .where(badge_binding.c.site == site, badge_binding.c.badge == badge)
                .values(opens_pages=opens)
            )

    def opening_pages(self, site: str) -> frozenset[str]:
        """The bound badges whose permissions were on at Wix when they were read last."""
        badges = select(badge_binding.c.badge).where(
            badge_binding.c.site == site, badge_binding.c.opens_pages.is_(True)
        )
        return frozenset(self._connection.scalars(badges))

    def applied(self, site: str) -> tuple[str | None, str | None]:
        """The rules version last taken up, and how far it has been decided.

        (``None``: none yet; the member up to whom all stored members have been decided under
        it, ``None``: every one.)
        """
        row = self._connection.execute(
            select(rules_applied.c.version, rules_applied.c.decided_to).where(
                rules_applied.c.site == site
            )
        ).first()
        return (row.version, row.decided_to) if row else (None, None)

    def whole(self, site: str) -> str | None:
        """The version under which every member was decided since the history last grew complete.

        ``None`` where there is none: what depends on all members together waits for it.
        """
        return self._connection.scalar(
            select(rules_applied.c.whole).where(rules_applied.c.site == site)
        )

    def apply(self, site: str, *, version: str, decided_to: str | None) -> None:
        """Save the version taken up, and how far it has been decided."""
        values = {"version": version, "decided_to": decided_to}
        if decided_to is None:
            values["whole"] = version
        self._save(site, values)

    def decide_anew(self, site: str, *, history_grew: bool = False) -> None:
        """Let every member of a site be decided once more, if any version was taken up.

        ``history_grew`` where a source was read to its end for the first time: until all are
        decided, nothing is concluded from all of them together.
        """
        take_turns(self._connection, "site", site)
        self._connection.execute(
            update(rules_applied)
            .where(rules_applied.c.site == site, rules_applied.c.version.is_not(None))
            .values({"decided_to": ""} | ({"whole": None} if history_grew else {}))
        )

    def undecided(self, sites: Collection[str]) -> dict[str, str]:
        """Those of ``sites`` that are not decided in full, and the version that they are under."""
        rows = self._connection.execute(
            select(rules_applied.c.site, rules_applied.c.version)
            .where(rules_applied.c.site.in_(sorted(sites)))
            .where(rules_applied.c.version.is_not(None), rules_applied.c.decided_to.is_not(None))
            .order_by(rules_applied.c.site)
        )
        return {row.site: row.version for row in rows}

    def versions(self, sites: Collection[str]) -> dict[str, tuple[str | None, str | None]]:
        """For each site the version taken up, and the one that provisioning tried last."""
        rows = self._connection.execute(
            select(rules_applied.c.site, rules_applied.c.version, rules_applied.c.tried).where(
                rules_applied.c.site.in_(sorted(sites))
            )
        )
        return {row.site: (row.version, row.tried) for row in rows}

    def note_try(self, site: str, version: str) -> None:
        """Remember that provisioning begins under this version."""
        self._save(site, {"tried": version})

    def _save(self, site: str, values: Mapping[str, str | None]) -> None:
        statement = insert_into(self._connection, rules_applied)
        statement = statement.on_conflict_do_update(
            index_elements=("site",), set_={name: statement.excluded[name] for name in values}
        )
        self._connection.execute(statement, [{"site": site, **values}])
