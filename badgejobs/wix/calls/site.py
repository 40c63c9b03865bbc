"""The request about a site as a whole (Wix docs, Site Properties)."""

from __future__ import annotations

from badgejobs.wix import wire
from badgejobs.wix.calls.call import Call


def site_properties() -> Call:
    """The properties that a site has now.

    The docs ask for the permission "Manage Your App", and newer pages beside it for "Read site,
    business, and email details"; no page that we know gives the name of a scope, so a refusal
    cannot name one.
    """
    return Call(method="GET", form=wire.SITE_PROPERTIES)
