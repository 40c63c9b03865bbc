"""The Celery application and its settings, each with the fault that it answers."""

from __future__ import annotations

import os
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from celery import Celery
from celery.schedules import crontab, schedule
from celery.signals import worker_process_init, worker_shutdown
from click.exceptions import Abort

from badgejobs.config import Settings
from badgejobs.errors import SettingsError
from badgejobs.jobs import brokers, log_context, queues, redis_transport

if TYPE_CHECKING:
    from badgejobs.bootstrap import House

#: A job may run so long before Celery ends it (prefork); slices end by themselves well before.
TIME_LIMIT = 120
SOFT_TIME_LIMIT = 100
#: How long a worker that is told to stop lets its jobs go on.
SOFT_SHUTDOWN = 25
#: A job that waits for its hour lies unacknowledged with a worker: longer than this none may.
LONGEST_ETA = 60
#: So often a job that killed its worker is tried again.
MOST_RETRIES = 3

redis_transport.install()
log_context.install()
app = Celery("badgejobs", include=["badgejobs.jobs.tasks"])
app.conf.update(
    # Data only, and as little as can be: a message names a site and a source, or a row.
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    result_accept_content=["json"],
    # Results are for people who watch; nothing that matters is read from them.
    task_ignore_result=False,
    result_expires=timedelta(hours=1),
    task_track_started=False,
    # A worker that dies gives its job back, and a job that kills its worker runs four times at
    # most. Late acknowledgement alone loses jobs all the same: the database rings again.
    task_acks_late=True,
    task_retry_on_worker_lost=True,
    task_reject_on_worker_lost=False,
    task_acks_on_failure=True,
    task_acks_on_timeout=True,
    task_time_limit=TIME_LIMIT,
    task_soft_time_limit=SOFT_TIME_LIMIT,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=SOFT_SHUTDOWN,
    worker_max_tasks_per_child=1000,
    worker_max_memory_per_child=300_000,
    # True ends the jobs at work whenever the broker is lost for a moment; each is then run twice,
    # and its requests to Wix are made in vain. Here a job that is handed out again meets the lease
    # of the first and ends, so letting them finish is safe. Said since Celery 6 means True.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # One queue a lane, so that what is short never waits behind what is long.
    task_routes=(queues.route,),
    broker_transport_options=dict(brokers.REDIS),
    result_backend_transport_options={"visibility_timeout": brokers.VISIBILITY_TIMEOUT},
    # A bell that cannot be rung soon is not worth waiting for: the next tick rings it.
    task_publish_retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5},
    # They cost much of the time of small tasks, and only Flower listens: it switches them on by
    # itself, on workers that run and on those that come later, within five seconds.
    worker_send_task_events=False,
    task_send_sent_event=False,
    timezone="UTC",
    beat_max_loop_interval=5,
    # Also for who starts beat by Celery's own command.
    beat_scheduler="badgejobs.jobs.beating:Ticking",
)

_settings: Settings | None = None
_redis_url: str | None = None
_house: tuple[int, House] | None = None
#: The threads of a worker ask for the house at once, and it is opened once.
_opening = Lock()


def configure(
    settings: Settings, *, broker_url: str, redis_url: str, results_url: str | None = None
) -> Celery:
    """Bind the application to its broker and settings, and return it.

    ``broker_url`` is Celery's form of the address and ``redis_url`` redis-py's; for a server on
    a Unix socket the two differ. ``results_url``, in Celery's form, is where results are kept: the
    broker unless it is told, as it must be where that is a RabbitMQ. Raises ``SettingsError``
    where settings break the order that keeps a job from running twice.
    """
    global _settings, _redis_url
    app.conf.update(
        brokers.settings_for(
            broker_url,
            results_url=results_url or broker_url,
            queue_prefix=settings.queue_prefix,
            quorum=settings.broker_queues == "quorum",
        )
    )
    tick = settings.tick_seconds
    app.conf.beat_schedule = {
        # A tick that no worker took in time is not worth taking: the next one sees the same.
        "tick": {
            "task": "badgejobs.tick",
            "schedule": schedule(run_every=timedelta(seconds=tick)),
            "kwargs": {"by_beat": True},
            "options": {"expires": tick},
        },
        "daily reconcile": {
            "task": "badgejobs.reconcile",
            "schedule": crontab(hour="3", minute="30"),
            "kwargs": {"by_beat": True},
            "options": {"expires": 3600},
        },
    }
    check(settings)
    _settings, _redis_url = settings, redis_url
    return app


