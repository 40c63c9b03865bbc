"""``badgejobs packs compare``: what a version that is tried gave, and what the other one would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

import typer

from badgejobs.bootstrap import House
from badgejobs.bootstrap.site_rules import SiteRules
from badgejobs.cli.opening import opened, settled
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.pack_effects import known_pack, sites_of
from badgejobs.cli.progress import Progress
from badgejobs.core.pack import Pack
from badgejobs.errors import Refused, RulesError
from badgejobs.flow.difference import Difference, difference
from badgejobs.store.packs import Awarded

#: Lines of single sites that are printed as a table; the rest is in the totals, and in the JSON.
_MOST_ROWS = 200
#: What was done by the version that is tried, and what another one would do.
_DID = {"opened": "given", "given": "of these at Wix", "held": "of these held", "taken": "taken"}
_WOULD = {
    "awards": "would be given", "held": "would be held", "withdrawn": "would be withdrawn",
    "taken_now": "would be taken", "taken_later": "would be taken later",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One site, by badge."""

    site: str
    #: Whether it tries the version, so that ``would`` is of the stable one; else of the tried one.
    tries: bool
    #: Whether all its members were decided under the version that it tries.
    is_taken_up: bool = False
    did: dict[str, Awarded]
    would: dict[str, Difference]
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Fit for ``--json``: numbers by badge, and no member."""
        return {
            "site": self.site,
            "tries": self.tries,
            "taken_up": self.is_taken_up if self.tries else None,
            "did": {badge: asdict(one) for badge, one in self.did.items()},
            "would": {badge: asdict(one) for badge, one in self.would.items()},
            "error": self.error,
        }

    def rows(self) -> Iterator[tuple[str, str, list[int]]]:
        """The badges of which something changed, or would, with their numbers."""
        for badge in dict.fromkeys((*self.did, *self.would)):
            did, would = self.did.get(badge, Awarded()), self.would.get(badge, Difference())
            numbers = [getattr(did, one) for one in _DID] + [getattr(would, one) for one in _WOULD]
            if any(numbers):
                yield self.site, badge, numbers


def compare(
    name: Annotated[str, typer.Argument(help="The pack.")],
    *,
    everywhere: Annotated[
        bool, typer.Option("--all", help="The other sites too: what promoting would change.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON Lines: an object a site, then the totals.")
    ] = False,
) -> None:
    """Compare the version that some sites try with the stable one, by site and badge.

    Of each site that tries it: what was given and taken since that began, and what the stable
    version would change now by the same recorded facts. With --all also what promoting it would
    change for the others. Members are never named, and nothing is changed.

    Example: badgejobs packs compare shops

    Example: badgejobs packs compare shops --all --json
    """
    settings, out = settled(), Output(as_json=as_json)
    totals = {True: dict[str, Counter[str]](), False: dict[str, Counter[str]]()}
    numbers, rows, broken = Counter[str](), list[tuple[str, ...]](), dict[str, str]()
    with opened(settings) as house, out.progress() as tell:
        pack = known_pack(house, name)
        if pack.canary is None:
            raise Refused(
                f"no version of the pack {name!r} is tried; `badgejobs packs canary {name} "
                "--version N --percent 5 --yes` begins that"
            )
        for one in compared(house, pack, tell, everywhere=everywhere):
            numbers["tries" if one.tries else "others"] += 1
            numbers["not_taken_up"] += one.tries and not one.is_taken_up
            if one.error:
                numbers["broken"] += 1
                broken |= {one.site: one.error} if len(broken) < _MOST_ROWS else {}
            if as_json:
                out.record(one.as_json())
            for site, badge, counted in one.rows():
                _add(totals[one.tries].setdefault(badge, Counter()), counted)
                numbers["rows"] += 1
                if len(rows) < _MOST_ROWS:
                    rows.append((site, _version(pack, tries=one.tries), badge, *map(str, counted)))
    if as_json:
        out.record(_summary(pack, numbers, totals))
        return
    _print(out, pack, rows, totals, numbers)
    for site, error in broken.items():
        out.note(f"badgejobs: {site}: {error}")


def compared(house: House, pack: Pack, tell: Progress, *, everywhere: bool) -> Iterator[Compared]:
    """The sites that try a version of a pack, with ``everywhere`` the others too, in order."""
    looked_at = 0
    for site, rules in sites_of(house, pack.name):
        tries = pack.is_tried_by(site)
        if not tries and not everywhere:
            continue
        try:
            yield _of_site(house, pack, site, rules, tries=tries)
        except RulesError as error:
            yield Compared(site=site, tries=tries, did={}, would={}, error=str(error))
        tell.counted("sites looked at", looked_at := looked_at + 1)


def _of_site(house: House, pack: Pack, site: str, rules: SiteRules, *, tries: bool) -> Compared:
    assert pack.canary is not None, "looked at above"
    assert pack.canary_since is not None, "as above"
    if not tries:
        would = difference(site, rules.under(pack.canary), house.store)
        return Compared(site=site, tries=False, did={}, would=would)
    version = rules.under(pack.canary).version
    did, is_taken_up = _did(house, site, version, since=pack.canary_since)
    would = difference(site, rules.under(pack.stable), house.store) if pack.stable else {}
    return Compared(site=site, tries=True, is_taken_up=is_taken_up, did=did, would=would)


def _did(
    house: House, site: str, version: str, *, since: datetime
) -> tuple[dict[str, Awarded], bool]:
    with house.store.read() as tx:
        return (
            tx.packs.awarded(site, version, since=since),
            tx.bindings.applied(site) == (version, None),
        )


def _add(total: Counter[str], counted: list[int]) -> None:
    total.update(dict(zip((*_DID.values(), *_WOULD.values()), counted, strict=True)))


def _summary(
    pack: Pack, numbers: Counter[str], totals: dict[bool, dict[str, Counter[str]]]
) -> dict[str, Any]:
    def by_badge(tries: bool) -> dict[str, dict[str, int]]:
        keys = (*(f"did_{one}" for one in _DID), *(f"would_{one}" for one in _WOULD))
        names = (*_DID.values(), *_WOULD.values())
        return {
            badge: {key: told[name] for key, name in zip(keys, names, strict=True)}
            for badge, told in sorted(totals[tries].items())
        }

    return {
        "pack": pack.name,
        "stable": pack.stable,
        "canary": pack.canary,
        "canary_since": pack.canary_since,
        "sites": {key: numbers[key] for key in ("tries", "others", "not_taken_up", "broken")},
        "totals": {"tries": by_badge(True), "others": by_badge(False)},
    }


def _print(
    out: Output,
    pack: Pack,
    rows: list[tuple[str, ...]],
    totals: dict[bool, dict[str, Counter[str]]],
    numbers: Counter[str],
) -> None:
    columns = ("site", "by version", "badge", *_DID.values(), *_WOULD.values())
    summed = [
        ("all", _version(pack, tries=tries), badge, *(str(told[one]) for one in columns[3:]))
        for tries in (True, False)
        for badge, told in sorted(totals[tries].items())
    ]
    shown = Rows(columns, [*rows, *summed]) if summed else "no award differs"
    out.result({}, shown)
    out.note(f"badgejobs: {numbers['tries']} site(s) try version {pack.canary} since "
             f"{pack.canary_since:%Y-%m-%d %H:%M} UTC; {numbers['others']} other(s) looked "
             "at")  # fmt: skip
    if more := numbers["rows"] - len(rows):
        out.note(f"badgejobs: {more} more lines are in the totals; --json prints all")
    if late := numbers["not_taken_up"]:
        out.note(f"badgejobs: {late} of those that try it have not decided all their members "
                 "under it yet")  # fmt: skip


def _version(pack: Pack, *, tries: bool) -> str:
    """Whose version the last columns are of.

    >>> from datetime import UTC
    >>> pack = Pack(name="a", stable=1, canary=2, changed_at=datetime(2026, 1, 1, tzinfo=UTC))
    >>> _version(pack, tries=True), _version(pack, tries=False)
    ('2, would by 1', '1, would by 2')
    """
    if tries:
        return f"{pack.canary}, would by {pack.stable}"
    return f"{pack.stable}, would by {pack.canary}"
