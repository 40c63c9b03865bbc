"""The doctor's look at Wix: reachable, clock, credentials, permissions, badges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from badgejobs.bootstrap import House, SiteHouse
from badgejobs.cli.finding import Finding, failed
from badgejobs.config.layers import variable
from badgejobs.errors import BadgeJobsError, RulesError, SettingsError
from badgejobs.wix import wire
from badgejobs.wix.client import is_unknown_path
from badgejobs.wix.protocol import TooManyToCount

#: Further apart, stamps of orders look as if they came from the future.
MOST_SKEW = timedelta(seconds=60)
_SETTING = ("wix_assignment_paths",)

_CREDENTIALS = "check app_id, app_secret and instance_id, or api_key and site_id, of this site"
_SCOPES = "add the permission to your app in the Wix dashboard and install its new version"
_APPS = "an app that is not installed is to be installed or taken out of comment_apps"
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
    paths = _assignment_paths(at, site, house.settings.wix_assignment_paths)
    yield paths
    if not paths.ok:
        # Asked at a path of assignments, so it tells nothing now.
        del scopes[wire.SCOPE_MANAGE_BADGES]
    for scope, wrong in scopes.items():
        yield Finding(
            check=f"{site}: {scope}", ok=wrong is None,
            finding=wrong or "granted", cure="" if wrong is None else _SCOPES,
        )  # fmt: skip
    if paths.ok and all(wrong is None for wrong in scopes.values()):
        yield _clock(at, site)
        if "comments" in at.wanted_sources():
            yield from (_comments(at, site, app) for app in at.profile.comment_apps)
        yield _badges(house, at, site)


def _cure(error: BadgeJobsError) -> str:
    return _REACH if "credential" not in type(error).__name__.lower() else _CREDENTIALS


def _assignment_paths(at: SiteHouse, site: str, used: wire.Spelling) -> Finding:
    """The docs spell the paths of assignments in two ways: which of them answers?"""
    check = f"{site}: assignments"
    told = at.badges.probe_assignment_paths()
    (other,) = set(wire.Spelling) - {used}
    here, there = (wire.spelled(wire.ASSIGNMENTS, one) for one in (used, other))
    error = told[used]
    if error is None:
        also = "" if told[other] else f", and at {there} as well"
        return Finding(check=check, ok=True, finding=f"can be read at {here}{also}")
    if not is_unknown_path(error):
        return failed(check, error, cure=_SCOPES)
    if told[other] is None:
        return Finding(
            check=check, ok=False, error=error,
            finding=f"Wix does not know {here}, and answers at {there}",
            cure=f'set wix_assignment_paths = "{other}" ({variable(_SETTING)}={other})',
        )  # fmt: skip
    if is_unknown_path(told[other]):
        return Finding(
            check=check, ok=False, error=error, finding=f"Wix knows neither {here} nor {there}",
            cure="the API may have moved: look for a newer version of badgejobs",
        )  # fmt: skip
    return failed(check, error, cure=f"see the other path, {there}: {told[other]}")


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


def _comments(at: SiteHouse, site: str, app: str) -> Finding:
    """Whether an app of comment_apps has comments: Wix may answer nothing for one that is away."""
    everyday = {wix_id: name for name, wix_id in wire.COMMENT_APPS.items()}
    check = f"{site}: comments of {everyday.get(app, app)}"
    try:
        number = at.badges.count_comments(app)
    except TooManyToCount:
        return Finding(check=check, ok=True, finding="more than Wix counts; new posts show later")
    except BadgeJobsError as error:
        return failed(check, error, cure=_APPS)
    try:
        listed = at.badges.query_comments(app, None)
    except BadgeJobsError as error:
        return failed(check, error, cure=_APPS)
    if number or listed.records or listed.bad:
        return Finding(check=check, ok=True, finding=f"{number:,} are published")
    return Finding(
        check=check, ok=True,
        finding="Wix knows none, ever: nobody has commented yet, or the app is not installed; "
        f"{_APPS}",
    )  # fmt: skip


def _badges(house: House, at: SiteHouse, site: str) -> Finding:
    """Bound badges stand at Wix; of the others each title at most once, and all not ours."""
    check = f"{site}: badges"
    try:
        at.learn_site_facts()
        rules = at.rules()
        standing = at.badges.badges()
        with house.store.read() as tx:
            bound = tx.bindings.of(site)
    except RulesError as error:
        return failed(check, error, cure="see `badgejobs rules help`")
    except BadgeJobsError as error:
        return failed(check, error, cure=_REACH)
    ids = {badge.id for badge in standing}
    gone = [one.title for one in rules.milestones if bound.get(one.badge, "") not in {*ids, ""}]
    if gone:
        return Finding(
            check=check, ok=False, finding=f"known before, and gone at Wix: {', '.join(gone)}",
            cure="a badge that was deleted is not made again by itself; give its rule a new id to "
            "have it created and given anew (for a sandbox that was started anew: begin with a "
            "new state folder)",
        )  # fmt: skip
    titles = Counter(badge.title.strip().casefold() for badge in standing)
    wanted = {one.title: one for one in rules.milestones if one.badge not in bound}
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
            f"{titles.total()} at Wix; of {len(rules.milestones)} in the rules {new} will be "
            "created; titles "
            "and descriptions keep to Wix's limits (50 and 1,500 characters); how many badges a "
            "site may have Wix does not say"
        ),
    )  # fmt: skip