def check(settings: Settings) -> None:
    """Refuse settings under which a job could be handed out again while it still runs.

    The order is: visibility timeout >= 2 x time limit > claim on an award > request deadline.
    """
    deadline = settings.assign.request_deadline_seconds
    claim = deadline + 15
    options = app.conf.broker_transport_options
    rules = {
        "visibility timeout >= 2 x time limit": (
            # none: a RabbitMQ gives nothing out again while the worker's connection stands
            options.get("visibility_timeout", 2 * app.conf.task_time_limit)
            >= 2 * app.conf.task_time_limit
        ),
        "time limit > claim on an award": app.conf.task_time_limit > claim,
        "slice < soft time limit": (
            settings.scan.slice_seconds + deadline < app.conf.task_soft_time_limit
        ),
        "prefetch of 1": app.conf.worker_prefetch_multiplier == 1,
    }
    broken = [name for name, holds in rules.items() if not holds]
    if broken:
        raise SettingsError(
            f"these settings would let a job run twice at once: {', '.join(broken)}; lower "
            "assign.request_deadline_seconds or scan.slice_seconds"
        )


def check_tasks() -> None:
    """Refuse tasks that would be tried again too late, or for ever.

    Imports every task, and with them the libraries of the house. Raises ``SettingsError``.
    """
    app.loader.import_default_modules()
    broken = sorted(
        name
        for name, task in app.tasks.items()
        # Celery brings tasks of its own that nobody sends here: chords, maps, a clean-up.
        if not name.startswith("celery.")
        and not (
            0 <= task.default_retry_delay <= LONGEST_ETA
            and task.max_retries is not None
            and task.max_retries <= MOST_RETRIES
            and not getattr(task, "autoretry_for", ())
        )
    )
    if broken:
        raise SettingsError(
            f"these tasks could be tried again after more than {LONGEST_ETA} s, or more than "
            f"{MOST_RETRIES} times: {', '.join(broken)}; set default_retry_delay and max_retries "
            "on their class, and leave out autoretry_for"
        )


def house() -> House:
    """The house of this process, opened at first use.

    A forked child never uses what its parent opened: shared connections mix up answers.
    """
    global _house  # noqa: PLW0603 - one per process, by its id
    with _opening:
        if _house is None or _house[0] != os.getpid():
            if _settings is None or _redis_url is None:
                raise SettingsError(
                    "the Celery application is not configured; use `badgejobs worker`"
                )
            # Beat and Flower never need one, and start in half the time without its libraries.
            from badgejobs.bootstrap import open_house  # noqa: PLC0415 - as said
            from badgejobs.jobs import tracing  # noqa: PLC0415 - as said

            _house = (os.getpid(), open_house(_settings, redis_url=_redis_url))
            tracing.watch(_house[1].store)
        return _house[1]


def run(arguments: list[str]) -> int:
    """Run one of Celery's programs in this process; its exit code.

    Celery itself ends well after a worker that could not go on, and whoever keeps it running
    would not start it again. Raises ``KeyboardInterrupt`` where it is ended while it starts.
    """
    try:
        code: int | None = app.start(arguments)
    except Abort:
        raise KeyboardInterrupt from None
    return code or _failed_with


#: The exit code of this process's worker, known when it ends.
_failed_with = 0


@worker_shutdown.connect
def _remember_how_it_ended(sender: Any, **_: object) -> None:
    global _failed_with  # noqa: PLW0603 - one worker a process
    _failed_with = sender.exitcode or 0


@worker_process_init.connect
def _forget_the_parents_house(**_: object) -> None:
    """In a fresh pool child: drop what was inherited, without closing the parent's sockets."""
    global _house, _opening  # noqa: PLW0603 - as above
    _opening = Lock()  # another thread of the parent may have held it
    if _house is not None and _house[0] != os.getpid():
        _house[1].abandon()
        _house = None
