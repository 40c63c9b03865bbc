"""A password that is made up: kept whole, by one of many, and shown to a person alone."""

from __future__ import annotations

import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from command_desk import Desk

from badgejobs.cli.kept_password import kept_password

pytest_plugins = ["cli_fixtures"]

_UP = re.compile(r"the console is at http://\S+/")
#: As on a disk that is full: files can be made, and nothing written into them.
_ON_A_FULL_DISK = """\
import resource, sys
from pathlib import Path
from badgejobs.cli.kept_password import kept_password
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
kept_password(Path(sys.argv[1]))
"""


def test_a_password_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "state" / "console.password"
    file.parent.mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", _ON_A_FULL_DISK, str(file)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "File too large" in ended.stderr
    assert not list(file.parent.iterdir())

    password, is_new = kept_password(file)
    assert (len(password), is_new) == (24, True)
    assert kept_password(file) == (password, False)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_of_many_that_begin_at_once_one_makes_it_up_and_the_others_read_it(tmp_path: Path) -> None:
    together = Barrier(8)

    def begin(file: Path) -> tuple[str, bool]:
        together.wait(30)
        return kept_password(file)

    with ThreadPoolExecutor(8) as threads:
        for n in range(50):
            told = list(threads.map(begin, [tmp_path / f"{n}.password"] * 8))
            assert len({password for password, _ in told}) == 1
            assert sum(is_new for _, is_new in told) == 1


def test_a_terminal_is_told_the_password_once_and_a_pipe_never(lonely_desk: Desk) -> None:
    file = lonely_desk.folder / "state" / "console.password"
    first = _told_until_up(lonely_desk.folder, pty.openpty)
    password = file.read_text().strip()
    assert first.count(password) == 1
    assert password not in (again := _told_until_up(lonely_desk.folder, pty.openpty))
    assert str(file) in again

    file.unlink()
    piped = _told_until_up(lonely_desk.folder, os.pipe)
    assert file.read_text().strip() not in piped
    assert str(file) in piped


def _told_until_up(folder: Path, joined: Callable[[], tuple[int, int]]) -> str:
    """What the console says until it is up, into a pipe or on a terminal."""
    here, there = joined()
    process = subprocess.Popen(
        [sys.executable, "-m", "badgejobs", "console", "--port", "0"],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")},
        stdin=subprocess.DEVNULL,
        stdout=there,
        stderr=there,
    )
    os.close(there)
    told = b""
    try:
        while not _UP.search(told.decode(errors="replace")):
            more = os.read(here, 65_536)
            assert more, told
            told += more
    finally:
        process.terminate()
        process.wait(30)
        os.close(here)
    assert b"Traceback" not in told
    return told.decode()
