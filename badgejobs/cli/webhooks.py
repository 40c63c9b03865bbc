"""``badgejobs webhooks``: takes what Wix sends, and has it read back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from ipaddress import ip_address

import structlog

from badgejobs.bootstrap import House
from badgejobs.cli.opening import opened, settled, watched
from badgejobs.cli.output import Output
from badgejobs.cli.site import ring_for
from badgejobs.config import Settings
from badgejobs.errors import SettingsError
from badgejobs.intake.events import COMMENTS
from badgejobs.intake.keys import read_key
from badgejobs.intake.note import Bell, Served
from badgejobs.intake.receiver import Receiver
from badgejobs.intake.server import serve
from badgejobs.jobs import work

log = structlog.get_logger(__name__)


def webhooks() -> None:
    """Take Wix's webhooks, so that what changed is read at once; until Ctrl-C.

    Needs the public key of your Wix app (webhooks.public_key_file), and, in front of it, a
    server that takes HTTPS from the internet. Without a broker what came is read at the next tick.

    Example: badgejobs webhooks
    """
    settings, out = settled(), Output()
    watched(settings.owner)
    told = settings.webhooks
    keys = keys_of(settings)
    with opened(settings) as house:
        work.register(house)
        sites = served(house)
        if not ip_address(told.host).is_loopback:
            log.warning("webhooks are taken from beyond this machine", host=told.host)
        serve(
            Receiver(keys, sites, house.store, partial(told_to_workers, settings)),
            told.host,
            told.port,
            ready=lambda url: out.note(f"webhooks are taken at {url} for {len(sites)} sites"),
        )


def keys_of(settings: Settings) -> list[bytes]:
    """The keys that are configured, the newest first; ``SettingsError`` where there is none."""
    told = settings.webhooks
    if told.public_key_file is None:
        raise SettingsError(
            "webhooks.public_key_file is not set; copy the public key from the Wix dashboard "
            "(your app, Webhooks) into a file and name it there"
        )
    keys = [read_key(told.public_key_file, setting="webhooks.public_key_file")]
    if before := told.previous_public_key_file:
        keys.append(read_key(before, setting="webhooks.previous_public_key_file"))
    return keys


def served(house: House) -> dict[str, Served]:
    """The sites that webhooks can be about, by instance: those that an app is installed on."""
    found = dict[str, Served]()
    for name, told in house.sites.items():
        if told.instance_id is not None:
            found[told.instance_id.lower()] = Served(
                name=name,
                comment_apps=told.comment_app_ids,
                own_app=told.app_id,
                wanted=partial(_wanted, house, name),
                walks_apart=house.cadence(name, COMMENTS).walk_at_most_every,
            )
    if not found:
        raise SettingsError(
            "no site has an instance_id: Wix sends webhooks only to an app that is installed on a "
            "site, not for API keys"
        )
    return found


def _wanted(house: House, site: str) -> list[str]:
    return house.at(site).wanted_sources()


def told_to_workers(settings: Settings, bells: Sequence[Bell]) -> None:
    """Ring for the workers; where no broker runs, beat's next tick will."""
    ring_for(
        settings,
        [
            ("badgejobs.scan", {"site": one.site, "source": one.source, "track": one.track.value})
            for one in bells
        ],
    )
