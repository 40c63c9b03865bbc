"""Traces by OpenTelemetry's standard instrumentations, begun in each process after its fork.

What they note is what their authors thought useful: URLs with ids in them, texts of errors with
the values of a statement. So only what is known to be harmless is sent on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from celery.signals import worker_process_init, worker_process_shutdown

from badgejobs.errors import SettingsError
from badgejobs.store import SqlStore

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

#: What is sent of a span beside its name, its place and its times. Statements have places in
#: them where values stood, and URLs are left out.
HARMLESS: Final = frozenset(
    {
        "celery.action", "celery.state", "celery.task_name", "celery.retries",
        "messaging.message.id", "messaging.message_id", "messaging.destination",
        "messaging.destination_kind",
        "http.method", "http.request.method", "http.status_code", "http.response.status_code",
        "error.type",
        "db.system", "db.system.name", "db.operation", "db.operation.name", "db.statement",
        "db.query.text",
    }
)  # fmt: skip

_provider: TracerProvider | None = None


def require_libraries() -> None:
    """``SettingsError`` where the libraries of the extra are not installed."""
    try:
        from opentelemetry.exporter.otlp.proto.http import trace_exporter  # noqa: F401, PLC0415
        from opentelemetry.instrumentation import celery, httpx, sqlalchemy  # noqa: F401, PLC0415
    except ImportError:
        raise SettingsError(
            "otel is switched on, and its libraries are missing: run "
            "`pip install 'badgejobs[otel]'`, or set otel = false and unset "
            "OTEL_EXPORTER_OTLP_ENDPOINT"
        ) from None


def trace_workers(*, forks: bool) -> None:
    """Trace what this worker does: in its children where it forks, else in this process."""
    require_libraries()
    if forks:
        worker_process_init.connect(_begin)
        worker_process_shutdown.connect(_end)
    else:
        _begin()


def watch(store: SqlStore) -> None:
    """Trace the statements of a store, where this process traces."""
    if _provider is not None:
        from opentelemetry.instrumentation.sqlalchemy import (  # noqa: PLC0415 - an extra
            SQLAlchemyInstrumentor,
        )

        # Its own bound is SQLAlchemy below 2.1, whose events it uses are the same since; a test
        # holds that it does trace. Without this word it would say so in a line and do nothing.
        SQLAlchemyInstrumentor().instrument(
            engine=store.engine_to_watch, tracer_provider=_provider, skip_dep_check=True
        )


def provider_over(exporter: SpanExporter) -> TracerProvider:
    """What makes spans and hands what is harmless of them to an exporter, in bundles."""
    from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above

    named = Resource.create({SERVICE_NAME: "badgejobs"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(_only_harmless(exporter)))
    return provider


def begin(provider: TracerProvider) -> None:
    """Switch the instrumentations of tasks and requests on."""
    global _provider  # noqa: PLW0603 - one a process
    from opentelemetry.instrumentation.celery import CeleryInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor  # noqa: PLC0415

    tasks: Any = CeleryInstrumentor  # it says nothing of its types
    tasks().instrument(tracer_provider=provider)
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    _provider = provider


def _begin(**_: object) -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    begin(provider_over(OTLPSpanExporter()))


def _end(**_: object) -> None:
    """Send what is still here; a child of a worker ends without asking anybody else."""
    if _provider is not None:
        _provider.shutdown()


def harmless(span: ReadableSpan) -> ReadableSpan:
    """The same span without all that could hold data of a member, or a secret."""
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415 - an extra
    from opentelemetry.trace import Status  # noqa: PLC0415 - as above

    told = span.attributes or {}
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: value for name, value in told.items() if name in HARMLESS},
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )


def _only_harmless(exporter: SpanExporter) -> SpanExporter:
    from opentelemetry.sdk.trace.export import SpanExporter  # noqa: PLC0415 - an extra

    class OnlyHarmless(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return exporter.export([harmless(span) for span in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return exporter.force_flush(timeout_millis)

    return OnlyHarmless()
