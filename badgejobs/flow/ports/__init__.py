"""All that the stages know of the other rooms; bootstrap binds the real ones."""

from __future__ import annotations

from badgejobs.flow.ports.byhand import ByHand
from badgejobs.flow.ports.facts import Activities, Audits, Erasing, Links, Quarantine, ResourceMemo
from badgejobs.flow.ports.keeping import Alerts, Allowances, Comparing, Drifts
from badgejobs.flow.ports.ledger import Awards, Bindings, Changed, Requests, Versions, WakeUps
from badgejobs.flow.ports.notifying import Messenger, Notifications
from badgejobs.flow.ports.removals import Removals
from badgejobs.flow.ports.scans import Scans
from badgejobs.flow.ports.sightings import Sightings
from badgejobs.flow.ports.transactions import Store, Transaction
from badgejobs.flow.ports.wix import Badges, MemberFinder, Members, SiteReader

__all__ = [
    "Activities",
    "Alerts",
    "Allowances",
    "Audits",
    "Awards",
    "Badges",
    "Bindings",
    "ByHand",
    "Changed",
    "Comparing",
    "Drifts",
    "Erasing",
    "Links",
    "MemberFinder",
    "Members",
    "Messenger",
    "Notifications",
    "Quarantine",
    "Removals",
    "Requests",
    "ResourceMemo",
    "Scans",
    "Sightings",
    "SiteReader",
    "Store",
    "Transaction",
    "Versions",
    "WakeUps",
]
