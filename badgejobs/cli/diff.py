"""What two rules files say of the facts of one site: for a person, and for a pull request."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from badgejobs.cli.as_of import AsOf, told_moment
from badgejobs.cli.exits import Code
from badgejobs.cli.output import Output, Rows, Source

if TYPE_CHECKING:
    from badgejobs.bootstrap import House
    from badgejobs.core.milestone import Ruleset
    from badgejobs.core.rules_diff import Turn

#: So many members are named of each change, unless all are asked for.
_SAMPLE = 3
_COLUMNS = ("badge", "gain", "lose", "such as")
_TIERS = ("ladder", "from", "to", "members", "such as")
_AT_ONCE = 200

#: What becomes of a member: kind, badge lost, badge gained, ladder.
Change = tuple[str, str, str, str]


def diff(
    old: Annotated[Path, typer.Argument(help="The rules file as it was.")],
    new: Annotated[Path, typer.Argument(help="The rules file as it shall be.")],
    *,
    site: Annotated[
        str | None,
        typer.Option("--site", help="Whose recorded facts. Default: the only site."),
    ] = None,
    as_of: AsOf = None,
    members: Annotated[
        bool, typer.Option("--members", help="Name every member, not only a few.")
    ] = False,
    markdown: Annotated[
        bool,
        typer.Option(
            "--markdown", help="Print Markdown for a pull request; ids only with --members."
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="End with 7 where anything changes; for CI.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say who would gain, lose, or change tier by other rules, from the recorded facts alone.

    Both files are held against the same facts as of the same moment. Neither Wix nor the ledger
    is asked: what was given by hand, or is kept by an earlier rule, is told by `badgejobs plan`.

    Example: badgejobs diff shop.yaml shop-new.yaml --site my-shop

    Example: badgejobs diff old.yaml new.yaml --site my-shop --markdown --check
    """
    from badgejobs.cli.opening import known_site, opened, settled  # noqa: PLC0415 - the whole house
    from badgejobs.core.rules_diff import turns  # noqa: PLC0415 - as above
    from badgejobs.errors import SettingsError  # noqa: PLC0415 - as above
    from badgejobs.flow.walking import batches  # noqa: PLC0415 - as above

    if markdown and as_json:
        raise SettingsError("--markdown and --json exclude each other: name one of them")
    settings, out, asked = settled(), Output(as_json=as_json), told_moment(as_of)
    name = known_site(settings, site)
    with opened(settings) as house, out.progress() as tell:
        before, after = _written(house, name, old), _written(house, name, new)
        with house.store.read() as tx:
            moment = asked or tx.now
            unread = {
                source
                for rules in (before, after)
                for source in rules.sources - tx.scans.complete(name, rules.wants)
            }
        everyone = lambda: (  # noqa: E731 - a way to begin anew
            pair for facts, _ in batches(name, house.store) for pair in facts.items()
        )
        found = _Found(keeps_all=members)
        for number, one in enumerate(turns(before.milestones, after.milestones, everyone, moment)):
            found.add(one)
            if number % _AT_ONCE == 0:
                tell.counted("changes found", number)
    data = {"site": name, "as_of": moment, "old": str(old), "new": str(new)}
    _print(out, data, found, markdown=markdown)
    if unread:
        out.note(f"badgejobs: the history of {', '.join(sorted(unread))} is not read to its end: "
                 "what it will add is not counted")  # fmt: skip
    raise typer.Exit(Code.CHANGED if check and found.numbers else Code.OK)


def _written(house: House, site: str, file: Path) -> Ruleset:
    from badgejobs.bootstrap.told import FromFile  # noqa: PLC0415 - the whole house

    return house.rules_of(site, FromFile(path=file)).as_written()


