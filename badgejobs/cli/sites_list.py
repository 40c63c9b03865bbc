"""The sites and how they stand: a line each, or one in full."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from badgejobs.bootstrap import House
from badgejobs.bootstrap.told import FromFile
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows, ago
from badgejobs.errors import BadgeJobsError
from badgejobs.jobs.duties import ALL_DUTIES
from badgejobs.jobs.standing import suspended_in_words
from badgejobs.store import SqlTransaction
from badgejobs.store.sites import AddedSite
from badgejobs.store.standings import Standing
from badgejobs.wix import wire

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_COMMENTS_OF = {wix_id: everyday for everyday, wix_id in wire.COMMENT_APPS.items()}
_COLUMNS = ("site", "state", "rules", "app", "last read", "alerts")


class State(StrEnum):
    """Whether a site is worked for."""

    AT_WORK = "at work"
    BY_WIX = "suspended by wix"
    BY_PERSON = "suspended by person"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One site as the list shows it."""

    site: str
    state: State
    #: ``file`` or ``database``.
    origin: str
    #: The pack that it is decided by; ``None`` for a rules file of its own.
    pack: str | None
    app: str | None
    last_read_at: datetime | None
    alerts: int
    reason: str

    def row(self, now: datetime) -> tuple[str, ...]:
        """For a table."""
        rules = f"pack {self.pack}" if self.pack else "own file"
        read, alerts = ago(self.last_read_at, now), str(self.alerts or "")
        return self.site, self.state.value, rules, self.app or "", read, alerts


def listed(
    *,
    suspended: Annotated[
        bool, typer.Option("--suspended", help="Only those that nothing is done for.")
    ] = False,
    alerts: Annotated[
        bool, typer.Option("--alerts", help="Only those that ask for a person.")
    ] = False,
    pack: Annotated[str | None, typer.Option(help="Only those of this pack.")] = None,
    app: Annotated[str | None, typer.Option(help="Only those of this app.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show every site: whether it is worked for, by which rules, and when it was last read.

    Example: badgejobs sites list --suspended
    """
    settings, out = settled(), Output(as_json=as_json)
    with opened(settings) as house:
        with house.store.read() as tx:
            now, lines = tx.now, _lines(house, tx)
        in_both = house.directory.in_both()
    chosen = [
        one
        for one in lines
        if not (suspended and one.state is State.AT_WORK)
        and not (alerts and not one.alerts)
        and (pack is None or one.pack == pack)
        and (app is None or one.app == app)
    ]
    rows = Rows(_COLUMNS, [one.row(now) for one in chosen])
    none = (
        "none of the sites is such"
        if lines
        else "there is no site yet; `badgejobs sites add` adds one"
    )
    shown = rows if chosen else none
    data = {"at": now, "sites": [asdict(one) for one in chosen], "in_file_and_database": in_both}
    out.result(data, shown)
    for name in in_both:
        out.note(f"badgejobs: {name} stands in the configuration file and in the database; the "
                 "file counts")  # fmt: skip


def show(
    site: Annotated[str, typer.Argument(help="The site.")], *, as_json: AsJson = False
) -> None:
    """Show all that is said of one site, and how it stands; no secret is shown.

    Example: badgejobs sites show my-shop
    """
    settings, out = settled(), Output(as_json=as_json)
    name = known_site(settings, site)
    with opened(settings) as house:
        with house.store.read() as tx:
            now = tx.now
            added = None if name in house.configured else tx.sites.get(name)
            standing, alerts = tx.standings.of(name), tx.alerts.open([name])
            bound, last = tx.bindings.site(name), tx.site_records.last_read(ALL_DUTIES).get(name)
        data = _said(house, name, added)
    data |= {
        "state": _state(standing).value,
        "standing": asdict(standing) if standing else None,
        "recorded_as": bound,
        "last_read_at": last,
        "alerts": [{"kind": one.kind.value, "text": one.text} for one in alerts],
    }
    rows = [(field, _plain(value, now)) for field, value in data.items() if field != "standing"]
    if standing and standing.suspended_at:
        rows.append(("what to do", suspended_in_words(standing)))
    out.result(data, Rows(("what", "value"), rows))


def _said(house: House, name: str, added: AddedSite | None) -> dict[str, Any]:
    try:
        told, wrong = house.told(name), None
    except BadgeJobsError as error:
        told, wrong = None, str(error)
    data: dict[str, Any] = {"site": name, "origin": "file" if added is None else "database"}
    if added is not None:
        row = added.row
        data |= {
            "app": row.app,
            "instance_id": row.instance_id,
            "site_id": row.site_id,
            "pack": row.pack,
            "overrides": row.overrides,
            "added_at": added.added_at,
            "changed_at": max(added.stamps),
        }
    if told is not None:
        data |= {
            "at_wix": told.at_wix,
            "comment_apps": [_COMMENTS_OF.get(one, one) for one in told.comment_apps],
            "requests_per_minute": told.requests_per_minute,
        }
        if isinstance(told.rules, FromFile):
            data["rules"] = str(told.rules.path)
    return data | {"error": wrong}


def _lines(house: House, tx: SqlTransaction) -> list[_Line]:
    """Every site, in a handful of queries however many there are."""
    standings = {one.site: one for one in tx.standings.suspended()}
    alerts, read = tx.alerts.numbers(), tx.site_records.last_read(ALL_DUTIES)
    added = {one.row.name: one for one in tx.sites.all()}
    found = []
    for name in sorted(house.configured.union(added)):
        row = None if name in house.configured else added[name].row
        standing = standings.get(name)
        found.append(
            _Line(
                site=name,
                state=_state(standing),
                origin="database" if row else "file",
                pack=row.pack if row else None,
                app=row.app if row else None,
                last_read_at=read.get(name),
                alerts=alerts.get(name, 0),
                reason=standing.reason if standing else "",
            )
        )
    return found


def _state(standing: Standing | None) -> State:
    if standing is None or standing.suspended_at is None:
        return State.AT_WORK
    return State.BY_WIX if standing.is_by_wix else State.BY_PERSON


def _plain(value: Any, now: datetime) -> str:
    match value:
        case datetime():
            return ago(value, now)
        case list():
            return "; ".join(one["text"] if isinstance(one, dict) else str(one) for one in value)
        case None:
            return ""
        case _:
            return str(value)
