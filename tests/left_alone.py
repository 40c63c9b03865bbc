"""Files that nobody has written to for a while."""

from __future__ import annotations

import os
import time
from pathlib import Path


def left_alone(file: Path) -> Path:
    """The file as it is a minute after it was written, so that it counts as whole."""
    then = time.time_ns() - 60 * 10**9
    os.utime(file, ns=(then, then))
    return file
