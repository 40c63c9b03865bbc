"""Who is logged in: kept here and not in the cookie, so that a log-out ends it for good."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

#: So long after a log-in it is asked for again, in seconds.
LASTS_SECONDS: Final = 8 * 3600
#: The oldest visit ends where there are more.
_MOST: Final = 200


class Role(StrEnum):
    """What a visitor may do."""

    #: Looks.
    VIEWER = "viewer"
    #: Also acts.
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What came of a form; shown once."""

    text: str
    is_good: bool


@dataclass(slots=True, kw_only=True)
class Visit:
    """One person who is logged in with one browser."""

    role: Role
    #: The name that an operator gave, under which their acts are kept.
    who: str = ""
    ends_at: float
    notices: list[Notice] = field(default_factory=list, repr=False)

    @property
    def may_act(self) -> bool:
        """Whether forms that change something are for them."""
        return self.role is Role.OPERATOR


class Visits:
    """All visits of this process; a restart ends them."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known = OrderedDict[str, Visit]()

    def begun(self, role: Role, *, who: str = "") -> str:
        """A new visit; the key by which its browser is known."""
        key = secrets.token_urlsafe(32)
        self._known[key] = Visit(role=role, who=who, ends_at=self._clock() + LASTS_SECONDS)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return key

    def of(self, key: object) -> Visit | None:
        """The visit of a key, while it lasts."""
        visit = self._known.get(key) if isinstance(key, str) else None
        if visit is None or not isinstance(key, str):
            return None
        if visit.ends_at <= self._clock():
            self.end(key)
            return None
        return visit

    def end(self, key: object) -> None:
        """Log out; one that there is not may be ended too."""
        if isinstance(key, str):
            self._known.pop(key, None)
