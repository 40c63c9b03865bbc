"""``badgejobs up``: broker, worker and beat as supervised processes, until Ctrl-C."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import Annotated

import typer

from badgejobs.cli.console import keys_of as keys_of_console
from badgejobs.cli.console import url_of as url_of_console
from badgejobs.cli.flower_auth import require_flower
from badgejobs.cli.opening import broker, opened, require_any_site, settled
from badgejobs.cli.output import Output
from badgejobs.config import prepare_state_dir
from badgejobs.errors import StateError
from badgejobs.service.addresses import require_free
from badgejobs.service.lifeline import owner_of_this_process
from badgejobs.service.single import only_one
from badgejobs.service.supervision import Program, running
from badgejobs.service.watch import Watch

#: As long as a worker may take to end softly, and some more.
STOP_SECONDS = 45
FLOWER_PORT = 5555


def up(
    *,
    flower: Annotated[
        bool, typer.Option("--flower", help="Also start Flower, on loopback with a password.")
    ] = False,
    console: Annotated[
        bool, typer.Option("--console", help="Also show the console, on loopback by a password.")
    ] = False,
) -> None:
    """Run everything on this machine: the embedded broker, a worker and beat.

    Also what takes webhooks, where webhooks.public_key_file is set.

    Processes that die are started again; it ends where one cannot be kept running. With
    BADGEJOBS_REDIS_URL or BADGEJOBS_DATABASE_URL the broker or the database given there is used
    in place of the embedded one.

    Example: badgejobs up --console
    """
    from badgejobs.jobs.app import check, check_tasks  # noqa: PLC0415 - Celery takes a second

    settings = settled()
    require_any_site(settings)
    check(settings)
    check_tasks()
    lines = {"worker": ["worker"], "beat": ["beat"]}
    if settings.webhooks.public_key_file:
        from badgejobs.cli.webhooks import keys_of  # noqa: PLC0415 - the web framework

        keys_of(settings)
        require_free(settings.webhooks.port, purpose="webhooks", setting="webhooks.port")
        lines["webhooks"] = ["webhooks"]
    if flower:
        require_flower()
        require_free(FLOWER_PORT, purpose="Flower", setting="`badgejobs flower --port`")
        lines["flower"] = ["flower", "--port", str(FLOWER_PORT)]
    out = Output()
    if console:
        require_free(settings.console.port, purpose="the console", setting="console.port")
        keys_of_console(settings, out, host=settings.console.host)
        lines["console"] = ["console"]
    folder = prepare_state_dir(settings.state_dir)
    programs = [
        Program(
            name=name,
            argv=[sys.executable, "-m", "badgejobs", *line],
            environment={"BADGEJOBS_OWNER": owner_of_this_process()},
            stop_seconds=STOP_SECONDS,
        )
        for name, line in lines.items()
    ]
    with only_one(folder / "up.lock", "badgejobs up"), broker(settings):
        with opened(settings):
            pass  # the database answers and its tables are ours
        with running(programs, folder=folder, stop_seconds=STOP_SECONDS) as supervised:
            out.note(f"starting: {', '.join(lines)}; logs in {folder / 'log'}; Ctrl-C ends it all")
            if console:
                out.note(f"the console is at {url_of_console(settings)}")
            watch = Watch(folder, tell=out.note, again="`badgejobs up`")
            with suppress(KeyboardInterrupt):
                while supervised.poll() is None:
                    watch.look()
                    time.sleep(1)
                raise StateError(f"the supervisor ended by itself; see {folder / 'log'}")
