"""One form for all logs, ours and those of libraries: on stderr, for eyes or as JSON lines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection
from typing import Any

import structlog
from structlog.typing import EventDict

from badgejobs.core.identity import Digest, member
from badgejobs.errors import BadgeJobsError

#: Each request, tick and job of these at INFO would be a line; jobs tell their outcome themselves.
_TALKATIVE = (
    "httpx",
    "httpcore",
    "tornado.access",
    "alembic",
    "asyncio",
    "kombu",
    "celery.app.trace",
    "celery.beat",
    "celery.worker.strategy",
)


#: Errors of libraries that mean a connection that was lost or refused, by their names.
_LOST = frozenset({"ConnectionError", "TimeoutError", "OperationalError", "SchedulingError"})


class _OneLine(logging.Filter):
    """What Celery says of a lost connection is one line: where it noticed that is no news."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record; it is shown in any case."""
        celerys = record.name.startswith(("celery.", "kombu")) and record.name != "celery.app.trace"
        if celerys and record.exc_info and type(record.exc_info[1]).__name__ in _LOST:
            record.exc_info = record.exc_text = None
        if record.name == "py.warnings":
            head = record.getMessage().partition("Traceback (most recent call last)")[0]
            record.msg, record.args = " ".join(head.split()), ()
        return True


#: Under these names an id of a member may stand in a line, and under these several.
_MEMBER = frozenset({"member", "member_id", "memberId", "contact", "contact_id", "contactId"})
_MEMBERS = frozenset({"members", "member_ids", "memberIds", "contacts"})
#: So much of a digest tells members of one log apart.
_SHOWN = 16


class HashedIds:
    """Ids of members as digests: the same one throughout, and nobody can turn it back."""

    def __init__(self, digest: Digest | None) -> None:
        self._digest = digest

    def __call__(self, _logger: object, _method: str, line: EventDict) -> EventDict:
        """The line, with a digest in the place of each id."""
        for name in _MEMBER & line.keys():
            line[name] = self._hashed(line[name])
        for name in _MEMBERS & line.keys():
            if isinstance(line[name], Collection) and not isinstance(line[name], str):
                line[name] = [self._hashed(one) for one in line[name]]
            elif not isinstance(line[name], int):  # how many there are may be told
                line[name] = self._hashed(line[name])
        return line

    def _hashed(self, value: object) -> object:
        if value is None or value == "":
            return value
        if self._digest is None:
            return "#"
        try:
            return f"#{member(str(value), self._digest)[:_SHOWN]}"
        except BadgeJobsError:
            return "#"  # without a key nothing is told of them


def set_up_logs(
    *, level: str, form: str, digest: Digest | None = None, shows_ids: bool = False
) -> None:
    """Send every log line through structlog; ``form`` is ``console`` or ``json``.

    With a ``digest`` ids of members are shown as such, and without one not at all, unless they are
    to be shown as they are. The root logger has a handler from then
    on, so that Celery adds none of its own.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(allow=())],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([] if shows_ids else [HashedIds(digest)]),
                *_last_steps(form),
            ],
        )
    )
    handler.addFilter(_OneLine())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _last_steps(form: str) -> list[Any]:
    if form == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    # Local variables in a pretty traceback could show a secret.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
