"""Telling somebody outside: webhooks and mails, and the templates of both."""

from badgejobs.notify.mail import Mail, Server
from badgejobs.notify.templating import Templates
from badgejobs.notify.webhook import Webhook

__all__ = ["Mail", "Server", "Templates", "Webhook"]
