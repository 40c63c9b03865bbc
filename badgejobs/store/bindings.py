"""Which site at Wix a name is, which Wix badge each badge is, and which rules are taken up."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, or_, select, update

from badgejobs.core.ledger import Bound
from badgejobs.core.milestone import Look
from badgejobs.core.wixfacts import SiteFacts
from badgejobs.errors import Later, StateError
from badgejobs.store.dialect import chunks, insert_into, take_turns
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

    def sites(self) -> dict[str, str]:
        """Which site at Wix each name stands for, of all that something was recorded for."""
        rows = self._connection.execute(select(site_binding.c.site, site_binding.c.at_wix))
        return {row.site: row.at_wix for row in rows}

    def bind_site(self, site: str, at_wix: str, *, anew: bool = False) -> None:
        """Remember which site at Wix this name stands for; with ``anew`` whatever stood before.

        What Wix told of that other site is then forgotten.
        """
        statement = insert_into(self._connection, site_binding)
        if anew:
            statement = statement.on_conflict_do_update(
                index_elements=("site",),
                set_={
                    "at_wix": statement.excluded.at_wix,
                    "bound_at": statement.excluded.bound_at,
                    "timezone": None,
                    "currency": None,
                    "facts_read_at": None,
                },
            )
        else:
            statement = statement.on_conflict_do_nothing()
        row = {"site": site, "at_wix": at_wix, "bound_at": self._moment.now}
        self._connection.execute(statement, [row])

    def site_facts(self, site: str) -> tuple[SiteFacts, datetime] | None:
        """What Wix told of the site, and when; ``None`` where it was not asked yet."""
        row = self._connection.execute(
            select(
                site_binding.c.timezone, site_binding.c.currency, site_binding.c.facts_read_at
            ).where(site_binding.c.site == site, site_binding.c.facts_read_at.is_not(None))
        ).first()
        if row is None:
            return None
        return SiteFacts(timezone=row.timezone, currency=row.currency), row.facts_read_at

    def facts_of(self, sites: Collection[str]) -> dict[str, SiteFacts]:
        """What Wix told of these sites; nothing of those that were not asked about yet."""
        found = dict[str, SiteFacts]()
        for some in chunks(sorted(sites)):
            rows = self._connection.execute(
                select(site_binding.c.site, site_binding.c.timezone, site_binding.c.currency).where(
                    site_binding.c.site.in_(some), site_binding.c.facts_read_at.is_not(None)
                )
            )
            found |= {
                row.site: SiteFacts(timezone=row.timezone, currency=row.currency) for row in rows
            }
        return found

    def remember_site_facts(self, site: str, facts: SiteFacts) -> None:
        """Keep what Wix told of the site just now; of a name that is bound to a site."""
        self._connection.execute(
            update(site_binding)
            .where(site_binding.c.site == site)
            .values(
                timezone=facts.timezone,
                currency=facts.currency,
                facts_read_at=self._moment.now,
            )
        )

    def of(self, site: str) -> dict[str, str]:
        """Badge to Wix badge id."""
        rows = self._connection.execute(
            select(badge_binding.c.badge, badge_binding.c.wix_badge_id)
            .where(badge_binding.c.site == site)
            .order_by(badge_binding.c.badge)
        )
        return {row.badge: row.wix_badge_id for row in rows}

    def bound(self, site: str) -> dict[str, Bound]:
        """All that is known of each bound badge."""
        rows = self._connection.execute(
            select(*(badge_binding.c[name] for name in Bound.__dataclass_fields__))
            .where(badge_binding.c.site == site)
            .order_by(badge_binding.c.badge)
        )
        return {
            row["badge"]: Bound(**{**row, "look": _look(row["look"])}) for row in rows.mappings()
        }

    def gone(self, site: str) -> frozenset[str]:
        """The bound badges that were deleted at Wix."""
        badges = select(badge_binding.c.badge).where(
            badge_binding.c.site == site, badge_binding.c.gone_at.is_not(None)
        )
        return frozenset(self._connection.scalars(badges))

    def note_gone(self, site: str, badge: str) -> bool:
        """Remember that a bound badge was deleted at Wix; whether it was not known before."""
        found = self._connection.execute(
            update(badge_binding)
            .where(badge_binding.c.site == site, badge_binding.c.badge == badge)
            .where(badge_binding.c.gone_at.is_(None))
            .values(gone_at=self._moment.now)
        )
        return found.rowcount > 0

    def note_look(self, site: str, badge: str, look: Look | None) -> None:
        """Remember the look that the rules file gave a bound badge; ``None`` for none of its."""
        self._note(site, {badge: json.dumps(asdict(look)) if look else ""}, "look")

    def note_titles(self, site: str, titles: Mapping[str, str]) -> dict[str, str]:
        """Remember the titles of bound badges at Wix; of those that changed, the former ones."""
        known = {badge: one.title for badge, one in self.bound(site).items()}
        differing = {badge: title for badge, title in titles.items() if known.get(badge) != title}
        self._note(site, differing, "title")
        return {badge: known[badge] for badge in sorted(differing) if known.get(badge)}

    def note_places(self, site: str, places: Mapping[str, int]) -> None:
        """Remember at which place bound badges are shown, among those that the file owns."""
        self._note(site, places, "place")

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

    def begin_create(
        self, site: str, badge: str, *, quiet_period: timedelta, instead_of: str | None = None
    ) -> None:
        """Note that a badge is about to be created at Wix, perhaps ``instead_of`` a gone one.

        Raises ``Later`` while an earlier try, whose answer may be lost, is younger than the
        quiet period, and where another worker has just bound the badge.
        """
        take_turns(self._connection, "badge", site)
        if self.of(site).get(badge) != instead_of:
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
        """Remember for good; a badge that was bound to another one is bound anew.

        What was known of the other one is forgotten then.

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
                name: statement.excluded[name]
                for name in Bound.__dataclass_fields__
                if name != "badge"
            },
            where=or_(
                badge_binding.c.wix_badge_id != statement.excluded.wix_badge_id,
                badge_binding.c.gone_at.is_not(None),
            ),
        )
        row = {
            "site": site,
            "badge": badge,
            "wix_badge_id": wix_badge_id,
            "bound_at": self._moment.now,
            "opens_pages": False,
            "gone_at": None,
            "look": "",
            "title": "",
            "place": 0,
        }
        self._connection.execute(statement, [row])
        self._connection.execute(
            delete(badge_creation).where(
                badge_creation.c.site == site, badge_creation.c.badge == badge
            )
        )

    def note_permissions(self, site: str, opens_pages: Mapping[str, bool]) -> None:
        """Remember of bound badges whether their permissions are on at Wix."""
        self._note(site, opens_pages, "opens_pages")

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

    def _note(self, site: str, values: Mapping[str, object], column: str) -> None:
        """Write one column of bound badges."""
        for badge, value in sorted(values.items()):
            self._connection.execute(
                update(badge_binding)
                .where(badge_binding.c.site == site, badge_binding.c.badge == badge)
                .values({column: value})
            )

    def _save(self, site: str, values: Mapping[str, str | None]) -> None:
        statement = insert_into(self._connection, rules_applied)
        statement = statement.on_conflict_do_update(
            index_elements=("site",), set_={name: statement.excluded[name] for name in values}
        )
        self._connection.execute(statement, [{"site": site, **values}])


def _look(text: str) -> Look | None:
    return Look(**json.loads(text)) if text else None
