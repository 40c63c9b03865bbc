"""Secrets that stand in files of their own, as container platforms mount them."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from pydantic import SecretStr

from badgejobs.errors import SettingsError

#: Longer than any key or URL; a longer file is the wrong one.
_MOST_BYTES = 16 * 1024


def keep_secret(file: Path, secret: str) -> bool:
    """Write a secret for this user alone, whole or not at all, unless one stands there already.

    Whether this one stands: of two who write at once, the first does.
    """
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=f"{file.name}.") as draft:
        draft.write(f"{secret}\n")
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, file)
        except FileExistsError:
            return False
    return True


def read_secret(path: Path, *, shown: str, lines: bool = False) -> tuple[SecretStr, str | None]:
    """The secret in a file without blanks around it, and a warning if others can read it.

    ``shown`` names the setting and its origin for errors. With ``lines`` there may be several.
    """
    if path.is_dir():
        raise SettingsError(f"{shown}: {path} is a folder; name the file in it")
    try:
        with path.open("rb") as stream:
            mode = stat.S_IMODE(path.stat().st_mode)
            content = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise SettingsError(f"{shown}: there is no file {path}; write the secret into it") from None
    except OSError as error:
        raise SettingsError(
            f"{shown}: {path} cannot be read ({error.strerror}); check its owner and permissions"
        ) from None
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        text = "\0"
    if not text:
        raise SettingsError(f"{shown}: {path} is empty; write the secret into it")
    shown_text = "".join(text.split()) if lines else text
    if len(content) > _MOST_BYTES or not shown_text.isprintable():
        raise SettingsError(f"{shown}: {path} is not one line of text; is it the right file?")
    warning = None
    if mode & 0o077:
        warning = f"{path} can be read by other users (mode {mode:04o}); run: chmod 600 {path}"
    return SecretStr(text), warning
