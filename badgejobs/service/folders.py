"""Folders of our own: only we may look inside, and sockets fit."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from badgejobs.errors import StateError

#: The kernel takes socket paths of 107 bytes (Linux) or 103 (macOS), and cuts none.
LONGEST_SOCKET_PATH = 100

_CURE = "name another state folder, or make this one yours: chown, chmod 700"


def private_folder(folder: Path) -> Path:
    """The folder, made where it is missing, closed to others, without symbolic links.

    Raises:
        StateError: it cannot be made or written, or belongs to another user.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = folder.resolve(strict=True)
        found = folder.stat()
        if found.st_uid != os.geteuid():
            raise StateError(f"the folder {folder} belongs to another user; {_CURE}")
        if found.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise StateError(f"cannot use the folder {folder}: {error.strerror}; {_CURE}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StateError(f"cannot write in the folder {folder}; {_CURE}")
    return folder


def private_file(file: Path) -> BinaryIO:
    """The file, open for appending; a new one only we can read, whatever the umask is."""
    return open(file, "ab", opener=lambda path, flags: os.open(path, flags, 0o600))


def socket_path(folder: Path, name: str) -> Path:
    """Where a Unix socket of this folder lies: inside, or in a short private folder for it.

    Raises:
        StateError: the short folder belongs to another user, is a link, or is long too.
    """
    inside = folder / name
    if len(os.fsencode(inside)) < LONGEST_SOCKET_PATH:
        return inside
    mark = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"badgejobs-{os.geteuid()}-{mark}"
    if short.is_symlink():  # anyone may write in the temporary folder
        raise StateError(f"{short} is a link that is not ours; remove it")
    chosen = private_folder(short) / name
    if len(os.fsencode(chosen)) >= LONGEST_SOCKET_PATH:
        raise StateError(f"the socket path {chosen} is too long; set TMPDIR to a shorter folder")
    return chosen
