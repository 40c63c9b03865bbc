"""The sandbox as a process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from badgejobs.cli.logs import set_up_logs
from badgejobs.cli.opening import watched
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.sandbox_faults import KINDS_IN_WORDS, fault, log
from badgejobs.cli.sandbox_running import HERE, AsJson, Url, running_sandbox
from badgejobs.cli.sandbox_switches import positions, switch
from badgejobs.config import owner
from badgejobs.errors import SettingsError
from badgejobs.sandbox import builtin
from badgejobs.sandbox.history import seeds
from badgejobs.sandbox.server import DEFAULT_PORT, listening
from badgejobs.sandbox.server import serve as serve_sandbox
from badgejobs.sandbox.settings import DuplicateMode, Options
from badgejobs.sandbox.switches import turned
from badgejobs.sandbox.world import World

_STANDARD = Options()

sandbox = typer.Typer(help="A Wix that runs on this machine, for trying things out.")
sandbox.command("fault", epilog=KINDS_IN_WORDS)(fault)
sandbox.command("log")(log)
sandbox.command("switch")(switch)


@sandbox.callback()
def _sandbox() -> None:
    """A Wix that runs on this machine, for trying things out."""


@sandbox.command("serve")
def serve(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = DEFAULT_PORT,
    port_file: Annotated[Path | None, typer.Option(help="Where to write the port.")] = None,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    sites: Annotated[int, typer.Option(min=0, max=10_000, help="How many sites.")] = 1,
    seed: Annotated[
        str,
        typer.Option(
            help="empty, real (shipped history), orders:N[:SEED] (so many made up, held nowhere), "
            "comments:NUMBER:POSTS or a JSON file of records."
        ),
    ] = seeds.EMPTY,
    replay: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds over which the real history arrives [default: 0]."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The full real data, in place of the shipped extract.")
    ] = None,
    rate_limit: Annotated[
        int, typer.Option(min=0, help="Requests of one site in a window; 0: no limit.")
    ] = _STANDARD.rate_limit_requests,
    rate_window: Annotated[
        float, typer.Option(min=0.001, help="Length of that window in seconds.")
    ] = _STANDARD.rate_limit_window_seconds,
    lag: Annotated[
        float, typer.Option(min=0, help="Seconds by which queries trail behind writes.")
    ] = _STANDARD.query_lag_seconds,
    token_lifetime: Annotated[
        float, typer.Option(min=0.001, help="Seconds that an access token lives.")
    ] = _STANDARD.token_lifetime_seconds,
    duplicates: Annotated[
        DuplicateMode, typer.Option(help="What a second, equal assignment does.")
    ] = _STANDARD.duplicate_mode,
    switches: Annotated[
        list[str] | None,
        typer.Option("--switch", metavar="NAME=POSITION", help="May be given several times."),
    ] = None,
) -> None:
    """Serve a sandbox of Wix until Ctrl-C.

    Its page at / shows the sites and how to point badgejobs or Wix's SDK at it. Without limit
    and lag (--rate-limit 0 --lag 0) it suits tests that run in CI.

    Example: badgejobs sandbox serve --seed real --lag 0 --rate-limit 0
    """
    if seed != seeds.REAL and (replay is not None or data is not None):
        raise SettingsError(
            "--replay and --data belong to --seed real; add that, or leave them out"
        )
    wanted = positions(switches or [])
    # It knows no site of the configuration, so a secret that is missing there is no matter.
    set_up_logs(level="INFO", form="console")
    watched(owner())
    if port:
        listening(host, port).close()  # one that is in use says so before anything is promised

    def fill(world: World) -> None:
        world.switches = turned(world.switches, wanted)
        seeds.sow(world, seed, seconds=replay or 0, data=data)
        out = Output()
        for line in _told(sites):
            out.note(line)

    serve_sandbox(
        host,
        port,
        port_file=port_file,
        sites=builtin.sites(sites),
        options={
            "rateLimitRequests": rate_limit,
            "rateLimitWindowSeconds": rate_window,
            "queryLagSeconds": lag,
            "tokenLifetimeSeconds": token_lifetime,
            "duplicateMode": duplicates.value,
        },
        fill=fill,
        ready=lambda url: Output().note(f"the sandbox answers on {url}"),
    )


@sandbox.command("state")
def state(
    instance: Annotated[
        str, typer.Argument(help="Instance id; default: the first built-in site.")
    ] = builtin.instance_id(1),
    *,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Show which member holds which badge now, without the lag of queries.

    Example: badgejobs sandbox state --json
    """
    with running_sandbox(url) as running:
        found = running.state(instance)
    titles = {badge["id"]: badge["title"] for badge in found["badges"]}
    rows = sorted(
        (titles.get(one["badgeId"], one["badgeId"]), one["memberId"])
        for one in found["badgeAssignments"]
    )
    held: dict[str, list[str]] = {title: [] for title in titles.values()}
    for title, member in rows:
        held.setdefault(title, []).append(member)
    out = Output(as_json=as_json)
    out.result(held, Rows(("badge", "member"), rows))
    out.note(f"{len(titles)} badge(s), {len(rows)} assignment(s)")


def _told(number: int) -> list[str]:
    """The credentials of the built-in sites, which are no secret."""
    if number == 0:
        return ["no site is set up yet: POST /_sandbox/reset does that"]
    one: dict[str, Any] = builtin.sites(1)[0]
    more = f"; {number} sites, the last digits count up" if number > 1 else ""
    return [
        f"site id      {one['siteId']}{more}",
        f"instance id  {one['instanceId']}",
        f"app id       {one['appId']}, secret {one['appSecret']}",
        f"API key      {one['apiKey']}",
    ]
