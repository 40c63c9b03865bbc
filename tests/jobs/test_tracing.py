"""What of a span is sent on, and what is said where the extra is missing."""

from __future__ import annotations

import sys

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from sqlalchemy.exc import IntegrityError

from badgejobs.errors import SettingsError
from badgejobs.jobs.tracing import HARMLESS, provider_over, require_libraries

CANARY = "canary-member-1234"


def test_of_a_span_only_what_is_harmless_is_sent() -> None:
    kept = InMemorySpanExporter()
    provider = provider_over(kept)
    tracer = provider.get_tracer("test")
    error = IntegrityError("INSERT", {"member_id": CANARY}, ValueError(f"Key ({CANARY}) exists"))
    attributes: dict[str, str | int] = {
        "http.url": f"https://www.wixapis.com/members/{CANARY}",
        "url.full": f"https://www.wixapis.com/?filter={CANARY}",
        "http.request.header.authorization": CANARY,
        "db.params": CANARY,
        "celery.kwargs": CANARY,
        "http.status_code": 503,
        "db.statement": "SELECT 1 FROM award WHERE member_id = ?",
    }
    with pytest.raises(IntegrityError), tracer.start_as_current_span("GET", attributes=attributes):
        raise error
    provider.shutdown()

    (span,) = kept.get_finished_spans()
    assert CANARY not in span.to_json()
    told = dict(span.attributes or {})
    assert told.keys() == {"http.status_code", "db.statement"} <= HARMLESS
    assert span.status.status_code is StatusCode.ERROR
    assert span.resource.attributes["service.name"] == "badgejobs"


def test_without_the_extra_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    require_libraries()
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation", None)
    monkeypatch.delitem(sys.modules, "opentelemetry.instrumentation.celery", raising=False)
    with pytest.raises(SettingsError, match=r"pip install 'badgejobs\[otel\]'.*otel = false"):
        require_libraries()
