"""The doctor's look at who is told outside: whether each channel of a site could be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from badgejobs.bootstrap import House
from badgejobs.bootstrap.messengers import messengers_of
from badgejobs.bootstrap.telling import channels_of
from badgejobs.cli.finding import Finding, looked_at
from badgejobs.cli.notify import example
from badgejobs.config import Notify
from badgejobs.core.notification import Channel
from badgejobs.notify import Mail, Webhook

_CURE = "see `badgejobs config show` and badgejobs/notify/README.md"


class Channels:
    """Looks at each channel, and but once at what several sites share; nobody is told anything."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._seen = dict[tuple[Channel, Notify], Finding]()

    def examined(self, site: str) -> Iterator[Finding]:
        """A finding for each channel that is on at a site."""
        told = self._house.settings.notify_of(site)
        for channel in sorted(channels_of(told)):
            check = f"{site}: {channel}"
            if (channel, told) not in self._seen:
                look = partial(self._look, site, channel)
                self._seen[channel, told] = looked_at(check, look, cure=_CURE)
            yield replace(self._seen[channel, told], check=check)

    def _look(self, site: str, channel: Channel) -> str:
        messenger, made_up = messengers_of(self._house, site)[channel], example(site)
        match messenger:
            case Webhook():
                messenger.body(made_up)  # a template that cannot be used says so here
                keys = len(messenger.keys)
                signed = "its secret is" if keys == 1 else f"{keys} secrets are"
                return f"{messenger.reach()} takes connections, and {signed} read; nothing was sent"
            case Mail():
                messenger.message([made_up])
                server, where = messenger.server, messenger.reach()
                by = "in the clear" if server.security == "none" else f"by {server.security}"
                known = ", and takes the password" if server.user else ""
                return f"{where} answers {by}{known}; no mail was sent"
