"""Who is told of the awards of a site, and when, as the settings say."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from badgejobs.bootstrap.house import House
from badgejobs.config import Notify, time_of
from badgejobs.core.calendar import UTC_ZONE
from badgejobs.core.milestone import Milestone
from badgejobs.core.notification import Channel, Digest, Event, Quiet, Telling
from badgejobs.errors import BadgeJobsError


def channels_of(told: Notify) -> frozenset[Channel]:
    """The channels that are switched on."""
    on = {Channel.WEBHOOK: told.has_webhook, Channel.MAIL: told.has_mail}
    return frozenset(channel for channel, is_on in on.items() if is_on)


def telling_of(house: House, site: str) -> Telling | None:
    """Who is told of what happens at a site; ``None`` where nobody is."""
    told = house.settings.notify_of(site)
    channels = channels_of(told)
    if not channels:
        return None
    quiet = None
    if told.quiet_hours:
        begins, _, ends = told.quiet_hours.partition("-")
        quiet = Quiet(begins=time_of(begins), ends=time_of(ends))
    milestones = _milestones(house, site)
    return Telling(
        channels=channels,
        on=frozenset(map(Event, told.on)),
        zone=zone_of(house, site),
        quiet=quiet,
        digest=Digest(at=time_of(told.digest_at), weekly=told.digest_every == "weekly"),
        unheard=frozenset(one.badge for one in milestones if not one.notify_award),
        taken_too=frozenset(one.badge for one in milestones if one.notify_revoke),
        past_too=frozenset(one.badge for one in milestones if one.notify_backfill),
    )


def zone_of(house: House, site: str) -> ZoneInfo:
    """The zone of a site's clock: of the settings, of its rules, as Wix told it, or UTC."""
    if name := house.settings.notify_of(site).timezone:
        return ZoneInfo(name)
    if milestones := _milestones(house, site):
        return milestones[0].calendar.zone
    facts = house.at(site).site_facts()
    try:
        return ZoneInfo(facts.timezone) if facts.timezone else UTC_ZONE
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC_ZONE  # that the zone is not known here is said where rules need it


def _milestones(house: House, site: str) -> tuple[Milestone, ...]:
    """Those of the rules in force; none while these cannot be used."""
    try:
        return house.at(site).rules().milestones
    except BadgeJobsError:
        return ()
