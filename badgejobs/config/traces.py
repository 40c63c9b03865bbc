"""Whether traces are wanted: by our setting, or by OpenTelemetry's own variable."""

from __future__ import annotations

import os

from badgejobs.config.settings import Settings

#: Where OpenTelemetry sends to; who sets it wants traces.
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def wants_traces(settings: Settings) -> bool:
    """Whether workers are to send traces."""
    return settings.otel or any(os.environ.get(name) for name in _ENDPOINTS)
