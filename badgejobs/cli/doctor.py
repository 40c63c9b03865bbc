"""``badgejobs doctor``: every part looked at, and for what fails the cure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from badgejobs.bootstrap import House, open_house
from badgejobs.cli.doctor_sites import examined_sites, told_of
from badgejobs.cli.exits import Code, code_of
from badgejobs.cli.finding import Finding, failed, looked_at
from badgejobs.cli.logs import set_up_logs
from badgejobs.cli.opening import known_site, known_sites, standing
from badgejobs.cli.output import Output, Rows
from badgejobs.config import Settings, load_settings, prepare_state_dir
from badgejobs.errors import BadgeJobsError, BrokerUnavailable, DatabaseUnavailable
from badgejobs.rules import NO_CURRENCY, SiteDefaults, read_rules
from badgejobs.sources.installed import found_sources

#: More names of sites help nobody.
_MOST_NAMED = 20


def doctor(
    site: Annotated[str | None, typer.Argument(help="Default: all.", show_default=False)] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check settings, rules, state, database, broker, clock, credentials, permissions, channels.

    Costs a handful of API calls a site and changes nothing at Wix. Webhooks and mail servers of
    [notify] are connected to, and sent nothing. Exits with 0 only when all is well.

    Example: badgejobs doctor my-shop --json
    """
    out, found = Output(as_json=as_json), list[Finding]()
    with out.progress() as tell:
        for one in examined(site):
            found.append(one)
            tell(f"{one.check}: {one.state}")
    out.result(
        {"ok": all(one.ok for one in found), "checks": [one.as_json() for one in found]},
        Rows(
            ("check", "state", "finding", "cure"),
            [(one.check, one.state, one.finding, one.cure) for one in found],
        ),
    )
    if bad := [one for one in found if not one.ok]:
        raise typer.Exit(code_of(bad[0].error) if bad[0].error else Code.FAILURE)


def examined(site: str | None) -> Iterator[Finding]:
    """Every check in turn; where one stands on another that failed, it is left out."""
    try:
        settings = load_settings()
        sites = [known_site(settings, site)] if site else _all_sites(settings)
    except BadgeJobsError as error:
        yield failed("settings", error, cure="see `badgejobs config show`")
        return
    set_up_logs(level="ERROR", form=settings.log_format)
    yield _of_settings(settings, sites)
    yield looked_at(
        "jobs", partial(_jobs, settings), cure="lower the times of assign and scan that you set"
    )
    yield from _plug_ins()
    for name in sorted(settings.sites.keys() & set(sites)):
        if file := settings.sites[name].rules:
            yield looked_at(
                f"{name}: rules", partial(_rules, file), cure="see `badgejobs rules help`"
            )
    folder = looked_at(
        "state folder",
        lambda: str(prepare_state_dir(settings.state_dir)),
        cure="set state_dir (BADGEJOBS_STATE_DIR) to a folder of your own",
    )
    yield folder
    yield looked_at(
        "broker",
        lambda: _broker(settings),
        cure="start it, or correct BADGEJOBS_REDIS_URL or BADGEJOBS_BROKER_URL",
    )
    try:
        house = open_house(settings, redis_url=None)
    except BadgeJobsError as error:
        yield failed("database", error, cure="correct BADGEJOBS_DATABASE_URL")
        return
    try:
        if folder.ok or settings.database_url is not None:
            yield looked_at(
                "database", lambda: _database(house), cure="start it, or correct its address"
            )
        yield from examined_sites(house, sites)
    finally:
        house.close()


def _of_settings(settings: Settings, sites: list[str]) -> Finding:
    read = f"read {settings.config_file}" if settings.config_file else "no configuration file"
    if not sites:
        return Finding(
            check="settings", ok=False, finding=f"{read}; no site is configured",
            cure="run `badgejobs init`, or `badgejobs sites add`",
        )  # fmt: skip
    finding = f"{read}; sites: {_named(sites)}"
    if settings.warnings:
        return Finding(check="settings", ok=True, finding=f"{finding}; {settings.warnings[0]}")
    return Finding(check="settings", ok=True, finding=finding)


def _all_sites(settings: Settings) -> list[str]:
    try:
        return known_sites(settings)
    except DatabaseUnavailable:
        return sorted(settings.sites)  # told with the database


def _named(sites: list[str]) -> str:
    """The names, as far as a line can hold them."""
    left = len(sites) - _MOST_NAMED
    return ", ".join(sites[:_MOST_NAMED]) + (f" and {left} more" if left > 0 else "")


def _plug_ins() -> Iterator[Finding]:
    """Which sources others brought, where there are any; none is imported for that."""
    found = found_sources()
    told = [f"{name} of {package}" for name, package in found.plug_ins.items()]
    if told or found.notes:
        yield Finding(check="plug-ins", ok=True, finding="; ".join([*told, *found.notes]))


def _jobs(settings: Settings) -> str:
    """What worker, beat and up ask at their start."""
    from badgejobs.jobs.app import check, check_tasks  # noqa: PLC0415 - Celery takes a second

    check(settings)
    check_tasks()
    return "none can run twice at once, or be tried again too late"


def _rules(file: Path) -> str:
    untold = SiteDefaults(currency=NO_CURRENCY)
    return told_of(read_rules(file, sources=frozenset(found_sources()), site=untold))


def _database(house: House) -> str:
    house.store.ping()
    if house.settings.database_url is None:
        # The commands bring the embedded one up to date by themselves.
        house.store.migrate()
    house.store.check_schema()
    return "answers, and its tables are of this version"


def _broker(settings: Settings) -> str:
    try:
        with standing(settings):
            return "answers" if settings.broker_url is None else "RabbitMQ and Redis answer"
    except BrokerUnavailable:
        if settings.redis_url is not None or settings.broker_url is not None:
            raise
    return "embedded; starts with worker, beat or up"
