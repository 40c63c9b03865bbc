"""The store as the stages know it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from badgejobs.flow.ports.byhand import ByHand
from badgejobs.flow.ports.facts import (
    Activities,
    Audits,
    Erasing,
    Links,
    Quarantine,
    ResourceMemo,
)
from badgejobs.flow.ports.keeping import Alerts, Allowances, Comparing, Drifts
from badgejobs.flow.ports.ledger import Awards, Bindings, Requests, Versions, WakeUps
from badgejobs.flow.ports.notifying import Notifications
from badgejobs.flow.ports.progress import ProgressMemo
from badgejobs.flow.ports.removals import Removals
from badgejobs.flow.ports.scans import Scans
from badgejobs.flow.ports.sightings import Sightings


class Transaction(Protocol):
    """One database transaction; ``now`` is the database's time, the same throughout."""

    @property
    def now(self) -> datetime:
        """The database's time, the same throughout."""
        ...

    @property
    def activities(self) -> Activities:
        """The facts."""
        ...

    @property
    def quarantine(self) -> Quarantine:
        """The records that could not be understood."""
        ...

    @property
    def resources(self) -> ResourceMemo:
        """What is known of each resource, and which may have changed."""
        ...

    @property
    def audits(self) -> Audits:
        """What complete readings found by month."""
        ...

    @property
    def scans(self) -> Scans:
        """The places of scans."""
        ...

    @property
    def awards(self) -> Awards:
        """The ledger."""
        ...

    @property
    def removals(self) -> Removals:
        """The awards that are to be taken away."""
        ...

    @property
    def allowances(self) -> Allowances:
        """What was said beforehand of how much there will be."""
        ...

    @property
    def alerts(self) -> Alerts:
        """What a person must know."""
        ...

    @property
    def notifications(self) -> Notifications:
        """What is to be told to somebody outside."""
        ...

    @property
    def drifts(self) -> Drifts:
        """Where Wix and the ledger differ."""
        ...

    @property
    def comparing(self) -> Comparing:
        """The ledger as it is held against Wix."""
        ...

    @property
    def sightings(self) -> Sightings:
        """What a long reading of Wix has seen so far, and its place."""
        ...

    @property
    def wake_ups(self) -> WakeUps:
        """When time alone may change what members have earned."""
        ...

    @property
    def versions(self) -> Versions:
        """The versions of the rules that were in force."""
        ...

    @property
    def bindings(self) -> Bindings:
        """Which Wix badge each badge is."""
        ...

    @property
    def links(self) -> Links:
        """Which guest's order is which member's."""
        ...

    @property
    def erasing(self) -> Erasing:
        """The way in which all of a member is erased."""
        ...

    @property
    def byhand(self) -> ByHand:
        """The ledger as commands of a person change it."""
        ...

    @property
    def progress(self) -> ProgressMemo:
        """How far all members were when they were looked at last."""
        ...

    @property
    def requests(self) -> Requests:
        """Wishes that one member be looked at."""
        ...


class Store(Protocol):
    """Where the record is kept."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction for writing: commits at the end, rolls back on an error."""
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """A transaction that sees one moment's state, and cannot write."""
        ...
