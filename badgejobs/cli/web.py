"""``badgejobs web``: health and metrics over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from ipaddress import ip_address

import structlog

from badgejobs.bootstrap.figures import figures
from badgejobs.cli.finding import Finding
from badgejobs.cli.health_checks import database_answers, examined
from badgejobs.cli.opening import settled, watched
from badgejobs.cli.output import Output
from badgejobs.config import Settings
from badgejobs.intake.health_page import HealthPage, Report
from badgejobs.intake.metrics_page import MetricsPage
from badgejobs.intake.server import serve_page
from badgejobs.metrics import Figures, exposed
from badgejobs.store import open_store

log = structlog.get_logger(__name__)


def web() -> None:
    """Answer whether the work goes on, over HTTP on loopback; until Ctrl-C.

    /health/live: this process; /health/ready: the database; /health: what `badgejobs health`
    looks at, with 503 where something is wrong. /metrics: numbers for Prometheus; beyond loopback
    only for who sends the token of metrics.token_file. Tells no names of sites and no secrets.

    Example: badgejobs web
    """
    settings, out = settled(), Output()
    watched(settings.owner)
    told = settings.health
    if not ip_address(told.host).is_loopback:
        log.warning("health is told beyond this machine", host=told.host)
    page = HealthPage(
        ready=lambda: reported([database_answers(settings)]), whole=partial(whole, settings)
    )
    also = [metrics_page(settings).add_to] if settings.metrics.enabled else []
    serve_page(
        page.application(*also),
        told.host,
        told.port,
        ready=lambda url: out.note(f"health is told at {url}/health"),
    )


def metrics_page(settings: Settings) -> MetricsPage[Figures]:
    """What answers Prometheus, as the settings say."""
    token = settings.metrics.token
    return MetricsPage(
        partial(measured, settings),
        lambda found, accept: exposed(found, accept=accept),
        token=token.get_secret_value() if token else None,
        open_to_all=ip_address(settings.health.host).is_loopback,
    )


def measured(settings: Settings) -> Figures:
    """How everything stands now."""
    store = open_store(settings.database, brief=True)
    try:
        return figures(settings, store)
    finally:
        store.dispose()


def whole(settings: Settings) -> Report:
    """What `badgejobs health` finds."""
    return reported(examined(settings))


def reported(found: Sequence[Finding]) -> Report:
    """Findings for whoever asks: of an error only that there is one, for it may name a server."""
    all_well = all(one.ok for one in found)
    checks = {
        one.check: {"ok": one.ok, "finding": "does not answer" if one.error else one.finding}
        for one in found
    }
    return Report(ok=all_well, told={"ok": all_well, "checks": checks})
