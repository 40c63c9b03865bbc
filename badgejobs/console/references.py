"""Names for members in addresses of pages: they say nothing to whoever reads an address.

A member's page can be reloaded, opened beside another and gone back to, which a form that keeps
its choice in the session cannot. So its address has a name that only this process can look up.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from typing import Final

#: The one that was not used for longest is forgotten where there are more.
_MOST: Final = 20_000
_LETTERS: Final = 24


class References:
    """Members by names that stand for them as long as this process runs."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known = OrderedDict[tuple[str, str], str]()

    def to(self, site: str, member: str) -> str:
        """The name of a member of a site; the same each time."""
        digest = hmac.new(self._key, f"{site}\0{member}".encode(), hashlib.sha256)
        name = digest.hexdigest()[:_LETTERS]
        self._known[site, name] = member
        self._known.move_to_end((site, name))
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return name

    def of(self, site: str, name: str) -> str | None:
        """The member that a name stands for; ``None`` where it was never made, or is forgotten."""
        member = self._known.get((site, name))
        if member is not None:
            self._known.move_to_end((site, name))
        return member
