from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import Task

from badgejobs.config import Assign, Scan, Settings
from badgejobs.errors import SettingsError
from badgejobs.jobs import app as jobs

#: What the reliability of jobs rests on: a bell may be lost, late or doubled, never for long.
PINNED: dict[str, Any] = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "result_accept_content": ["json"],
    # Usually True. Here Flower shows people what a job did, so results are kept for an hour;
    # nothing reads them.
    "task_ignore_result": False,
    "result_expires": timedelta(hours=1),
    "task_track_started": False,
    "task_acks_late": True,
    "task_retry_on_worker_lost": True,
    # Rejecting would hand the job out again without counting.
    "task_reject_on_worker_lost": False,
    "task_acks_on_failure": True,
    "task_acks_on_timeout": True,
    "task_time_limit": 120,
    "task_soft_time_limit": 100,
    "worker_prefetch_multiplier": 1,
    "worker_soft_shutdown_timeout": 25,
    "worker_max_tasks_per_child": 1000,
    "worker_max_memory_per_child": 300_000,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5},
    "worker_hijack_root_logger": False,
    # Flower switches them on, and nobody else listens.
    "worker_send_task_events": False,
    "task_send_sent_event": False,
}
TRANSPORT = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
#: What counts in the end is how each task has it; a class may say otherwise than the settings.
OF_EACH_TASK = {
    "acks_late": True,
    "acks_on_failure": True,
    "acks_on_timeout": True,
    "reject_on_worker_lost": False,
    "retry_on_worker_lost": True,
    "track_started": False,
    "serializer": "json",
    "max_retries": 3,
    "default_retry_delay": 10,
    "time_limit": 120,
    "soft_time_limit": 100,
}
#: Rung every few seconds, and nobody looks at their results.
WITHOUT_RESULT = {"badgejobs.tick"}


def our_tasks() -> dict[str, Task[..., Any]]:
    jobs.app.loader.import_default_modules()
    return {n: task for n, task in jobs.app.tasks.items() if n.startswith("badgejobs.")}


def settings(*, deadline: int = 30, slice_seconds: int = 50) -> Settings:
    return Settings.model_construct(
        assign=Assign.model_construct(request_deadline_seconds=deadline),
        scan=Scan.model_construct(slice_seconds=slice_seconds),
    )


@pytest.fixture
def conf() -> Iterator[None]:
    """Puts the settings of the one Celery application back as they were."""
    options = dict(jobs.app.conf.broker_transport_options)
    limit = jobs.app.conf.task_time_limit
    prefetch = jobs.app.conf.worker_prefetch_multiplier
    yield
    jobs.app.conf.broker_transport_options = options
    jobs.app.conf.task_time_limit = limit
    jobs.app.conf.worker_prefetch_multiplier = prefetch


@pytest.fixture
def scan_task() -> Iterator[Task[..., Any]]:
    """A registered task, as it was at the end."""
    task = our_tasks()["badgejobs.scan"]
    kept = dict(vars(task))
    yield task
    vars(task).clear()
    vars(task).update(kept)


@pytest.mark.parametrize("name", PINNED)
def test_each_setting_that_jobs_rely_on_is_as_it_was_measured_to_work(name: str) -> None:
    assert jobs.app.conf[name] == PINNED[name]


@pytest.mark.parametrize("name", TRANSPORT)
def test_each_setting_of_the_transport_is_as_it_was_measured_to_work(name: str) -> None:
    assert jobs.app.conf.broker_transport_options[name] == TRANSPORT[name]


def test_the_result_backend_forgets_what_it_handed_out_when_the_broker_does() -> None:
    found = jobs.app.conf.result_backend_transport_options
    assert found["visibility_timeout"] == TRANSPORT["visibility_timeout"]


@pytest.mark.parametrize("name", OF_EACH_TASK)
def test_no_task_has_it_otherwise_than_all(name: str) -> None:
    tasks = our_tasks()
    assert len(tasks) >= 6
    # Celery asks the settings where a task leaves a time limit open.
    default = jobs.app.conf.get(f"task_{name}")
    found = {n: getattr(task, name) for n, task in tasks.items()}
    effective = {n: default if value is None else value for n, value in found.items()}
    assert effective == dict.fromkeys(tasks, OF_EACH_TASK[name])


def test_all_but_the_tick_keep_a_result_for_those_who_watch() -> None:
    assert {n for n, task in our_tasks().items() if task.ignore_result} == WITHOUT_RESULT


def test_the_tasks_that_we_ship_are_tried_again_soon_and_not_for_ever() -> None:
    jobs.check_tasks()


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("default_retry_delay", 61),
        ("default_retry_delay", 180),  # Celery's default
        ("max_retries", None),  # for ever
        ("max_retries", 4),
        ("autoretry_for", (OSError,)),
    ],
)
def test_a_task_that_is_tried_again_late_or_for_ever_is_refused_by_name(
    attribute: str, value: object, scan_task: Task[..., Any]
) -> None:
    setattr(scan_task, attribute, value)

    with pytest.raises(SettingsError, match=r"badgejobs\.scan; set default_retry_delay"):
        jobs.check_tasks()


def test_a_task_that_waits_for_a_minute_is_just_allowed(scan_task: Task[..., Any]) -> None:
    scan_task.default_retry_delay = jobs.LONGEST_ETA
    jobs.check_tasks()


def test_the_settings_that_we_ship_keep_the_order() -> None:
    jobs.check(settings())


def test_a_claim_that_outlasts_the_time_limit_is_refused() -> None:
    with pytest.raises(SettingsError, match="time limit > claim on an award"):
        jobs.check(settings(deadline=jobs.TIME_LIMIT - 15))


def test_a_slice_that_the_soft_limit_would_cut_is_refused_with_the_cure() -> None:
    with pytest.raises(SettingsError, match=r"lower .*scan\.slice_seconds"):
        jobs.check(settings(deadline=40, slice_seconds=60))


def test_a_visibility_timeout_shorter_than_two_time_limits_is_refused(conf: None) -> None:
    options = jobs.app.conf.broker_transport_options
    jobs.app.conf.broker_transport_options = options | {"visibility_timeout": 239}

    with pytest.raises(SettingsError, match="visibility timeout"):
        jobs.check(settings())


def test_more_than_one_job_in_hand_is_refused(conf: None) -> None:
    jobs.app.conf.worker_prefetch_multiplier = 4

    with pytest.raises(SettingsError, match="prefetch"):
        jobs.check(settings())


def test_every_broken_rule_is_named_at_once(conf: None) -> None:
    jobs.app.conf.worker_prefetch_multiplier = 4

    with pytest.raises(SettingsError) as refused:
        jobs.check(settings(deadline=200))

    for name in ("time limit", "slice", "prefetch"):
        assert name in str(refused.value)
