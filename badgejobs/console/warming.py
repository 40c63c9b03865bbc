"""A look at each page before anybody waits for one: what only the first costs is spent by then."""

from __future__ import annotations

from contextlib import suppress

from badgejobs.console import charts
from badgejobs.console.ports import Explaining, Views
from badgejobs.console.rendering import environment
from badgejobs.errors import BadgeJobsError


def warm(views: Views, explaining: Explaining) -> None:
    """Make the templates ready, and look once at what the overview and the largest site show.

    From then on all statements are put together, and the rules of that site are read. What cannot
    be looked at now is told of by the page, once somebody asks for it.
    """
    for name in environment().list_templates(["html"]):
        environment().get_template(name)
    with suppress(BadgeJobsError):
        worst, first = views.totals().worst, views.sites().rows
        views.alerts()
        views.runs()
        views.runs(failed=True)
        if lines := [*first, *worst]:
            _warm_site(max(lines, key=lambda one: one.holders).site, views, explaining)


def _warm_site(site: str, views: Views, explaining: Explaining) -> None:
    views.site(site)
    views.alerts(site)
    views.happenings(site)
    views.steps(site)
    views.runs(site)
    views.drift(site)
    views.quarantine(site)
    explaining.sources(site)
    charts.given_and_taken(tuple(views.days(site)))
    if badges := views.badges(site):
        largest = max(badges, key=lambda one: one.holders)
        views.holders(site, largest.badge)
        explaining.rule_in_words(site, largest.badge)
        charts.standing(tuple(views.days(site, badge=largest.badge)), largest.holders)
