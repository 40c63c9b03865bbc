"""The application for Celery's own program: ``celery -A badgejobs call badgejobs.scan ...``.

It reads the same settings as our commands, and starts the embedded broker where none is
configured and it does not run. Raises ``SettingsError`` where settings cannot be used; Celery's
program ends with its one sentence.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

from badgejobs.cli.opening import bind_celery, broker, settled
from badgejobs.errors import BadgeJobsError, SettingsError
from badgejobs.jobs.app import app
from badgejobs.jobs.asking import CELERY, WORKER, sends_as

__all__ = ["app"]

#: The embedded broker is ours to use until this process ends.
_held = ExitStack()


def _configured() -> None:
    if "flower" in sys.argv[1:]:
        raise SettingsError(
            "Flower started by `celery` would be open to everyone; run `badgejobs flower`"
        )
    settings = settled()
    address = _held.enter_context(broker(settings))
    bind_celery(settings, address)
    # Celery's own log of `celery worker` is the one to see, not a redirection of it.
    app.conf.worker_redirect_stdouts = False
    sends_as(WORKER if {"worker", "beat"} & set(sys.argv[1:]) else CELERY)


try:
    _configured()
except BadgeJobsError as error:
    if Path(sys.argv[0]).name != "celery":
        raise
    sys.exit(f"badgejobs: {error}")
