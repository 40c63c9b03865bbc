"""How everything stands: many sites a line each, one in full; broker and workers."""

from __future__ import annotations

from typing import Annotated

import typer

from badgejobs.cli.exits import Code
from badgejobs.cli.opening import bind_celery, known_site, known_sites, opened, settled, standing
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.status_fleet import fleet
from badgejobs.cli.status_site import in_full
from badgejobs.config import Settings
from badgejobs.errors import BrokerUnavailable
from badgejobs.jobs import duties

#: Workers that have not answered by then are away.
PING_SECONDS = 1.0
_NOBODY = ("unknown", "none answers")
#: Sites that are shown unasked: a screen of lines, and what is told of in full in JSON.
SHOWN, SHOWN_AS_JSON = 20, 200


def status(
    site: Annotated[
        str | None, typer.Argument(help="Default: a line for each.", show_default=False)
    ] = None,
    *,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100_000,
            show_default=False,
            help=f"Only the worst so many sites. Default: {SHOWN}; with --json {SHOWN_AS_JSON}.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only ask the broker for a worker; 6 where none is.")
    ] = False,
) -> None:
    """Show when each source was read, what waits, what failed, and who is at work.

    Of many sites a line each, the worst first, with the totals of all; name one to see it in full
    with what is stuck and why. "Known up to" is of a site's slowest source, "budget" the part of
    its pace of API calls that was used within the last minute.

    Example: badgejobs status

    Example: badgejobs status my-shop --json
    """  # fmt: skip
    settings, out = settled(), Output(as_json=as_json)
    if check:
        services = _services(settings)
        out.result(services, Rows(("service", "state"), list(services.items())))
        raise typer.Exit(Code.OK if services["workers"] not in _NOBODY else Code.UNAVAILABLE)
    sites = [known_site(settings, site)] if site else known_sites(settings)
    with opened(settings) as house:
        duties.register(house)
        whole = fleet(house, sites, limit=limit or (SHOWN_AS_JSON if as_json else SHOWN))
        many = len(sites) > 1 and not as_json
        data, shown = ({}, []) if many else in_full(house, [one.site for one in whole.shown])
    services = _services(settings)
    data |= {"services": services, "fleet": whole.as_json()}
    served = Rows(("service", "state"), list(services.items()))
    if not many:
        out.result(data, served, *shown)
        return
    out.result(data, served, whole.table(), whole.in_words())
    if len(whole.shown) < whole.number:
        out.note(f"badgejobs: these are the worst {len(whole.shown)}; --limit shows more")


def _services(settings: Settings) -> dict[str, str]:
    from badgejobs.jobs.app import app  # noqa: PLC0415 - importing Celery takes a second

    try:
        with standing(settings) as address:
            bind_celery(settings, address)
            try:
                answers = app.control.ping(timeout=PING_SECONDS) or []
            finally:
                app.close()
    except BrokerUnavailable as error:
        return {"broker": f"away: {error}", "workers": _NOBODY[0]}
    names = sorted(name for answer in answers for name in answer)
    return {"broker": "answers", "workers": ", ".join(names) or _NOBODY[1]}
