"""The processes: worker, beat and Flower."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import ExitStack, suppress
from ipaddress import ip_address
from typing import Annotated, Literal

import typer

from badgejobs.cli.flower_auth import require_flower, require_password, what_it_may
from badgejobs.cli.opening import bind_celery, broker, opened, require_any_site, settled, watched
from badgejobs.cli.output import Output
from badgejobs.config import Settings, prepare_state_dir, wants_traces
from badgejobs.errors import SettingsError, StateError
from badgejobs.jobs.queues import queues_of
from badgejobs.service.addresses import require_free
from badgejobs.service.single import only_one


def worker(
    *,
    pool: Annotated[
        Literal["threads", "prefork", "solo"] | None,
        typer.Option(help="Default: threads with the embedded parts, prefork otherwise."),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Jobs at once.")] = 4,
    lanes: Annotated[
        str, typer.Option(help="What to work for: of assign, scan, walk, tick; comma-separated.")
    ] = "assign,scan,walk,tick",
    queues: Annotated[str | None, typer.Option(hidden=True)] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Must differ between workers of one host. Default: by its process."),
    ] = None,
) -> None:
    """Run a Celery worker in this process.

    Example: badgejobs worker --pool prefork --concurrency 8 --lanes assign,scan
    """
    if queues is not None:
        raise SettingsError("--queues is gone: say --lanes with some of assign, scan, walk, tick")
    wanted = queues_of(lanes)
    settings = settled()
    embedded = settings.redis_url is None or settings.database.startswith("sqlite")
    chosen = pool or ("threads" if embedded else "prefork")
    if chosen == "prefork":
        # SIGTERM then means a soft shutdown: jobs go on for a while, and what is unfinished
        # goes back to the queue. Read by Celery when it is imported, so it must stand before.
        os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
    _celery(settings, "worker", [
        f"--pool={chosen}",
        f"--concurrency={concurrency}",
        f"--queues={','.join(wanted)}",
        f"--hostname={name or f'badgejobs-{os.getpid()}'}@%h",
        "--without-gossip",
        "--without-mingle",
    ])  # fmt: skip


def beat() -> None:
    """Run the Celery beat that looks every few seconds for what is due, and rings for it.

    Several at once do no harm; one state folder takes one.

    Example: badgejobs beat
    """
    settings = settled()
    folder = prepare_state_dir(settings.state_dir)
    with only_one(folder / "beat.lock", "badgejobs beat"):
        pid_file = folder / "beat.pid"
        # The lock is ours, so whoever wrote it is gone, whatever has its number now.
        pid_file.unlink(missing_ok=True)
        _celery(
            settings,
            "beat",
            [
                "--scheduler=badgejobs.jobs.beating:Ticking",
                f"--schedule={folder / 'beat-schedule'}",
                f"--pidfile={pid_file}",
            ],
        )


def flower(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 5555,
    address: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    write: Annotated[
        bool | None,
        typer.Option(
            "--write/--read-only",
            help="Whether it may trigger and stop. Default: the setting flower_write.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run Flower, closed by a password: from FLOWER_BASIC_AUTH (user:password) or made up here.

    It only shows, unless it may write. /metrics and /healthcheck ask for no password.

    Example: FLOWER_BASIC_AUTH_FILE=/run/secrets/flower badgejobs flower --port 5555
    """
    settings = settled()
    require_flower()
    folder = prepare_state_dir(settings.state_dir)
    loopback = _is_loopback(address)
    if loopback:
        require_free(port, purpose="Flower", setting="--port")
    require_password(folder, may_make_one_up=loopback, out=Output())
    _end_flower_on_sigterm()
    _celery(settings, "flower", [
        f"--address={address}",
        f"--port={port}",
        "--max_tasks=10000",
        *what_it_may(write=settings.flower_write if write is None else write, loopback=loopback),
        # By default it would run a flowerconfig.py of whatever folder it was started in.
        f"--conf={os.devnull}",
    ])  # fmt: skip


def _end_flower_on_sigterm() -> None:
    """Let its event loop take SIGTERM.

    Flower's own handler raises SystemExit wherever the process happens to be; inside a callback
    of a weak reference Python drops that, and Flower runs on.
    """
    with suppress(ImportError):  # without Flower, Celery says what is missing
        from tornado.ioloop import IOLoop  # noqa: PLC0415 - comes with Flower

        def take_over() -> None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sys.exit, 0)

        IOLoop.current().add_callback(take_over)


def _celery(settings: Settings, command: str, arguments: list[str]) -> None:
    """Run one of Celery's programs in this process, on our broker and settings."""
    # Only now: importing Celery takes a second, and it reads REMAP_SIGTERM.
    from badgejobs.jobs.app import app, check_tasks, run  # noqa: PLC0415 - as above
    from badgejobs.jobs.asking import FLOWER, sends_as  # noqa: PLC0415 - as above

    watched(settings.owner)
    require_any_site(settings)
    if command in {"worker", "beat"}:
        with opened(settings):
            pass  # the database answers and its tables are ours
    with broker(settings) as address:
        bind_celery(settings, address)
        if command == "worker":
            check_tasks()
            if wants_traces(settings):
                from badgejobs.jobs.tracing import trace_workers  # noqa: PLC0415 - an extra

                trace_workers(forks="--pool=prefork" in arguments)
        app.conf.worker_redirect_stdouts = False
        if command == "flower":
            sends_as(FLOWER)
            app.conf.task_send_sent_event = True  # what is triggered there is shown at once
        level = [] if command == "flower" else [f"--loglevel={settings.log_level}"]
        with ExitStack() as alive:
            if command != "flower":
                from badgejobs.jobs.heart import beating  # noqa: PLC0415 - the store's libraries

                alive.enter_context(beating(app, settings, command))
            code = run(["--quiet", command, *level, *arguments])
    sys.exit(code)


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        raise StateError(f"{address!r} is no address to listen on; write 127.0.0.1") from None
