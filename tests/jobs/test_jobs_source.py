"""What no job may say, read from the source itself."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import badgejobs
from badgejobs.jobs import tasks
from badgejobs.jobs.app import app

PACKAGE = Path(badgejobs.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

#: The longest a message may wait inside the broker, in seconds: far below the moment at which
#: the broker hands it out again.
LONGEST_ETA = 60
#: All that a job may be told.
NAMES = {"by_beat", "site", "source", "track", "request"}


def late_calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls that hand a message a time which is not a small literal: (line, keyword)."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        for keyword in call.keywords:
            if keyword.arg == "eta":
                yield call.lineno, "eta"
            if keyword.arg == "countdown":
                value = keyword.value
                small = isinstance(value, ast.Constant) and (
                    isinstance(value.value, int | float) and value.value <= LONGEST_ETA
                )
                if not small:
                    yield call.lineno, "countdown"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_message_waits_in_the_broker(module: Path) -> None:
    assert list(late_calls(ast.parse(module.read_text("utf-8")))) == []


def own_retries(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where Celery is asked to run a job again by itself: (line, name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in {"autoretry_for", "retry_backoff"}:
            yield node.value.lineno, node.arg
        if isinstance(node, ast.Name) and node.id == "autoretry_for":
            yield node.lineno, node.id
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr == "retry":
            yield called.lineno, "retry"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_job_runs_again_by_celery(module: Path) -> None:
    assert list(own_retries(ast.parse(module.read_text("utf-8")))) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("@shared_task(autoretry_for=(OSError,))\ndef job(): ...", ["autoretry_for"]),
        ("class Bell(Task):\n    autoretry_for = (OSError,)", ["autoretry_for"]),
        ("raise self.retry(exc=error)", ["retry"]),
        ("retry = Retry(NoBackoff(), 0)", []),
    ],
)
def test_the_search_for_retries_finds_what_it_is_for(source: str, found: list[str]) -> None:
    assert [name for _, name in own_retries(ast.parse(source))] == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("send(countdown=61)", ["countdown"]),
        ("send(countdown=seconds)", ["countdown"]),
        ("send(eta=now)", ["eta"]),
        ("send(countdown=60)", []),
    ],
)
def test_the_search_finds_what_it_is_for(source: str, found: list[str]) -> None:
    assert [name for _, name in late_calls(ast.parse(source))] == found


def ours() -> list[str]:
    app.loader.import_default_modules()
    return sorted(name for name in app.tasks if name.startswith("badgejobs."))


def test_the_tasks_are_those_we_know() -> None:
    assert ours() == [
        f"badgejobs.{name}"
        for name in (
            *(
                "assign",
                "check_member",
                "flip",
                "notify",
                "probe_site",
                "provision",
                "quarantine",
                "reconcile",
                "scan",
            ),
            "tick",
        )
    ]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "assign",
            "check_member",
            "flip",
            "notify",
            "probe_site",
            "provision",
            "quarantine",
            "reconcile",
        ),
        "scan",
    ],
)
def test_a_job_is_told_names_and_row_ids_and_no_data(name: str) -> None:
    parameters = inspect.signature(getattr(tasks, name).run).parameters

    assert set(parameters) <= NAMES
    assert {one.kind for one in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}


def test_a_job_that_kills_its_worker_is_tried_a_few_times_only() -> None:
    assert {app.tasks[name].max_retries for name in ours()} == {3}
    assert {app.tasks[name].default_retry_delay for name in ours()} <= set(range(LONGEST_ETA))


def test_celery_keeps_the_settings_that_its_faults_ask_for() -> None:
    conf = app.conf
    assert conf.task_acks_late
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.worker_cancel_long_running_tasks_on_connection_loss is False
    assert conf.broker_transport_options["visibility_timeout"] >= 2 * conf.task_time_limit
    assert conf.task_soft_time_limit < conf.task_time_limit
