"""Planning by command: every row told, or written for ``apply``, and what it would cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from badgejobs.bootstrap import House
from badgejobs.bootstrap.told import FromFile
from badgejobs.cli.calling import as_called
from badgejobs.cli.exits import Code
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.plan_file import (
    Head,
    calls_as_json,
    replaced,
    text_digest,
    totals_as_json,
    written,
)
from badgejobs.cli.progress import Progress
from badgejobs.cli.site import checked_rules
from badgejobs.core.milestone import Ruleset
from badgejobs.core.plan import COLUMNS, Calls, PlanRow, Totals
from badgejobs.errors import Refused
from badgejobs.flow.byhand import YES_REMOVES_ACCESS
from badgejobs.flow.planning import calls_of, planned
from badgejobs.jobs import duties
from badgejobs.rules.loader import text_of_file

#: Rows that are printed at once.
_ROWS_A_PAGE = 1000
#: Other sites that are named at most.
_NAMED = 3
_ROW_COLUMNS = ("what", "member", "badge", "reason", "earned", "by", "goes")


def plan_site(
    site: str | None, *, rules: Path | None, file: Path | None, every: bool, out: Output
) -> Code:
    """Plan a site and show it; with ``file`` keep it for ``apply``. The exit code."""
    settings = settled()
    at, text = known_site(settings, site), text_of_file(rules) if rules else None
    with opened(settings) as house, out.progress() as tell, ExitStack() as held:
        checked_rules(house, at)
        duties.register(house)
        own = house.at(at).rules_now()
        by = own if text is None else rules_by_text(house, at, text, str(rules))
        head = _head(house, at, by, own, text=text)
        totals, per_minute = Totals(), house.told(at).requests_per_minute
        rows = _counted(planned(at, by, house.store, heard=_looking(tell)), totals)
        found = list[Calls]()

        def end() -> Mapping[str, Any]:
            found.append(calls_of(totals, at, by, house.store))
            return totals_as_json(totals) | calls_as_json(found[0], per_minute)

        if file or out.as_json:
            write = [held.enter_context(replaced(file))] if file else []
            if out.as_json:
                write.append(out.text)
            written(head, rows, end, _tee(write))
        else:
            _printed(rows, out, every=every)
            end()
        with house.store.read() as tx:
            unread = by.sources - tx.scans.complete(at, by.wants)
        others = sharing(house, at) if head.replaces else []
    if not out.as_json:
        _show(out, totals, found[0], per_minute, every=every and file is None)
    if unread:
        out.note(f"badgejobs: the history of {', '.join(sorted(unread))} is not read to its end: "
                 "what it will add is not planned")  # fmt: skip
    if others:
        out.note(f"badgejobs: {shared_by(at, others)}: `badgejobs apply` refuses as long as it is")
    _notes(out, totals, file)
    return Code.OK


def rules_by_text(house: House, site: str, text: str, name: str) -> Ruleset:
    """Rules that may take the place of a site's own file; ``Refused`` where a pack is shared."""
    told = house.told(site).rules
    if not isinstance(told, FromFile):
        raise Refused(
            f"{site} goes by the pack {told.pack!r}, which other sites may share: try a version of "
            f"it with `badgejobs packs canary {told.pack} ...`, or change what this site says "
            f"otherwise with `badgejobs sites change {site}`; plan without --rules plans by what is"
        )
    at = house.at(site)
    return house.site_rules(site).by_text(text, name, at.reading, at_wix=at.at_wix)


def sharing(house: House, site: str) -> list[str]:
    """The other sites that go by the very rules file of this one."""
    told = house.told(site).rules
    if not isinstance(told, FromFile):
        return []
    path = told.path.resolve()
    return [
        name
        for name, one in sorted(house.settings.sites.items())
        if name != site and one.rules is not None and one.rules.resolve() == path
    ]


def shown_rows(rows: Iterable[PlanRow]) -> Rows:
    """Rows as lines of a table."""
    return Rows(
        _ROW_COLUMNS,
        [
            (
                one.column, one.member_id, one.badge, one.reason, _when(one.earned_at),
                one.crossed_by, _when(one.at),
            )
            for one in rows
        ],
    )  # fmt: skip


def shared_by(site: str, others: list[str]) -> str:
    """That other sites go by a site's rules file, and the cure."""
    named = ", ".join(others[:_NAMED]) + f" and {len(others) - _NAMED} more" * (
        len(others) > _NAMED
    )
    return (
        f"the rules file of {site} is that of {named} too, of which nothing is planned; give "
        f"{site} a copy of its own (`rules` in [sites.{site}]), or make a pack of it"
    )


def _head(house: House, site: str, by: Ruleset, own: Ruleset, *, text: str | None) -> Head:
    with house.store.read() as tx:
        return Head(
            site=site,
            made_at=tx.now,
            version=by.version,
            text=by.text if text is None else text,
            replaces=text is not None,
            own_text=text_digest(own.text),
            in_force=tx.bindings.applied(site)[0],
            read_to=dict(tx.scans.known_to(site)),
        )


def _looking(tell: Progress) -> Callable[[int], None]:
    return lambda number: tell.counted("members looked at", number)


def _counted(rows: Iterator[PlanRow], totals: Totals) -> Iterator[PlanRow]:
    for row in rows:
        totals.add(row)
        yield row


def _tee(write: list[Callable[[str], object]]) -> Callable[[str], object]:
    def all_of_them(text: str) -> None:
        for one in write:
            one(text)

    return all_of_them


def _printed(rows: Iterator[PlanRow], out: Output, *, every: bool) -> None:
    """Print every row, a page at a time, or go through them only."""
    page = list[PlanRow]()
    for row in rows:
        if every:
            page.append(row)
        if len(page) == _ROWS_A_PAGE:
            out.result(None, shown_rows(page))
            page.clear()
    if page:
        out.result(None, shown_rows(page))


def _show(out: Output, totals: Totals, calls: Calls, per_minute: int, *, every: bool) -> None:
    badges = [
        (badge, *(str(told[column]) for column in COLUMNS))
        for badge, told in sorted(totals.by_badge.items())
    ]
    if not badges:
        out.result(None, "nothing would be done: no award is open, and none stands")
        return
    shown: list[Rows | str] = [Rows(("badge", *COLUMNS), badges)]
    if not every:
        some = [one for column in COLUMNS for one in totals.sample.get(column, ())]
        shown += ["", "Some of each kind (--all prints every row):", shown_rows(some)]
    out.result(None, *shown)
    out.note(
        f"badgejobs: about {calls.total} calls of Wix ({calls.queries} queries, {calls.creates} "
        f"creates, {calls.deletes} deletes, {calls.badges} about badges), at least "
        f"{calls.seconds(per_minute)} s at {per_minute} a minute"
    )


def _notes(out: Output, totals: Totals, file: Path | None) -> None:
    if file:
        more = [YES_REMOVES_ACCESS] if totals.guarded else []
        does_it = as_called("apply", str(file), *more)
        out.note(f"badgejobs: the plan is written to {file}; nothing was done yet: "
                 f"`{does_it}` does it")  # fmt: skip
    elif totals.is_any:
        out.note("badgejobs: nothing was done; --out plan.json keeps it for `badgejobs apply`")


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
