"""Programs that end again and again: told soon, while supervisord still tries them again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from badgejobs.errors import StateError
from badgejobs.service.supervision import START_RETRIES, ProgramStatus, log_file, status

#: A run that lasts so long was a good one. A program that its settings end needs a few seconds
#: for that, most of them to import its libraries, and several times as long on a busy machine.
GOOD_RUN_SECONDS = 20
#: So many short runs in a row and never a good one: it cannot work here. One that was killed
#: once, or whose first try fell into the restart of a database, has another two.
MOST_SHORT_RUNS = 3
#: What ran well before may meet a longer trouble that ends by itself.
MOST_SHORT_RUNS_LATER = START_RETRIES + 1

_TAIL_BYTES = 4000
_LONGEST_LINE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """What was seen of the runs of one program, look by look."""

    #: When the latest run began, and when the latest that is over ended; 0 for never.
    began: int = 0
    ended: int = 0
    #: Short runs in a row, up to now.
    short: int = 0
    #: Whether any run was a good one.
    worked: bool = False

    def seen(self, one: ProgramStatus) -> Runs:
        """What is known after one more look.

        >>> fresh = ProgramStatus(name="beat", state="STARTING", pid=7, began=100, now=101)
        >>> died = ProgramStatus(name="beat", state="BACKOFF", pid=None, began=100, ended=103)
        >>> Runs().seen(fresh).seen(died).short
        1
        """
        runs = self
        if one.ended != self.ended:
            # Where it runs again already, the run that ended is the one of the look before.
            began = self.began if one.pid else one.began
            good = one.ended - began >= GOOD_RUN_SECONDS
            runs = replace(runs, short=0 if good else self.short + 1, worked=self.worked or good)
        if one.pid and one.now - one.began >= GOOD_RUN_SECONDS:
            runs = replace(runs, short=0, worked=True)
        return replace(runs, began=one.began, ended=one.ended)


class Watch:
    """Looks at the programs that a supervisord of one folder keeps running."""

    def __init__(self, folder: Path, *, tell: Callable[[str], None], again: str) -> None:
        """``tell`` takes what is no reason to end; ``again`` is what to run after the cure."""
        self._folder, self._tell, self._again = folder, tell, again
        self._runs = dict[str, Runs]()
        self._all_run = False

    def look(self) -> None:
        """Look once; to be called about each second.

        Raises:
            StateError: as for :meth:`judge`.
        """
        self.judge(status(self._folder))

    def judge(self, found: Sequence[ProgramStatus]) -> None:
        """Take in what was seen of all programs at one moment.

        Raises:
            StateError: a program cannot be kept running; the text names it, its log and the
                last line in there.
        """
        for one in found:
            before = self._runs.get(one.name, Runs())
            runs = self._runs[one.name] = before.seen(one)
            most = MOST_SHORT_RUNS_LATER if runs.worked else MOST_SHORT_RUNS
            if one.state == "FATAL" or runs.short >= most:
                raise StateError(
                    f"{self._trouble(one.name, runs)}; correct what it names and run "
                    f"{self._again} again"
                )
            if runs.short == MOST_SHORT_RUNS > before.short:
                self._tell(f"{self._trouble(one.name, runs)}; it is tried again")
        if found and not self._all_run and all(one.state == "RUNNING" for one in found):
            self._all_run = True
            self._tell(f"running: {', '.join(one.name for one in found)}")

    def _trouble(self, name: str, runs: Runs) -> str:
        log = log_file(self._folder, name)
        times = f"ended {runs.short} times" if runs.short > 1 else "ended"
        return f"{name} {times} soon after its start; its log {log} ends in: {last_line(log)}"


def last_line(log: Path) -> str:
    """The last line of a log that has any text, shortened where it is very long."""
    try:
        with log.open("rb") as opened:
            opened.seek(max(0, opened.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = opened.read().decode(errors="replace").split("\n")
    except OSError:
        lines = []
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:_LONGEST_LINE] if said else "(nothing)"
