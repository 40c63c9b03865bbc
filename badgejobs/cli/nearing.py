"""How far members are: who is one step away from a badge, and how many are how far."""

from __future__ import annotations

import csv
import sys
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from badgejobs.cli.output import Output, Rows
from badgejobs.cli.streaming import cell

if TYPE_CHECKING:
    from badgejobs.flow.progress import Near

#: So many members are shown at once.
_AT_ONCE = 200
_COLUMNS = ("member", "has", "of", "missing", "until")

Site = Annotated[str, typer.Argument(help="The site.")]


def near(
    site: Site,
    badge: Annotated[str, typer.Argument(help="The badge, by its id in the rules or its title.")],
    *,
    limit: Annotated[
        int | None, typer.Option(min=1, help="No more than so many members. Default: all.")
    ] = None,
    percent: Annotated[
        int,
        typer.Option(
            "--from",
            metavar="PERCENT",
            min=0,
            max=99,
            help="Of sums and largest values so much must be there.",
        ),
    ] = 80,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON Lines, one object a member.")
    ] = False,
) -> None:
    """List the members who are one step away from a badge: what is missing, and until when.

    One more order, comment, product, day or period would earn it, or, of sums and largest values,
    at least --from PERCENT is there. Who has the badge, waits for it, or had it taken by a person
    is not listed. Members come in the order of their ids; Wix is not asked.

    Example: badgejobs near my-shop gold --limit 50

    Example: badgejobs near my-shop gold --csv > near-gold.csv
    """
    from badgejobs.cli.opening import known_site, opened, settled  # noqa: PLC0415 - the whole house
    from badgejobs.errors import SettingsError  # noqa: PLC0415 - as above
    from badgejobs.flow.explaining import required  # noqa: PLC0415 - as above
    from badgejobs.flow.progress import near as nearing  # noqa: PLC0415 - as above

    if as_csv and as_json:
        raise SettingsError("--csv and --json exclude each other: name one of them")
    settings, out = settled(), Output(as_json=as_json)
    name, number = known_site(settings, site), 0
    with opened(settings) as house, out.progress() as tell:
        rules = house.at(name).rules()
        found = nearing(
            name,
            required(rules, badge),
            rules,
            house.store,
            percent=percent,
            heard=lambda seen: tell.counted("members looked at", seen),
        )
        if as_csv:
            csv.writer(sys.stdout, lineterminator="\n").writerow(_COLUMNS)
        shown = islice(found, limit)
        while some := list(islice(shown, _AT_ONCE)):
            number += len(some)
            _print(some, out, as_csv=as_csv)
    more = ", and there may be more: --limit" if limit == number else ""
    out.note(f"badgejobs: {number:,} member(s) are one step away{more}")


def progress(
    site: Site,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look at all members, and show how many are how far towards each badge, in tenths.

    The numbers are kept, and pages show them until the members are looked at again; workers do
    that once a day.

    Example: badgejobs progress my-shop
    """
    from badgejobs.cli.opening import known_site, opened, settled  # noqa: PLC0415 - the whole house
    from badgejobs.core.progress import EARNED  # noqa: PLC0415 - as above
    from badgejobs.flow.progress import survey  # noqa: PLC0415 - as above

    settings, out = settled(), Output(as_json=as_json)
    name = known_site(settings, site)
    with opened(settings) as house, out.progress() as tell:
        rules = house.at(name).rules()
        found = survey(
            name,
            rules,
            house.store,
            heard=lambda seen: tell.counted("members looked at", seen),
        )
    assert found is not None, "nothing stops it"
    steps = range(EARNED + 1)
    columns = ("badge", *(f"{one}0 %" if one else "0 %" for one in range(EARNED)), "earned")
    rows = [(badge, *(str(told.get(one, 0)) for one in steps)) for badge, told in found.items()]
    out.result({"site": name, "badges": found}, Rows(columns, rows))


def _print(some: list[Near], out: Output, *, as_csv: bool) -> None:
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([cell(one) for one in _row(near)] for near in some)
    elif out.as_json:
        for one in some:
            out.record(_data(one))
    else:
        out.result(None, Rows(_COLUMNS, [_row(one) for one in some]))


def _row(one: Near) -> tuple[str, ...]:
    from badgejobs.rules.wording.proofs import has_and_needs, missing_of  # noqa: PLC0415 - as above

    until = f"{one.until:%Y-%m-%dT%H:%M:%SZ}" if one.until else ""
    return (one.member, *has_and_needs(one.part), missing_of(one.part), until)


def _data(one: Near) -> dict[str, Any]:
    from badgejobs.rules import in_words  # noqa: PLC0415 - the rules language
    from badgejobs.rules.wording.proofs import missing_of  # noqa: PLC0415 - as above

    return {
        "member": one.member,
        "badge": one.answer.milestone.badge,
        "condition": in_words(one.part.condition),
        "number": one.part.number,
        "missing": missing_of(one.part),
        "until": one.until,
    }
