"""Equal values become one object, so that evaluating looks at each of them once."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

_T = TypeVar("_T", bound=Hashable)


class Shared:
    """Values that were seen already."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, Hashable] = {}

    def one(self, value: _T) -> _T:
        """The first value that was equal to this one."""
        found = self._seen.setdefault(value, value)
        assert isinstance(found, type(value))
        return found
