"""Who gives a command: kept in the history of what it changes."""

from __future__ import annotations

import getpass
import os


def os_user() -> str:
    """The name of the user at this machine, or their number where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in a container
        return f"user {os.getuid()}"
