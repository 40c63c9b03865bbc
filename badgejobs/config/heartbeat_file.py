"""The file by which a process tells those beside it that it lives, cheaply."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_FOLDER = "alive"


@dataclass(frozen=True, slots=True)
class HeartbeatFile:
    """One process's file in the state folder: its time of change is its last beat.

    A container's probe may look at it without us: ``find STATE/alive -name 'worker-*' -mmin -1``.
    """

    path: Path

    @classmethod
    def of_this_process(cls, state_dir: Path, kind: str) -> HeartbeatFile:
        """The file of the process that asks."""
        return cls(state_dir / _FOLDER / f"{kind}-{os.getpid()}")

    @classmethod
    def found(cls, state_dir: Path, kind: str) -> list[HeartbeatFile]:
        """The files of all processes of a kind that did not end as they should have, or run."""
        return [cls(one) for one in sorted((state_dir / _FOLDER).glob(f"{kind}-*"))]

    def touch(self) -> None:
        """It lives now. Raises ``OSError``."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        self.path.touch(mode=0o600)

    def remove(self) -> None:
        """It ended as it should; no matter where that cannot be written."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError:
            return

    def age_seconds(self) -> float | None:
        """How long ago the last beat was, by this machine's clock; None where the file is gone."""
        try:
            return max(0.0, time.time() - self.path.stat().st_mtime)
        except OSError:
            return None

    def is_left_behind(self) -> bool:
        """Whether its process is gone, killed before it could tell."""
        number = self.path.name.rpartition("-")[2]
        if not number.isdecimal():
            return True
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            return True
        except (PermissionError, OverflowError):
            return False
        return False
