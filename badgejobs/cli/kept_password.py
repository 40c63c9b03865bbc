"""A password that is made up once, and kept in a file that only its user can read."""

from __future__ import annotations

import secrets
from pathlib import Path

from badgejobs.config import keep_secret, read_secret


def kept_password(path: Path) -> tuple[str, bool]:
    """The password in that file and whether it was made up just now, where there was none.

    Of two processes that begin at once one makes it up, and the other reads it.

    Raises:
        SettingsError: the file cannot be read, or is empty.
    """
    made_up = secrets.token_urlsafe(18)
    if not path.exists() and keep_secret(path, made_up):
        return made_up, True
    known, _ = read_secret(path, shown=path.name)
    return known.get_secret_value(), False
