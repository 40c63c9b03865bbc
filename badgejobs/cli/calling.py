"""How this badgejobs is called, for lines that are printed to copy."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from shlex import join

from badgejobs.config import told_file


def program() -> list[str]:
    """What calls this badgejobs in another shell, from any folder."""
    here = Path(sys.argv[0]).absolute()
    if here.name != "badgejobs" or not os.access(here, os.X_OK):
        return [sys.executable, "-m", "badgejobs"]
    return [str(here)]


def as_called(*words: str) -> str:
    """A command of ours for this shell, with the configuration that this one was told of."""
    here = Path(sys.argv[0]).absolute()
    found = shutil.which("badgejobs")
    ours = ["badgejobs"] if found and Path(found).absolute() == here else program()
    if file := told_file():
        ours += ["--config", str(file)]
    return join([*ours, *words])
