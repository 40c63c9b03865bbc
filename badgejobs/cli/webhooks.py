"""``badgejobs webhooks``: takes what Wix sends, and has it read back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from ipaddress import ip_address

import structlog

from badgejobs.bootstrap import House
from badgejobs.cli.opening import opened, settled, watched
from badgejobs.cli.output import Output
from badgejobs.cli.triggering import ring_for
from badgejobs.config import Settings
from badgejobs.core.alert import Alert
from badgejobs.core.source import Track
from badgejobs.errors import SettingsError
from badgejobs.intake.events import COMMENTS, Installation
from badgejobs.intake.keys import read_key
from badgejobs.intake.note import PROBE, Bell, Served
from badgejobs.intake.receiver import Receiver
from badgejobs.intake.server import serve
from badgejobs.jobs import duties, standing
from badgejobs.wix.auth import AppCredentials

#: Why a site is suspended that our app was taken from.
_REMOVED = "our app was removed from the site"
#: Whether that is so is asked first after so long: the app may be installed anew meanwhile.
_SETTLES = timedelta(minutes=5)

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
        duties.register(house)
        sites = BySite(house)
        sites.require_any()
        if not ip_address(told.host).is_loopback:
            log.warning("webhooks are taken from beyond this machine", host=told.host)
        serve(
            Receiver(
                keys,
                sites,
                house.store,
                partial(told_to_workers, settings),
                installed=partial(noted_installation, house),
            ),
            told.host,
            told.port,
            ready=lambda url: out.note(f"webhooks are taken at {url} for {sites.number()} sites"),
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


class BySite:
    """The sites that webhooks can be about, by instance: those that an app is installed on.

    Asked anew each time, so that one that was added a moment ago is known.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    def get(self, instance: str) -> Served | None:
        """The site of an installation; ``None`` where it is none of ours."""
        house = self._house
        name = house.directory.of_instance(instance)
        if name is None:
            return None
        told = house.told(name)
        credentials = told.credentials
        return Served(
            name=name,
            comment_apps=told.comment_apps,
            own_app=credentials.app_id if isinstance(credentials, AppCredentials) else None,
            wanted=lambda: house.at(name).wanted_sources(),
            walks_apart=house.cadence(name, COMMENTS).walk_at_most_every,
        )

    def number(self) -> int:
        """How many there are."""
        in_file = {one.instance_id for one in self._house.settings.sites.values()} - {None}
        with self._house.store.read() as tx:
            return len(in_file) + tx.sites.number_of_instances()

    def require_any(self) -> None:
        """``SettingsError`` where Wix could send nothing."""
        if not self.number():
            raise SettingsError(
                "no site has an instance_id: Wix sends webhooks only to an app that is installed "
                "on a site, not for API keys; name an installation, or do without webhooks"
            )


def noted_installation(house: House, site: str, became: Installation) -> Bell | None:
    """Write down what became of our app on a site; the bell where Wix is to be asked at once."""
    is_suspended, alerts = False, list[Alert]()
    with house.store.begin() as tx:
        if became is Installation.REMOVED:
            standing.suspend(tx, site, _REMOVED, probe_in=_SETTLES)
            # no run of it will tell
            alerts = tx.alerts.take_untold(site)
        else:
            is_suspended = tx.standings.probe_soon(site)
    standing.tell(site, alerts)
    return Bell(site=site, source=PROBE, track=Track.LIVE) if is_suspended else None


def told_to_workers(settings: Settings, bells: Sequence[Bell]) -> None:
    """Ring for the workers; where no broker runs, beat's next tick will."""
    ring_for(
        settings,
        [
            ("badgejobs.probe_site", {"site": one.site})
            if one.source == PROBE
            else (
                "badgejobs.scan",
                {"site": one.site, "source": one.source, "track": one.track.value},
            )
            for one in bells
        ],
    )
