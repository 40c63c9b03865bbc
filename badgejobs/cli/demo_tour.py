"""What to look at once the demo's badges stand: commands to copy, each with a real member."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from shlex import quote

from badgejobs.bootstrap import House
from badgejobs.cli.calling import program
from badgejobs.flow.explaining import named
from badgejobs.flow.progress import near, survey

#: The badge that the tour is about, and what its rule says, and might say instead.
_BADGE = "loyal-customer"
_ITS_RULE, _LOWERED = "when: {count: orders, gte: 10}", "when: {count: orders, gte: 8}"

#: The demo's own copy of its rules, in its folder: who changes them changes nothing of ours.
RULES = "rules.yaml"

#: What names the file is told by ``--config``, and the other is for processes of ours.
_NO_SETTINGS = frozenset({"BADGEJOBS_CONFIG", "BADGEJOBS_OWNER"})


def tour(house: House, site: str, folder: Path, *, ignored: frozenset[str]) -> list[str]:
    """Lines for a shell, each below a line that says what it shows.

    All members are looked at, as a worker does once a day. ``ignored`` are the settings of the
    environment that the demo went without.
    """
    rules = house.at(site).rules()
    survey(site, rules, house.store)
    command = _command(folder, ignored)
    lines = ["What came of it stays until the next demo. To copy, into another shell:"]
    with house.store.read() as tx:
        holders = tx.people.holders(site, _BADGE, after=None, limit=1)
    milestone = named(rules, _BADGE)
    on_the_way = list(islice(near(site, milestone, rules, house.store), 1)) if milestone else []
    for members, why in (
        ([one.member_id for one in holders], "why this member has the badge"),
        ([one.member for one in on_the_way], "why this one does not have it yet"),
    ):
        for member in members:
            lines += [f"# {why}", f"{command} explain {site} {member} {_BADGE}"]
    lines += ["# who is one order away from it", f"{command} near {site} {_BADGE} --limit 5"]
    lowered = _lowered(folder)
    lines += [
        "# what would come of it if eight orders were enough; nothing is done",
        f"{command} plan {site} --rules {quote(str(lowered))}",
        "# who gains and who loses by that",
        f"{command} diff {quote(str(folder / RULES))} {quote(str(lowered))} --site {site}",
    ]
    return lines


def _lowered(folder: Path) -> Path:
    """The demo's rules, with one number changed."""
    file = folder / "eight-orders.yaml"
    text = (folder / RULES).read_text(encoding="utf-8")
    file.write_text(text.replace(_ITS_RULE, _LOWERED), encoding="utf-8")
    return file


def _command(folder: Path, ignored: frozenset[str]) -> str:
    """How this badgejobs is called from any folder, by the demo's own configuration."""
    words = [*_without(ignored), *program()]
    return " ".join([*map(quote, words), "--config", quote(str(folder / "badgejobs.toml"))])


def _without(ignored: frozenset[str]) -> Iterator[str]:
    if ignored - _NO_SETTINGS:
        yield "env"
        for name in sorted(ignored - _NO_SETTINGS):
            yield from ("-u", name)
