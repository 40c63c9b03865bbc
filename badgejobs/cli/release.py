"""What waits for a person's word: more awards than usual, or more that would be taken away."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows, ago
from badgejobs.cli.triggering import ring_for
from badgejobs.core import alert, allowance
from badgejobs.errors import SettingsError
from badgejobs.jobs.units import BY_HAND
from badgejobs.store.sql import SqlTransaction

#: A word that was said lets pass what comes within so long.
_HOLDS = timedelta(days=1)


def release(
    site: Annotated[str, typer.Argument(help="The site.")],
    *,
    awards: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Give so many beyond the number in an hour."),
    ] = None,
    revocations: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Take so many away, however large their share."),
    ] = None,
    yes_this_removes_access: Annotated[
        bool,
        typer.Option("--yes-this-removes-access", help="Who loses a badge may lose pages."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Let pass what was held back because it is much; without an option, show what waits.

    Of what waits now so many may pass, within a day; what comes later waits for its own word.

    Example: badgejobs release my-shop --awards 1200
    """
    settings, out = settled(), Output(as_json=as_json)
    name = known_site(settings, site)
    if revocations and not yes_this_removes_access:
        raise SettingsError(
            f"--revocations {revocations} takes badges away, and pages that they open: add "
            "--yes-this-removes-access if that is meant"
        )
    with opened(settings) as house:
        if not (awards or revocations):
            with house.store.read() as tx:
                _show(out, tx, name, most=settings.assign.new_awards_an_hour)
            return
        with house.store.begin() as tx:
            given = _let_go(tx, name, awards) if awards else 0
            taken = _let_be_taken(tx, name, revocations) if revocations else 0
    rung = ring_for(settings, [("badgejobs.assign", {"site": name})])
    data = {
        "site": name,
        "awards": {"asked": awards or 0, "due": given},
        "revocations": {"asked": revocations or 0, "due": taken},
        "rung": rung,
    }
    told = [f"{given} awards that waited may pass now"] if awards else []
    if revocations:
        told.append(f"{taken} revocations that were held back may pass now")
    by = "the workers were told" if rung else f"`badgejobs assign {name} --foreground` does it here"
    out.result(data, f"{name}: {'; '.join([*told, by])}")


def _let_go(tx: SqlTransaction, site: str, number: int) -> int:
    # awards before the allowance, as who claims them does it
    due = tx.awards.hasten(site, number=number)
    _declare(tx, site, allowance.Kind.AWARDS, due)
    return due


def _let_be_taken(tx: SqlTransaction, site: str, number: int) -> int:
    due = min(number, tx.removals.hasten(site))
    _declare(tx, site, allowance.Kind.REVOCATIONS, due)
    return due


def _declare(tx: SqlTransaction, site: str, kind: allowance.Kind, number: int) -> None:
    """Let so many pass in all: what waits now, and nothing that comes later by its leave."""
    more = number - tx.allowances.left(site, kind)
    if more > 0:
        tx.allowances.declare(site, kind, more, holds=_HOLDS, declared_by=BY_HAND)


def _show(out: Output, tx: SqlTransaction, site: str, *, most: int) -> None:
    """What waits for a word, and what may pass by one that was said."""
    number, first = tx.awards.waiting_for_cap(site)
    left = {kind: tx.allowances.left(site, kind) for kind in allowance.Kind}
    guarded = [one for one in tx.alerts.open([site]) if one.kind is alert.Kind.REVOCATIONS]
    data: dict[str, Any] = {
        "site": site,
        "awards": {
            "waiting": number,
            "first_at": first,
            "an_hour": most,
            "declared_left": left[allowance.Kind.AWARDS],
        },
        "revocations": {
            "held_back": [one.text for one in guarded],
            "declared_left": left[allowance.Kind.REVOCATIONS],
        },
    }
    rows = [("revocations", one.text) for one in guarded]
    if number:
        told = (
            f"{number} wait, the first goes by itself {ago(first, tx.now)}; "
            f"`badgejobs release {site} --awards {number}` lets them go now"
        )
        rows.insert(0, ("awards", told))
    shown = Rows(("what", "waits for a word"), rows) if rows else f"{site}: nothing is held back"
    out.result(data, shown)
    for kind, still in left.items():
        if still:
            out.note(f"badgejobs: {still} {kind} more may pass, by a word of the last day")
