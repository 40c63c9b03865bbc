"""The key under which contacts and addresses become digests: given, or made once and kept."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path

from badgejobs.config.secret_files import keep_secret, read_secret
from badgejobs.config.settings import Settings
from badgejobs.config.state_dir import prepare_state_dir
from badgejobs.core.identity import Digest, keyed

#: Its file in the state folder, where no setting gives the key.
KEY_FILE = "identity.key"
_BYTES = 32


def identity_digest(settings: Settings) -> Digest:
    """The digest under this installation's key, which is read or made when it is first used.

    Raises :class:`badgejobs.errors.SettingsError` or ``StateError`` where it cannot be.
    """

    @cache
    def of_key() -> Digest:
        return keyed(_key(settings).encode())

    def digest(text: str) -> str:
        return of_key()(text)

    return digest


def _key(settings: Settings) -> str:
    if settings.identity_key is not None:
        return settings.identity_key.get_secret_value()
    file = prepare_state_dir(settings.state_dir) / KEY_FILE
    if not file.exists():
        make_key(file)
    secret, _ = read_secret(file, shown="identity_key (default)")
    return secret.get_secret_value()


def make_key(file: Path) -> None:
    """Write a new key whole or not at all; of two who make one at once, the first stands."""
    keep_secret(file, secrets.token_hex(_BYTES))
