"""What came of tasks that were rung for, and of those that they rang for in their turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from celery import states
from celery.result import AsyncResult

from badgejobs.errors import BrokerUnavailable
from badgejobs.jobs.app import app

#: Results are looked for so often.
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One task, and what it answered."""

    task: str
    #: ``None`` where no worker has ended it yet.
    result: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """A small object, with ``result`` only where there is one."""
        return {"task": self.task} | ({} if self.result is None else {"result": self.result})


def follow(
    tasks: Iterable[str], *, sleep: Callable[[float], None], time_is_up: Callable[[], bool]
) -> Iterator[Heard]:
    """Each of these tasks when it has ended, and so what it rang for; the rest when time is up.

    Raises ``BrokerUnavailable`` where results cannot be read.
    """
    waiting = list(dict.fromkeys(tasks))
    known = set(waiting)
    while waiting:
        for task in list(waiting):
            ended, result, children = _looked(task)
            if ended:
                waiting.remove(task)
                new = [one for one in children if one not in known]
                known.update(new)
                waiting.extend(new)
                yield Heard(task=task, result=result)
        if waiting:
            if time_is_up():
                break
            sleep(LOOK_SECONDS)
    yield from (Heard(task=task, result=None) for task in waiting)


def _looked(task: str) -> tuple[bool, dict[str, Any], list[str]]:
    """Whether a task has ended, its answer, and the tasks that it sent."""
    found: Any = AsyncResult(task, app=app)
    lost: tuple[type[Exception], ...] = (*getattr(app.backend, "connection_errors", ()), OSError)
    try:
        state = found.state
        if state not in states.READY_STATES:
            return False, {}, []
        result, children = found.result, found.children or []
    except lost as error:
        raise BrokerUnavailable(
            f"results cannot be read ({type(error).__name__}); the work goes on without"
        ) from None
    if not isinstance(result, dict):
        # an error of ours, whose text is the worker's log's
        result = {"error": f"{type(result).__name__}; the log of the worker says more"}
    return True, result, [str(one.id) for one in children]
