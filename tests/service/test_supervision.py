from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

import pytest
from processes import Spawn, eventually, runs, said

from badgejobs.errors import StateError
from badgejobs.service.supervision import (
    Program,
    started,
    status,
    write_configuration,
)

pytest_plugins = ["service_fixtures"]

#: Prints a line, then says in a file who it is and what it was given, and stays. In this order:
#: once the file is read the process may be killed, and its line must be out as a whole by then.
_STAY = """
import os, sys, time
print("printed", flush=True)
with open(sys.argv[1], "a") as told:
    print(os.getpid(), os.environ["BADGEJOBS_MARK"], os.environ["INHERITED"], sys.argv[2:],
          file=told)
while True:
    time.sleep(1)
"""

_WORKER = """
import os, sys, time
from pathlib import Path
from badgejobs.service.broker import ensure_broker
from badgejobs.service.lifeline import watch_owner
watch_owner(os.environ["BADGEJOBS_OWNER"], also=os.getppid())
broker = ensure_broker(Path(sys.argv[1]))
Path(sys.argv[2]).write_text(str(os.getpid()))
while True:
    time.sleep(1)
"""

#: Says that it was told to end, and ends when all have said so, or after a while.
_PATIENT = """
import signal, sys, time
from pathlib import Path
told, all_of_them = Path(sys.argv[1]), int(sys.argv[2])
def say(word):
    with told.open("a") as opened:
        opened.write(word + "\\n")
def end(*_):
    say("told")
    ends = time.monotonic() + 2
    while told.read_text().count("told") < all_of_them and time.monotonic() < ends:
        time.sleep(0.02)
    say("ended")
    sys.exit()
signal.signal(signal.SIGTERM, end)
say("ready")
while True:
    time.sleep(1)
"""

_OWNER = """
import sys
from pathlib import Path
from badgejobs.service.broker import ensure_broker
from badgejobs.service.brokerfiles import server_process
from badgejobs.service.lifeline import owner_of_this_process
from badgejobs.service.supervision import Program, started
state, worker, *marks = sys.argv[1:]
broker = ensure_broker(Path(state))
programs = [
    Program(
        name=f"worker-{number}",
        argv=[sys.executable, worker, state, mark],
        environment={"BADGEJOBS_OWNER": owner_of_this_process()},
        stop_seconds=5,
    )
    for number, mark in enumerate(marks)
]
supervisord = started(programs, folder=Path(state))
print(supervisord.pid, server_process(broker.files).pid, flush=True)
sys.stdin.readline()
"""


def test_a_killed_program_comes_again_and_sigterm_ends_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INHERITED", "never-written")
    script, told = tmp_path / "stay 100%.py", tmp_path / "told"
    script.write_text(_STAY)
    program = Program(
        name="stay",
        argv=[sys.executable, str(script), str(told), "50% off, 'x'", ""],
        environment={"BADGEJOBS_MARK": "unix:///a%20b,c=d"},
        stop_seconds=3,
    )
    other = Program(name="sleep", argv=["sleep", "600"], stop_seconds=3)
    with started([program, other], folder=tmp_path / "state") as supervisord:
        configuration = tmp_path / "state" / "supervisord.ini"
        assert "never-written" not in configuration.read_text()
        assert stat.S_IMODE(configuration.stat().st_mode) == 0o600
        try:
            eventually(lambda: told.exists() and told.read_text().endswith("\n"))
            seen = {one.name: one for one in status(tmp_path / "state")}
            first = seen["stay"]
            assert first.state in {"STARTING", "RUNNING"}
            assert told.read_text() == (
                f"{first.pid} unix:///a%20b,c=d never-written {program.argv[3:]}\n"
            )
            assert first.pid
            os.kill(first.pid, signal.SIGKILL)
            eventually(lambda: told.read_text().count("\n") == 2)
            pids = {one.pid for one in status(tmp_path / "state")}
            assert first.pid not in pids
            assert seen["sleep"].pid in pids
        finally:
            supervisord.terminate()
        assert supervisord.wait(timeout=10) == 0
    assert [pid for pid in pids if pid and runs(pid)] == []
    assert (tmp_path / "state" / "log" / "stay.log").read_text() == "printed\nprinted\n"
    assert status(tmp_path / "state") == []


def test_all_programs_are_told_to_end_before_the_first_has_ended(tmp_path: Path) -> None:
    script, told = tmp_path / "patient.py", tmp_path / "told"
    script.write_text(_PATIENT)
    names = ["sandbox", "worker", "beat"]
    programs = [
        Program(
            name=name, argv=[sys.executable, str(script), str(told), str(len(names))],
            stop_seconds=20,
        )
        for name in names
    ]  # fmt: skip
    with started(programs, folder=tmp_path / "state") as supervisord:
        try:
            eventually(lambda: told.exists() and told.read_text().count("ready") == len(names))
        finally:
            supervisord.terminate()
        assert supervisord.wait(timeout=30) == 0
    assert told.read_text().split() == ["ready"] * 3 + ["told"] * 3 + ["ended"] * 3


def test_what_supervisor_and_programs_write_only_we_can_read(tmp_path: Path) -> None:
    state, written = tmp_path / "state", tmp_path / "written"
    writer = Program(
        name="writer",
        argv=[sys.executable, "-c", f"open({str(written)!r}, 'w').write('x'); print('x')"],
        stop_seconds=1,
    )
    before = os.umask(0o022)
    try:
        with started([writer], folder=state) as supervisord:
            logs = [state / "log" / f"{name}.log" for name in ("writer", "supervisord")]
            try:
                eventually(lambda: all(one.exists() for one in (written, *logs)))
            finally:
                supervisord.terminate()
    finally:
        os.umask(before)
    assert {stat.S_IMODE(one.stat().st_mode) for one in (written, *logs)} == {0o600}


def test_after_sigkill_of_the_owner_nothing_runs(state: Path, tmp_path: Path, spawn: Spawn) -> None:
    marks = [tmp_path / "one", tmp_path / "two"]
    script = tmp_path / "worker.py"
    script.write_text(_WORKER)
    owner = spawn(_OWNER, state, script, *marks)
    supervisord, broker = map(int, said(owner).split())
    eventually(lambda: all(mark.exists() and mark.read_text() for mark in marks), seconds=20)
    workers = [int(mark.read_text()) for mark in marks]
    assert {one.pid for one in status(state)} == set(workers)
    owner.kill()
    eventually(lambda: not any(map(runs, (supervisord, broker, *workers))))


def test_without_supervisord_there_is_no_status(tmp_path: Path) -> None:
    assert status(tmp_path) == []


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"name": "a b"}, "no name for a program"),
        ({"name": "x]\n[y"}, "no name for a program"),
        ({"argv": ["echo", "a\nuser=root"]}, "program stay: line ends"),
        ({"argv": ["echo", "a ;b"]}, "comment|;"),
        ({"environment": {"KEY": 'a",OTHER="b'}}, "program stay: .* in KEY"),
        ({"environment": {"KEY": "a\nb"}}, "program stay: .* in KEY"),
        ({"environment": {"A=B": "c"}}, "no name for an environment variable"),
    ],
)
def test_a_value_that_would_break_the_file_is_refused(
    changed: dict[str, object], match: str, tmp_path: Path
) -> None:
    values: dict[str, object] = {"name": "stay", "argv": ["true"], "stop_seconds": 1} | changed
    with pytest.raises(StateError, match=match):
        write_configuration([Program(**values)], folder=tmp_path)  # type: ignore[arg-type]