@dataclass(slots=True)
class _Found:
    """The changes so far: how many of each, and some of their members."""

    keeps_all: bool
    numbers: Counter[Change] = field(default_factory=Counter)
    sample: defaultdict[Change, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, one: Turn) -> None:
        change = (one.kind.value, one.old, one.new, one.ladder)
        self.numbers[change] += 1
        if self.keeps_all or len(self.sample[change]) < _SAMPLE:
            self.sample[change].append(one.member)

    def by_badge(self) -> dict[str, dict[str, Any]]:
        """What is gained and lost of each badge; a change of tier is neither."""
        found = dict[str, dict[str, Any]]()
        for change, number in sorted(self.numbers.items()):
            kind, old, new, ladder = change
            if not ladder:
                told = found.setdefault(old or new, {"gains": 0, "loses": 0, "members": {}})
                told[kind] = number
                told["members"][kind] = self.sample[change]
        return found

    def by_tier(self) -> list[dict[str, Any]]:
        """The changes of tier, by ladder, from and to."""
        return [
            {"ladder": ladder, "from": old, "to": new, "number": number,
             "members": self.sample[kind, old, new, ladder]}
            for (kind, old, new, ladder), number in sorted(self.numbers.items())
            if ladder
        ]  # fmt: skip


def _print(out: Output, data: dict[str, Any], found: _Found, *, markdown: bool) -> None:
    badges, tiers = found.by_badge(), found.by_tier()
    data |= {"changes": bool(found.numbers), "badges": badges, "tiers": tiers}
    if markdown:
        out.result(data, Source("\n".join(_markdown(data, named=found.keeps_all)) + "\n"))
    elif not found.numbers:
        out.result(data, "nobody would gain, lose or change tier")
    else:
        parts = [Rows(_COLUMNS, [_badge_row(badge, told) for badge, told in badges.items()])]
        parts += [Rows(_TIERS, [_tier_row(one) for one in tiers])]
        out.result(data, *(part for part in parts if part.rows))


def _badge_row(badge: str, told: dict[str, Any]) -> tuple[str, ...]:
    such = "; ".join(f"{kind} {', '.join(ids)}" for kind, ids in told["members"].items())
    return badge, str(told["gains"]), str(told["loses"]), such


def _tier_row(one: dict[str, Any]) -> tuple[str, ...]:
    such = ", ".join(one["members"])
    return one["ladder"], one["from"], one["to"], str(one["number"]), such


def _markdown(data: dict[str, Any], *, named: bool) -> Iterator[str]:
    """A table for a pull request; members are named only where that was asked for."""
    files = f"{_cell(data['old'])} → {_cell(data['new'])}"
    yield f"**{files}** at {_cell(data['site'])}, as of {data['as_of']:%Y-%m-%d %H:%M} UTC"
    yield ""
    if not data["changes"]:
        yield "Nobody would gain, lose or change tier."
        return
    if data["badges"]:
        yield "| badge | gain | lose |"
        yield "| --- | ---: | ---: |"
        for badge, told in data["badges"].items():
            yield f"| {_cell(badge)} | {told['gains']:,} | {told['loses']:,} |"
        yield ""
    if data["tiers"]:
        yield "| ladder | from | to | members |"
        yield "| --- | --- | --- | ---: |"
        for one in data["tiers"]:
            cells = (_cell(one[name]) for name in ("ladder", "from", "to"))
            yield f"| {' | '.join(cells)} | {one['number']:,} |"
        yield ""
    if named:
        yield from _named(data)


def _named(data: dict[str, Any]) -> Iterator[str]:
    yield "| member | what |"
    yield "| --- | --- |"
    for badge, told in data["badges"].items():
        for kind, ids in told["members"].items():
            yield from (f"| {_cell(one)} | {kind} {_cell(badge)} |" for one in ids)
    for tier in data["tiers"]:
        what = f"{_cell(tier['from'])} → {_cell(tier['to'])}"
        yield from (f"| {_cell(one)} | {what} |" for one in tier["members"])


def _cell(text: str) -> str:
    """A text that cannot break out of its cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
