"""What an author lends to a check: a Wix that can be changed, and a client of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol

from badgejobs.errors import BadgeJobsError

#: Stands for what a member wrote, or is called: it must come out nowhere.
CANARY: Final = "canary-of-a-member"


class World(Protocol):
    """A site at Wix that holds nothing at first; best a sandbox, over the real client."""

    @property
    def client(self) -> Any:
        """What the source is given to ask Wix with."""
        ...

    def put(self, number: int, *, changed_at: datetime) -> str:
        """Let a record of this number stand at Wix, or change the one that stands.

        It is public, a member's, last changed at ``changed_at``, and has ``CANARY`` in each of
        its texts. Returns the id of its activity.
        """
        ...

    def spoil(self, number: int, *, changed_at: datetime) -> str:
        """The same, with a field that makes no sense and has ``CANARY`` in it."""
        ...


class Watched:
    """A client whose calls are numbered, and one of which may fail.

    Whatever it has is passed on; what can be called is counted.
    """

    def __init__(self, client: Any, *, failing: int | None = None, by: Any = None) -> None:
        """``failing`` is the number of the call, from 0, that raises the error ``by``."""
        self._client, self._failing = client, failing
        self._error: BadgeJobsError | None = by
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return self._counted(found) if callable(found) else found

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            number = self.calls
            self.calls += 1
            if self._error is not None and number == self._failing:
                raise self._error
            return call(*given, **named)

        return counted
