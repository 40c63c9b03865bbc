"""``badgejobs up``: broker, worker and beat as supervised processes, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress
from typing import Annotated

import typer

from badgejobs.cli.launch import launched, supervised
from badgejobs.cli.output import Output
from badgejobs.config import load_settings, prepare_state_dir
from badgejobs.errors import SettingsError, StateError
from badgejobs.service import supervision
from badgejobs.service.lifeline import owner_of_this_process
from badgejobs.service.single import only_one

#: As long as a worker may take to end softly, and some more.
STOP_SECONDS = 45


def up(
    *,
    flower: Annotated[
        bool, typer.Option("--flower", help="Also start Flower, on loopback with a password.")
    ] = False,
) -> None:
    """Run everything on this machine: the embedded broker, a worker and beat.

    Processes that die are started again. With BADGEJOBS_REDIS_URL or BADGEJOBS_DATABASE_URL the
    broker or the database given there is used in place of the embedded one.

    Example: badgejobs up --flower
    """
    settings = load_settings()
    if not settings.sites:
        raise SettingsError("no site is configured; `badgejobs init` writes a configuration")
    folder = prepare_state_dir(settings.state_dir)
    out = Output()
    command = [sys.executable, "-m", "badgejobs"]
    lines = {"worker": [*command, "worker"], "beat": [*command, "beat"]}
    if flower:
        lines["flower"] = [*command, "flower"]
    environment = {"BADGEJOBS_OWNER": owner_of_this_process()}
    programs = [
        supervision.Program(name=name, argv=argv, environment=environment, stop_seconds=STOP_SECONDS)
        for name, argv in lines.items()
    ]
    with only_one(folder / "up.lock", "badgejobs up"), launched(settings, out=out):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with supervised(programs, folder=folder, stop_seconds=STOP_SECONDS) as running:
            out.note(f"running: {', '.join(lines)}; logs in {folder / 'log'}; Ctrl-C ends it all")
            with suppress(KeyboardInterrupt):
                while running.poll() is None:
                    time.sleep(1)
        if running.returncode not in {0, -signal.SIGTERM}:
            raise StateError(f"the supervisor ended by itself; see {folder / 'log'}")
