"""By what somebody is told of the awards of a site: settings in, messengers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from badgejobs.bootstrap.house import House
from badgejobs.bootstrap.telling import zone_of
from badgejobs.config import Notify, webhook_keys
from badgejobs.core.notification import Channel, Notification
from badgejobs.notify import MAIL_SECONDS, Mail, Server, Templates, Webhook

#: Handing one mail to a server is over by then, looking it up and connecting included.
MAIL_TAKES = timedelta(seconds=2 * MAIL_SECONDS)


def messengers_of(house: House, site: str) -> dict[Channel, Webhook | Mail]:
    """What tells by each channel that is on; ``SettingsError`` where the templates are missing."""
    told = house.settings.notify_of(site)
    found: dict[Channel, Webhook | Mail] = {}
    if told.has_webhook or told.has_mail:
        templates = Templates(told.templates)
    if told.has_webhook:
        assert told.webhook_secret, "settings demand it"
        found[Channel.WEBHOOK] = Webhook(
            url=told.webhook_url,
            keys=webhook_keys(told.webhook_secret),
            seconds=told.webhook_timeout_seconds,
            templates=templates,
            may_be_private=told.webhook_may_be_private,
        )
    if told.has_mail:
        found[Channel.MAIL] = mail_of(told, site, zone_of(house, site))
    return found


def mail_of(told: Notify, site: str, zone: ZoneInfo) -> Mail:
    """What mails the digests of a site."""
    password = told.smtp_password.get_secret_value() if told.smtp_password else ""
    return Mail(
        site=site,
        server=Server(
            host=told.smtp_host,
            port=told.smtp_port,
            security=told.smtp_security,
            user=told.smtp_user,
            password=password,
        ),
        sender=told.mail_from or "badges@localhost",
        to=told.mail_to,
        zone=zone,
        templates=Templates(told.templates),
    )


def takes(told: Notify) -> Mapping[Channel, timedelta]:
    """How long telling once can take, by channel."""
    webhook = timedelta(seconds=told.webhook_timeout_seconds)
    return {Channel.WEBHOOK: webhook, Channel.MAIL: MAIL_TAKES}


def previewed(house: House, site: str, some: Sequence[Notification]) -> dict[str, str]:
    """What the templates make of these, by what it is; whether a channel is on or not."""
    told = house.settings.notify_of(site)
    templates = Templates(told.templates)
    webhook = Webhook(url="", keys=(), seconds=1, templates=templates)
    mail = mail_of(told, site, zone_of(house, site)).message(some)
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text, "a digest has both"
    assert html, "as above"
    return {
        "webhook": webhook.body(some[0]).decode(),
        "mail subject": str(mail["Subject"]),
        "mail text": str(text.get_content()),
        "mail html": str(html.get_content()),
    }
