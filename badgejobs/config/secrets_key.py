"""The keys under which secrets of sites are sealed: given, or one made once and kept."""

from __future__ import annotations

from collections.abc import Callable

from badgejobs.config.checks import SECRETS_KEY
from badgejobs.config.identity_key import make_key
from badgejobs.config.secret_files import read_secret
from badgejobs.config.settings import Settings
from badgejobs.config.state_dir import prepare_state_dir
from badgejobs.errors import SettingsError

#: Its file in the state folder, where no setting gives the keys.
KEY_FILE = "secrets.key"


def secrets_keys(settings: Settings) -> Callable[[], list[bytes]]:
    """Reads the keys, the one to seal under first, from their file each time it is asked.

    Where no setting gives them, one is made when they are first asked for. Raises
    :class:`badgejobs.errors.SettingsError` or ``StateError`` where they cannot be had.
    """

    def keys() -> list[bytes]:
        shown, file = "secrets_key_file", settings.secrets_key_file
        if file is None and settings.secrets_key is not None:
            return _parsed(settings.secrets_key.get_secret_value(), shown="secrets_key")
        if file is None:
            file = prepare_state_dir(settings.state_dir) / KEY_FILE
            shown = "secrets_key (default)"
            if not file.exists():
                make_key(file)
        secret, _ = read_secret(file, shown=shown, lines=True)
        return _parsed(secret.get_secret_value(), shown=f"{shown}: {file}")

    return keys


def _parsed(text: str, *, shown: str) -> list[bytes]:
    found = text.split()
    for number, one in enumerate(found, 1):
        if not SECRETS_KEY.fullmatch(one):
            raise SettingsError(
                f"{shown}: key {number} is not of 64 hexadecimal digits; make one with "
                "`openssl rand -hex 32`, one a line, the newest first"
            )
    return [bytes.fromhex(one) for one in found]
