"""The public keys that Wix's dashboard shows, read from files."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from badgejobs.errors import SettingsError

#: A longer file is the wrong one.
_MOST_BYTES: Final = 16 * 1024
#: Shorter keys can be broken.
_LEAST_BITS: Final = 2048
_CURE = "copy the public key from the Wix dashboard (your app, Webhooks) into it"


def read_key(path: Path, *, setting: str) -> bytes:
    """The RSA public key in a file, as PEM; it stands there as PEM or as base64 of it.

    Raises ``SettingsError``, which names the setting and the cure.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(
            f"{setting}: {path} cannot be read ({error.strerror}); {_CURE}"
        ) from None
    pem = content.strip()
    if not pem.startswith(b"-----"):
        try:
            pem = base64.b64decode(b"".join(pem.split()), validate=True)
        except binascii.Error:
            pem = b""
    if b"PRIVATE KEY" in pem:
        raise SettingsError(f"{setting}: {path} holds a private key; only the public one is needed")
    try:
        key = load_pem_public_key(pem) if len(content) <= _MOST_BYTES else None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise SettingsError(f"{setting}: {path} is no RSA public key in PEM or base64; {_CURE}")
    if key.key_size < _LEAST_BITS:
        raise SettingsError(
            f"{setting}: the key in {path} has {key.key_size} bits, and {_LEAST_BITS} are the "
            "least that can be trusted; have Wix make a new one"
        )
    return pem
