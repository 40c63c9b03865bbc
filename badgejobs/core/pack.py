"""A pack of rules that many sites share: which of its versions a site goes by."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from badgejobs.errors import Refused

#: What a pack may be called: as a site, so that it can stand in a variable of the environment.
NAME = re.compile(r"(?=.{1,63}\Z)[a-z0-9](?:-?[a-z0-9])*")
#: How a name is described to who chose another.
NAMED_LIKE = "up to 63 small letters and digits, single hyphens between them"

#: A process looks so often whether a pack has changed.
LOOKS_EVERY = timedelta(seconds=2)
#: A change takes effect so long after it was made, when every process has seen it: else one that
#: looked early would decide a site anew, and one that looks late decide some of it as before.
SETTLES_IN = timedelta(seconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack, the version that its sites go by and the one that some of them try."""

    name: str
    #: None before the first version was promoted.
    stable: int | None
    canary: int | None = None
    #: The share of the sites that try it, in percent ...
    canary_percent: int = 0
    canary_since: datetime | None = None
    #: ... and those that were named for it.
    canary_sites: frozenset[str] = frozenset()
    changed_at: datetime

    def is_tried_by(self, site: str) -> bool:
        """Whether a site goes by the canary version."""
        if self.canary is None:
            return False
        return site in self.canary_sites or place_in(self.name, site) < self.canary_percent

    def version_for(self, site: str) -> int | None:
        """The version that a site goes by; ``None`` where there is none yet."""
        return self.canary if self.is_tried_by(site) else self.stable

    def tried(
        self, version: int, *, sites: Collection[str], percent: int | None, now: datetime
    ) -> Pack:
        """With some sites that try a version, beside those that do already."""
        same = self.canary == version
        before = self.canary_percent if same else 0
        return replace(
            self,
            canary=version,
            canary_since=self.canary_since if same else now,
            canary_sites=(self.canary_sites if same else frozenset()) | frozenset(sites),
            canary_percent=before if percent is None else percent,
        )

    def promoted(self, version: int) -> Pack:
        """With all its sites going by a version, and none of them trying another."""
        return replace(self._untried(), stable=version)

    def rolled_back(self) -> Pack:
        """With no site trying anything; ``Refused`` where none does."""
        if self.canary is None:
            raise Refused(
                f"no version of the pack {self.name!r} is tried; to go back to an earlier one say "
                f"`badgejobs packs rollback {self.name} --to VERSION`"
            )
        return self._untried()

    def _untried(self) -> Pack:
        return replace(
            self, canary=None, canary_percent=0, canary_since=None, canary_sites=frozenset()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackVersion:
    """One version of a pack, without its text."""

    pack: str
    version: int
    note: str
    added_by: str
    added_at: datetime


def place_in(pack: str, site: str) -> int:
    """The place of a site in a pack, of 0 to 99, for good: a larger share only adds sites.

    Another pack mixes the sites otherwise, so that not always the same ones try what is new.

    >>> place_in("shops", "north"), place_in("shops", "north") == place_in("blogs", "north")
    (41, False)
    """
    digest = hashlib.sha256(f"{pack}\x1f{site}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100
