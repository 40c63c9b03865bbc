"""The folder that holds the database and the broker's socket: ours alone."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from badgejobs.errors import StateError


def prepare_state_dir(path: Path) -> Path:
    """Make the state folder, for this user alone (0700), and see that it can be used.

    Raises :class:`badgejobs.errors.StateError` when it cannot be written, belongs to another
    user or is open to others; an existing folder is never changed.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.stat()
    except FileExistsError:
        raise StateError(f"{path} is not a folder; move it away or set state_dir") from None
    except OSError as error:
        raise StateError(
            f"{path} cannot be made ({error.strerror}); make it yourself or set state_dir "
            "(BADGEJOBS_STATE_DIR)"
        ) from error
    if status.st_uid != os.geteuid():
        raise StateError(
            f"{path} belongs to another user (uid {status.st_uid}); set state_dir to a folder of "
            "your own, or run as that user"
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise StateError(
            f"{path} is open to other users (mode {mode:04o}); run: chmod 700 '{path}'"
        )
    try:
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise StateError(
            f"{path} cannot be written ({error.strerror}); run: chmod 700 '{path}', or free space"
        ) from error
    return path
