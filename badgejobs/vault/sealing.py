"""Secrets as they may be stored: readable under one of our keys, and in their own place alone."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable, Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from badgejobs.errors import SettingsError

#: Bytes of a key.
KEY_BYTES: Final = 32
#: The form: this word, the key's id, and nonce and text in letters that URLs have.
_FORM = "v1"
_SEALED = re.compile(r"v1\.([0-9a-f]{16})\.([A-Za-z0-9_-]+={0,2})")
_NONCE_BYTES = 12


class CannotOpen(SettingsError):
    """A sealed secret cannot be read; the text names the setting and the cure."""


class Vault:
    """Seals under the first key and opens under any.

    ``keys`` reads them, and is asked again where a text names one that was not among them: a key
    may be added while processes run.
    """

    def __init__(self, keys: Callable[[], Sequence[bytes]]) -> None:
        self._read = keys
        self._keys: dict[str, bytes] | None = None

    def seal(self, secret: str, *, place: str) -> str:
        """The secret as it may be stored in this place, such as ``site/my-shop/secret``."""
        name, key = self._first()
        nonce = os.urandom(_NONCE_BYTES)
        text = AESGCM(key).encrypt(nonce, secret.encode(), _bound(place, name))
        return f"{_FORM}.{name}.{base64.urlsafe_b64encode(nonce + text).decode()}"

    def open(self, sealed: str, *, place: str) -> str:
        """The secret; :class:`CannotOpen` where no key is its, or it was sealed for elsewhere."""
        name, content = _parts(sealed, place)
        key = self._key(name)
        if key is None:
            raise CannotOpen(
                f"the secret of {_whose(place)} was sealed under the key {name}, which is not "
                "among ours; put that key back as a further line of secrets_key_file "
                f"(BADGEJOBS_SECRETS_KEY_FILE), or, if it is lost, give the secret anew: "
                f"{_cure(place)}"
            )
        try:
            text = AESGCM(key).decrypt(
                content[:_NONCE_BYTES], content[_NONCE_BYTES:], _bound(place, name)
            )
        except InvalidTag:
            raise CannotOpen(
                f"the secret of {_whose(place)} was changed in the database, or put there from "
                f"another row; give it anew: {_cure(place)}"
            ) from None
        return text.decode()

    def is_current(self, sealed: str) -> bool:
        """Whether a secret is sealed under the first key."""
        return sealed.startswith(f"{_FORM}.{self._first()[0]}.")

    def _first(self) -> tuple[str, bytes]:
        """The key to seal under, as it is told now."""
        self._keys = {_id(key): key for key in self._read()}
        return next(iter(self._keys.items()))

    def _key(self, name: str) -> bytes | None:
        if self._keys is None or name not in self._keys:
            self._keys = {_id(key): key for key in self._read()}
        return self._keys.get(name)


def _id(key: bytes) -> str:
    """A name by which a key is found, and which tells nothing of it."""
    return hashlib.sha256(b"badgejobs secrets key\0" + key).hexdigest()[:16]


def _bound(place: str, name: str) -> bytes:
    return f"{_FORM}\0{name}\0{place}".encode()


def _parts(sealed: str, place: str) -> tuple[str, bytes]:
    found = _SEALED.fullmatch(sealed)
    content = b""
    if found:
        try:
            content = base64.urlsafe_b64decode(found[2])
        except ValueError:
            content = b""
    if not found or len(content) <= _NONCE_BYTES:
        raise CannotOpen(
            f"what is stored as the secret of {_whose(place)} is none of ours; give it anew: "
            f"{_cure(place)}"
        )
    return found[1], content


def _whose(place: str) -> str:
    table, _, row = place.partition("/")
    return f"{table} {row.partition('/')[0]}"


def _cure(place: str) -> str:
    table, _, row = place.partition("/")
    return f"`badgejobs {table}s rotate-secret {row.partition('/')[0]}`"
