"""The operator's web pages: what stands where, why, and a few things to have done about it."""

from __future__ import annotations

from badgejobs.console.application import Keys, application
from badgejobs.console.server import serve
from badgejobs.console.warming import warm

__all__ = ["Keys", "application", "serve", "warm"]
