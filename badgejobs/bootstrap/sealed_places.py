"""Where a list goes on, in letters that tell nothing: a place may be a member's id."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from badgejobs.vault.sealing import KEY_BYTES, CannotOpen, Vault


class SealedPlaces:
    """Seals the place after a page, and opens it again for the same list alone.

    Under a key of this process: after a restart a list begins at its beginning.
    """

    def __init__(self, key: bytes | None = None) -> None:
        kept = key or os.urandom(KEY_BYTES)
        self._vault = Vault(lambda: [kept])

    def seal(self, place: Sequence[str | int | datetime], *, of: str) -> str:
        """The place in letters that URLs have."""
        told = [one.isoformat() if isinstance(one, datetime) else one for one in place]
        return self._vault.seal(json.dumps(told), place=f"page/{of}")

    def open(self, sealed: str | None, *, of: str) -> list[Any] | None:
        """The parts of the place; ``None`` for none, and for one that is not of this list."""
        if not sealed:
            return None
        try:
            found: list[Any] = json.loads(self._vault.open(sealed, place=f"page/{of}"))
        except CannotOpen:
            return None
        return found
