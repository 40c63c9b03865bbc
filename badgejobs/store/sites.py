"""The sites and apps that were added by command; their secrets come sealed, and stay so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, select, update

from badgejobs.errors import SettingsError
from badgejobs.store.dialect import chunks, insert_into, take_turns
from badgejobs.store.fleet_tables import app, pack, site
from badgejobs.store.moment import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedApp:
    """An app of ours at Wix."""

    #: Our short name for it.
    name: str
    app_id: str
    #: Sealed.
    secret: str = field(repr=False)
    added_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """What was said of a site; of ``app`` and ``instance_id``, ``site_id`` and ``secret`` one."""

    name: str
    app: str | None = None
    instance_id: str | None = None
    site_id: str | None = None
    #: The API key of its account, sealed.
    secret: str | None = field(default=None, repr=False)
    pack: str
    overrides: str = ""
    #: Names or GUIDs, in the order in which they are walked.
    comment_apps: tuple[str, ...] = ()
    requests_per_minute: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedSite:
    """A site as it stands, with its app where it has one."""

    row: SiteRow
    app: AddedApp | None
    added_at: datetime
    changed_at: datetime

    @property
    def stamps(self) -> tuple[datetime, ...]:
        """When it, and its app, were last changed: one of them alone may be the later one."""
        return (self.changed_at, *((self.app.changed_at,) if self.app else ()))


def twins(where: str, name: str, other: str) -> str:
    """What is said where two names stand for one site at Wix."""
    return (
        f"'{name}' and '{other}' are the same site at Wix ({where}); two would give each badge "
        "twice and share one pace, so keep one of them"
    )


_COLUMNS = tuple(SiteRow.__dataclass_fields__)


class SqlSites:
    """The sites that were added by command, and the apps that they have."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def names(self) -> list[str]:
        """Every name."""
        return list(self._connection.scalars(select(site.c.name).order_by(site.c.name)))

    def get(self, name: str) -> AddedSite | None:
        """One site."""
        return next(iter(self.all([name])), None)

    def all(self, names: Collection[str] | None = None) -> list[AddedSite]:
        """Those of these names, or every one, by name."""
        wanted = (
            select(
                *site.c,
                app.c.name.label("of_app"),
                app.c.app_id,
                app.c.secret.label("app_secret"),
                app.c.added_at.label("app_added_at"),
                app.c.changed_at.label("app_changed_at"),
            )
            .join_from(site, app, app.c.name == site.c.app, isouter=True)
            .order_by(site.c.name)
        )
        if names is None:
            return [_added(row) for row in self._connection.execute(wanted).mappings()]
        return [
            _added(row)
            for some in chunks(sorted(names))
            for row in self._connection.execute(wanted.where(site.c.name.in_(some))).mappings()
        ]

    def stamps(self, name: str) -> tuple[datetime, ...]:
        """Those of a site; empty where it is not there. It is not removed before we end."""
        row = self._connection.execute(
            select(site.c.changed_at, app.c.changed_at.label("app_changed_at"))
            .join_from(site, app, app.c.name == site.c.app, isouter=True)
            .where(site.c.name == name)
            .with_for_update(read=True, key_share=True, of=site)
        ).first()
        if row is None:
            return ()
        return (row.changed_at, *((row.app_changed_at,) if row.app_changed_at else ()))

    def at_wix(self) -> dict[str, str]:
        """The name of each site by its instance id or its site id."""
        rows = self._connection.execute(select(site.c.name, site.c.instance_id, site.c.site_id))
        return {row.instance_id or row.site_id: row.name for row in rows}

    def of_instance(self, instance_id: str) -> str | None:
        """The name of the site that an installation is."""
        return self._connection.scalar(select(site.c.name).where(site.c.instance_id == instance_id))

    def number_of_instances(self) -> int:
        """How many sites are installations of an app."""
        counted = select(func.count()).select_from(site).where(site.c.instance_id.is_not(None))
        return self._connection.scalar(counted) or 0

    def put(self, rows: Iterable[SiteRow]) -> tuple[list[str], list[str]]:
        """Add new sites and change those that are told otherwise; the names of both.

        A site that is told as it stands is left as it is. ``SettingsError`` where another name
        stands for the same site at Wix.
        """
        take_turns(self._connection, "sites")
        told = {one.name: one for one in rows}
        self._require_one_name(told)
        stand = {one.row.name: one.row for one in self.all(told)}
        new = [one for name, one in told.items() if name not in stand]
        changed = [one for name, one in told.items() if name in stand and stand[name] != one]
        # Two sites may change places: the unique indexes look at each statement's end.
        for one in changed:
            self._connection.execute(
                update(site).where(site.c.name == one.name).values(instance_id=None, site_id=None)
            )
        for one in changed:
            values = _values(one) | {"changed_at": self._moment.now}
            self._connection.execute(update(site).where(site.c.name == one.name).values(values))
        now = {"added_at": self._moment.now, "changed_at": self._moment.now}
        if new:
            self._connection.execute(
                insert_into(self._connection, site), [_values(one) | now for one in new]
            )
        return [one.name for one in new], [one.name for one in changed]

    def put_one(self, row: SiteRow, *, seen: SiteRow | None) -> None:
        """Add a site, or change it from what was seen of it.

        ``SettingsError`` where it stands otherwise by now, and as for :meth:`put`.
        """
        take_turns(self._connection, "sites")
        stands = self.get(row.name)
        if (stands.row if stands else None) != seen:
            raise SettingsError(
                f"{row.name} was changed by somebody else just now; look at it (`badgejobs sites "
                f"show {row.name}`), and say it again"
            )
        self.put([row])

    def _require_one_name(self, told: Mapping[str, SiteRow]) -> None:
        taken = {where: name for where, name in self.at_wix().items() if name not in told}
        for name, one in told.items():
            where = one.instance_id or one.site_id or name
            if (other := taken.setdefault(where, name)) != name:
                raise SettingsError(twins(where, name, other))

    def remove(self, name: str) -> bool:
        """Take a site out; what is recorded of it stays. Whether it was there."""
        return self._connection.execute(delete(site).where(site.c.name == name)).rowcount > 0

    def apps(self) -> list[AddedApp]:
        """Every app, by name."""
        rows = self._connection.execute(select(app).order_by(app.c.name)).mappings()
        return [AddedApp(**row) for row in rows]

    def sites_of_apps(self) -> dict[str, int]:
        """How many sites each app has."""
        counted = (
            select(site.c.app, func.count().label("number"))
            .where(site.c.app.is_not(None))
            .group_by(site.c.app)
        )
        return {row.app: row.number for row in self._connection.execute(counted)}

    def sites_of(self, app_name: str) -> list[str]:
        """The sites of an app."""
        return list(
            self._connection.scalars(
                select(site.c.name).where(site.c.app == app_name).order_by(site.c.name)
            )
        )

    def add_app(self, name: str, app_id: str, secret: str) -> None:
        """Add an app; ``SettingsError`` where its name is not new."""
        now = self._moment.now
        row = {
            "name": name, "app_id": app_id, "secret": secret, "added_at": now, "changed_at": now,
        }  # fmt: skip
        added = insert_into(self._connection, app).on_conflict_do_nothing().returning(app.c.name)
        if self._connection.execute(added, [row]).first() is None:
            raise SettingsError(
                f"there is an app {name!r} already; `badgejobs apps rotate-secret {name}` replaces "
                "its secret"
            )

    def new_app_secret(self, name: str, secret: str) -> None:
        """Replace the sealed secret of an app; who holds the old one reads it again."""
        self._connection.execute(
            update(app).where(app.c.name == name).values(secret=secret, changed_at=self._moment.now)
        )

    def reseal_app(self, name: str, secret: str, *, before: str) -> bool:
        """The secret of an app is sealed anew; not where it was replaced meanwhile."""
        return (
            self._connection.execute(
                update(app)
                .where(app.c.name == name, app.c.secret == before)
                .values(secret=secret, changed_at=self._moment.now)
            ).rowcount
            > 0
        )

    def reseal(self, name: str, secret: str, *, before: str) -> bool:
        """The API key of a site is sealed anew, likewise."""
        take_turns(self._connection, "sites")
        return (
            self._connection.execute(
                update(site)
                .where(site.c.name == name, site.c.secret == before)
                .values(secret=secret, changed_at=self._moment.now)
            ).rowcount
            > 0
        )

    def remove_app(self, name: str) -> bool:
        """Take an app out that no site has; whether it was there."""
        return self._connection.execute(delete(app).where(app.c.name == name)).rowcount > 0

    def packs(self) -> list[str]:
        """The packs that a site can be decided by."""
        return list(self._connection.scalars(select(pack.c.name).order_by(pack.c.name)))


def _values(row: SiteRow) -> dict[str, Any]:
    return asdict(row) | {"comment_apps": " ".join(row.comment_apps)}


def _added(row: RowMapping) -> AddedSite:
    told = SiteRow(
        **{name: row[name] for name in _COLUMNS if name != "comment_apps"},
        comment_apps=tuple(row["comment_apps"].split()),
    )
    its_app = None
    if row["of_app"] is not None:
        its_app = AddedApp(
            name=row["of_app"],
            app_id=row["app_id"],
            secret=row["app_secret"],
            added_at=row["app_added_at"],
            changed_at=row["app_changed_at"],
        )
    return AddedSite(row=told, app=its_app, added_at=row["added_at"], changed_at=row["changed_at"])
