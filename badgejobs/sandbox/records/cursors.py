"""Opaque cursors: where a page ended, with all that the next one must know, sealed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import zlib
from typing import Any

from badgejobs.sandbox import refusals

_SEAL_BYTES = 16


class Cursors:
    """Seals and opens cursors; those of another world, or changed ones, are refused."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def seal(self, content: list[Any]) -> str:
        """A cursor that holds ``content``, which must be JSON."""
        packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 1)
        return _text(self._mark(packed) + packed)

    def unseal(self, cursor: object, field: str) -> list[Any]:
        """What a cursor holds, or a refusal that names ``field``."""
        try:
            sealed = base64.urlsafe_b64decode(str(cursor).encode("ascii"))
        except (binascii.Error, UnicodeEncodeError):
            sealed = b""
        mark, packed = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        whole = hmac.compare_digest(mark, self._mark(packed))
        # Other spellings of the same bytes exist in base64, and no cursor given has them.
        if not whole or _text(sealed) != cursor:
            raise refusals.invalid(field, "is not a cursor given by this endpoint")
        content: list[Any] = json.loads(zlib.decompress(packed))
        return content

    def _mark(self, packed: bytes) -> bytes:
        return hmac.digest(self._key, packed, hashlib.sha256)[:_SEAL_BYTES]


def _text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode()
