"""Every line that is logged while a task is at work carries the task's id, Celery's lines too."""

from __future__ import annotations

from celery.signals import task_postrun, task_prerun
from structlog.contextvars import bind_contextvars, unbind_contextvars


def install() -> None:
    """Have Celery tell us when a task begins and ends."""
    task_prerun.connect(_begin)
    task_postrun.connect(_end)


def _begin(task_id: str, **_: object) -> None:
    bind_contextvars(task_id=task_id)


def _end(**_: object) -> None:
    unbind_contextvars("task_id")
