"""Telling somebody outside: webhooks and mails, and the templates of both."""

from badgejobs.notify.mail import MAIL_SECONDS, Mail, Server
from badgejobs.notify.templating import Templates
from badgejobs.notify.webhook import Webhook

__all__ = ["MAIL_SECONDS", "Mail", "Server", "Templates", "Webhook"]
