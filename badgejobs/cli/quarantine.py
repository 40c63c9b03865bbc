"""The records that could not be understood: shown, asked for again, and left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from badgejobs.bootstrap import House
from badgejobs.cli.exits import Code, code_of
from badgejobs.cli.foreground import Duty, Foreground
from badgejobs.cli.opening import known_site, known_sites, opened, settled
from badgejobs.cli.output import Output, Rows, ago
from badgejobs.errors import SettingsError
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import BY_HAND, Outcome
from badgejobs.store.quarantine import Quarantined

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
SiteName = Annotated[str, typer.Argument(help="The site.")]

_COLUMNS = ("site", "record", "why", "seen first", "seen last", "asked for", "again")
_COUNTED = ("asked", "understood", "quarantined", "missing", "gone", "opened", "held", "withdrawn")

quarantine = typer.Typer(help="Records that could not be understood: they count for nothing.")


@quarantine.callback()
def _quarantine() -> None:
    """Records that could not be understood: they count for nothing."""


@quarantine.command("list")
def listed(
    site: Annotated[str | None, typer.Argument(help="Default: all.", show_default=False)] = None,
    *,
    dropped: Annotated[
        bool, typer.Option("--dropped", help="Show also what is left alone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show which records could not be understood, and why.

    Example: badgejobs quarantine list my-shop
    """
    settings, out = settled(), Output(as_json=as_json)
    sites = [known_site(settings, site)] if site else known_sites(settings)
    with opened(settings) as house, house.store.read() as tx:
        now, found = tx.now, tx.quarantine.listed(sites, dropped=dropped)
    rows = [
        (
            one.site,
            _name(one),
            one.reason,
            ago(one.first_seen_at, now),
            ago(one.last_seen_at, now),
            f"{one.tries} times",
            _again(one, now),
        )
        for one in found
    ]
    shown = Rows(_COLUMNS, rows) if rows else "every record was understood"
    out.result({"at": now, "records": [asdict(one) for one in found]}, shown)


@quarantine.command("retry")
def retry(
    site: SiteName,
    records: Annotated[
        list[str] | None,
        typer.Argument(help="As SOURCE/ID. Default: all that were not dropped.", metavar="[ID]..."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Ask Wix for such records again, here and now; what is understood counts from then on.

    Example: badgejobs quarantine retry my-shop orders/c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    counted = Counter[str]()
    with opened(settings) as house, out.progress() as tell:
        named = _known(house, name, records or [])
        with house.store.begin() as tx:
            due = tx.quarantine.ask(name, named or None)
            began = tx.now

        def unit() -> Outcome:
            outcome = work.run_quarantine(house, name, by=BY_HAND)
            counted.update(outcome.numbers)
            return outcome

        done = (
            Foreground(house, name, tell=tell).work_off({duties.QUARANTINE: Duty(unit)})
            if due
            else None
        )
        with house.store.read() as tx:
            left = tx.quarantine.listed([name], dropped=bool(named))
    error = (done.blocked_by or done.left) if done else None
    unasked = [
        one
        for one in left
        if (one.tried_at is None or one.tried_at < began)
        and (not named or (one.source, one.activity_id) in named)
    ]
    numbers = {one: counted[one] for one in _COUNTED}
    data = {"site": name, **numbers, "not_asked": len(unasked), "error": error and str(error)}
    out.result(data, f"{name}: {_in_words(counted)}")
    if error is None:
        for line in _by_full_reading(name, unasked):
            out.note(line)
    if counted["opened"]:
        out.note(
            f"badgejobs: {counted['opened']} awards wait for Wix; running workers give them, or "
            f"`badgejobs assign {name} --foreground` does"
        )
    if error is not None and done is not None:
        out.note(f"badgejobs: {error}")
        raise typer.Exit(code_of(done.blocked_by) if done.blocked_by else Code.PARTIAL)


@quarantine.command("drop")
def drop(
    site: SiteName,
    records: Annotated[list[str], typer.Argument(help="As SOURCE/ID.", metavar="ID...")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only look.")] = False,
    as_json: AsJson = False,
) -> None:
    """Leave such records alone: they are neither shown nor asked for any more.

    One comes back when it can be read, or cannot for another reason.

    Example: badgejobs quarantine drop my-shop orders/c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201 --yes
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    with opened(settings) as house:
        named = _known(house, name, records)
        if yes:
            with house.store.begin() as tx:
                dropped = tx.quarantine.drop(name, named)
        else:
            dropped = 0
    shown = (
        f"{name}: {_records(dropped)} left alone from now on"
        if yes
        else f"{name}: {_records(len(named))} would be left alone; add --yes to do it"
    )
    out.result({"site": name, "named": len(named), "dropped": dropped}, shown)


def stuck(numbers: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """What status tells of quarantine, by site and source."""
    return [
        {"site": site, "source": source, "number": number}
        for (site, source), number in numbers.items()
    ]


def stuck_in_words(numbers: Mapping[tuple[str, str], int]) -> list[str]:
    """The same, a line each."""
    return [
        f"{_records(number)} of {source} could not be understood; "
        f"`badgejobs quarantine list {site}` says why"
        for (site, source), number in numbers.items()
    ]


def _known(house: House, site: str, named: Sequence[str]) -> set[tuple[str, str]]:
    """The (source, id) of what was named; ``SettingsError`` where one is not in quarantine."""
    wanted = set[tuple[str, str]]()
    for one in named:
        source, slash, activity_id = one.partition("/")
        if not (source and slash and activity_id):
            raise SettingsError(
                f"{one!r} names no record; write SOURCE/ID, such as orders/c2b7a6d4-..."
            )
        wanted.add((source, activity_id))
    if wanted:
        with house.store.read() as tx:
            rows = tx.quarantine.listed([site], dropped=True)
        unknown = sorted(wanted - {(one.source, one.activity_id) for one in rows})
        if unknown:
            raise SettingsError(
                f"{'/'.join(unknown[0])} is not in quarantine; `badgejobs quarantine list {site} "
                "--dropped` shows what is"
            )
    return wanted


def _name(one: Quarantined) -> str:
    return f"{one.source}/{one.activity_id}"


def _again(one: Quarantined, now: datetime) -> str:
    """When it is asked for again."""
    if one.dropped_at:
        return f"no more (dropped {ago(one.dropped_at, now)})"
    return "with the next full reading" if one.due_at is None else ago(one.due_at, now)


def _in_words(counted: Mapping[str, int]) -> str:
    told = [f"{counted['understood']} of {_records(counted['asked'])} understood"]
    aside = {
        "quarantined": "still not",
        "missing": "not at Wix, and looked for once more",
        "gone": "gone from Wix, and forgotten",
    }
    told += [f"{counted[key]} {text}" for key, text in aside.items() if counted[key]]
    return "; ".join(told)


def _by_full_reading(site: str, unasked: Iterable[Quarantined]) -> list[str]:
    """What cannot be asked for by itself, and what is to become of it, a line a source."""
    return [
        f"badgejobs: {_records(number)} of {source} cannot be asked for alone: no id, or a source "
        "that reads none by its id, or that no rule reads; the next full reading tries again, and "
        f"`badgejobs backfill {site} {source} --again` is one"
        for source, number in sorted(Counter(one.source for one in unasked).items())
    ]


def _records(number: int) -> str:
    """A number of records.

    >>> _records(1), _records(2)
    ('1 record', '2 records')
    """
    return f"{number} record{'' if number == 1 else 's'}"
