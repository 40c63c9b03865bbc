"""A site as the sources need to know it."""

from __future__ import annotations

from dataclasses import dataclass, field

from badgejobs.core.identity import Digest
from badgejobs.core.milestone import Wants


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One Wix site that we serve."""

    #: Our short name for it, used in tables, tasks and commands.
    name: str
    #: The Wix apps whose comments count: ids, in the order in which they are walked.
    comment_apps: tuple[str, ...] = ()
    #: What its rules need beside the plain facts.
    wants: Wants = field(default_factory=Wants)
    #: Makes the keyed digest of a contact or an address; the key stays outside the database.
    digest: Digest | None = field(default=None, repr=False, compare=False)
