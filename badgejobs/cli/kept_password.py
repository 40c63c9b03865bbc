"""A password that is made up once, and kept in a file that only its user can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from badgejobs.config import read_secret


def kept_password(path: Path) -> tuple[str, bool]:
    """The password in that file and whether it was made up just now, where there was none.

    Of two processes that begin at once one makes it up, and the other reads it.

    Raises:
        SettingsError: the file cannot be read, or is empty.
    """
    made_up = secrets.token_urlsafe(18)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        known, _ = read_secret(path, shown=path.name)
        return known.get_secret_value(), False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{made_up}\n")
    return made_up, True
