"""The doctor's look at Wix: reachable, clock, credentials, permissions, badges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from badgejobs.bootstrap import House, SiteHouse
from badgejobs.cli.finding import Finding, failed, looked_at
from badgejobs.errors import BadgeJobsError, RulesError, SettingsError

#: Further apart, stamps of orders look as if they came from the future.
MOST_SKEW = timedelta(seconds=60)
#: An id that no badge has: asked for only to see whether asking is allowed.
_NOTHING = "00000000-0000-0000-0000-000000000000"

_CREDENTIALS = "check app_id, app_secret and instance_id, or api_key and site_id, of this site"
_SCOPES = "add the permission to your app in the Wix dashboard and install its new version"
_REACH = "see that this machine reaches Wix, or correct BADGEJOBS_WIX_BASE_URL"


def examined_wix(house: House, site: str) -> Iterator[Finding]:
    """Credentials, then what they may read, then the clock and the badges."""
    try:
        at = house.at(site)
        comment_app = next(iter(at.profile.comment_apps), None)
        scopes = at.badges.probe(comment_app=comment_app)
    except BadgeJobsError as error:
        known = isinstance(error, SettingsError)
        yield failed(f"{site}: credentials", error, cure=_CREDENTIALS if known else _cure(error))
        return
    yield Finding(check=f"{site}: credentials", ok=True, finding="accepted")
    for scope, wrong in scopes.items():
        yield Finding(
            check=f"{site}: {scope}", ok=wrong is None,
            finding=wrong or "granted", cure="" if wrong is None else _SCOPES,
        )  # fmt: skip
    yield looked_at(f"{site}: assignments", lambda: _assignments(at), cure=_SCOPES)
    if all(wrong is None for wrong in scopes.values()):
        yield _clock(at, site)
        yield _badges(at, site)


def _cure(error: BadgeJobsError) -> str:
    return _REACH if "credential" not in type(error).__name__.lower() else _CREDENTIALS


def _assignments(at: SiteHouse) -> str:
    at.badges.assignments([_NOTHING], [_NOTHING])
    return "can be read"


def _clock(at: SiteHouse, site: str) -> Finding:
    check = f"{site}: clock"
    try:
        page = at.badges.search_orders(datetime.now(UTC) + timedelta(days=1), None)
    except BadgeJobsError as error:
        return failed(check, error, cure=_REACH)
    if page.answered_at is None:
        return Finding(check=check, ok=True, finding="Wix did not say its time")
    skew = (datetime.now(UTC) - page.answered_at).total_seconds()
    return Finding(
        check=check, ok=abs(skew) <= MOST_SKEW.total_seconds(),
        finding=f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} Wix",
        cure="" if abs(skew) <= MOST_SKEW.total_seconds() else "let NTP set this machine's clock",
    )  # fmt: skip


def _badges(at: SiteHouse, site: str) -> Finding:
    """Each title of the rules stands at Wix at most once, and those not ours to create do."""
    check = f"{site}: badges"
    try:
        rules = at.rules()
        titles = Counter(badge.title.strip().casefold() for badge in at.badges.badges())
    except RulesError as error:
        return failed(check, error, cure="see `badgejobs rules help`")
    except BadgeJobsError as error:
        return failed(check, error, cure=_REACH)
    wanted = {one.title: one for one in rules.milestones}
    twins = [title for title in wanted if titles[title.strip().casefold()] > 1]
    absent = [
        title for title, one in wanted.items()
        if one.look is None and not titles[title.strip().casefold()]
    ]  # fmt: skip
    if twins:
        return Finding(
            check=check, ok=False, finding=f"stand twice at Wix: {', '.join(twins)}",
            cure="rename or delete one of each in the dashboard",
        )  # fmt: skip
    if absent:
        return Finding(
            check=check, ok=False, finding=f"not at Wix: {', '.join(absent)}",
            cure="create them in the dashboard, or give their rules a look (badge: {title: ...})",
        )  # fmt: skip
    new = sum(not titles[title.strip().casefold()] for title in wanted)
    return Finding(
        check=check, ok=True,
        finding=(
            f"{titles.total()} at Wix; of {len(wanted)} in the rules {new} will be created; titles "
            "and descriptions keep to Wix's limits (50 and 1,500 characters); how many badges a "
            "site may have Wix does not say"
        ),
    )  # fmt: skip
