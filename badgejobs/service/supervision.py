"""Programs that run beside each other under supervisord: its configuration and its answers."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from configparser import RawConfigParser
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from badgejobs.errors import StateError
from badgejobs.service.folders import private_folder, socket_path

#: A program that lives so long has started; one that dies before is tried again, each time a
#: second later, and given up after so many tries (state FATAL): a wrong setting shows itself
#: and does not spin. Importing Celery alone takes two seconds on a small machine.
START_SECONDS = 5
START_RETRIES = 10

#: What supervisord itself needs once its programs had their time to end.
_AFTER_STOP_SECONDS = 2.0
_LOG_BYTES = 5_000_000
_LOG_BACKUPS = 3
#: supervisord takes the umask of its configuration only as a daemon, so it is started with this.
_UMASK = 0o077
#: One group for all: supervisord ends the programs of a group together, and its groups one after
#: another, so that as many groups would take as many times as long.
_GROUP = "badgejobs"

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
#: What an INI value of supervisord cannot carry: line ends, and what it takes for a comment.
_UNFIT = re.compile(r"[\x00-\x1f\x7f]|(^|\s)[;#]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program to keep running."""

    #: Lower-case letters, digits, ``-`` and ``_``; also the name of its log file.
    name: str
    argv: Sequence[str]
    #: Set on top of what supervisord inherits. Secrets do not belong here, since it is
    #: written to a file: they stay in the environment that supervisord is started with.
    environment: Mapping[str, str] = field(default_factory=dict)
    #: How long it may take to end after SIGTERM before it is killed, with its children.
    stop_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramStatus:
    """One program as supervisord sees it."""

    name: str
    #: STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL or UNKNOWN.
    state: str
    pid: int | None
    #: When its latest run began, when its latest run that is over ended, and the moment of the
    #: answer: seconds of one clock; 0 for what never was.
    began: int = 0
    ended: int = 0
    now: int = 0


def write_configuration(programs: Sequence[Program], *, folder: Path) -> Path:
    """Write what supervisord needs to run these programs; returns the file, mode 0600.

    ``folder`` becomes private; logs go to its ``log/``, one rotating file a program.
    Use it by :func:`started`.

    Raises:
        StateError: the folder cannot be used, or a value does not fit into the file.
    """
    folder = private_folder(folder)
    logs = private_folder(folder / "log")
    ini = RawConfigParser()
    ini["unix_http_server"] = {
        "file": _fit(str(socket_path(folder, "supervisor.sock")), "the state folder"),
        "chmod": "0700",
    }
    ini["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    ini["supervisord"] = {
        "nodaemon": "true",
        "silent": "true",  # the terminal belongs to the command; all is in the log
        "logfile": _fit(str(logs / "supervisord.log"), "the state folder"),
        "logfile_maxbytes": str(_LOG_BYTES),
        "logfile_backups": str(_LOG_BACKUPS),
        "childlogdir": _fit(str(logs), "the state folder"),
        "pidfile": _fit(str(folder / "supervisord.pid"), "the state folder"),
    }
    for program in programs:
        if not _NAME.fullmatch(program.name):
            raise StateError(f"{program.name!r} is no name for a program: use a-z, 0-9, - and _")
        ini[f"program:{program.name}"] = _section(program, folder)
    ini[f"group:{_GROUP}"] = {"programs": ",".join(program.name for program in programs)}
    configuration = folder / "supervisord.ini"
    fresh = configuration.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        ini.write(opened)
    return fresh.replace(configuration)


def started(programs: Sequence[Program], *, folder: Path) -> subprocess.Popen[bytes]:
    """A supervisord of this folder that runs the programs until it gets a SIGTERM or SIGINT.

    What it and they write only we can read.

    Raises:
        StateError: as for :func:`write_configuration`.
    """
    configuration = str(write_configuration(programs, folder=folder))
    return subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", configuration],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        umask=_UMASK,
        # A Ctrl-C in the terminal is for the command, which ends the programs in order.
        start_new_session=True,
    )


@contextmanager
def running(
    programs: Sequence[Program], *, folder: Path, stop_seconds: float
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the programs under a supervisord of this folder, and end them all with the block."""
    supervisord = started(programs, folder=folder)
    try:
        yield supervisord
    finally:
        supervisord.terminate()
        try:
            supervisord.wait(stop_seconds + _AFTER_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            supervisord.kill()
            supervisord.wait()


def log_file(folder: Path, program: str) -> Path:
    """Where what a program of this folder prints is kept."""
    return folder / "log" / f"{program}.log"


def status(folder: Path) -> list[ProgramStatus]:
    """Every program of the supervisord of this folder; none when it does not run or is ending."""
    socket = socket_path(private_folder(folder), "supervisor.sock")
    transport = SupervisorTransport(None, None, f"unix://{socket}")
    try:
        with xmlrpc.client.ServerProxy("http://localhost", transport=transport) as server:
            answer: Any = server.supervisor.getAllProcessInfo()
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return []
    return [
        ProgramStatus(
            name=one["name"],
            state=one["statename"],
            pid=one["pid"] or None,
            began=one["start"],
            ended=one["stop"],
            now=one["now"],
        )
        for one in answer
    ]


def _section(program: Program, folder: Path) -> dict[str, str]:
    what = f"program {program.name}"
    return {
        "command": _fit(shlex.join(program.argv), what),
        "environment": ",".join(
            f'{_variable(name)}="{_unquoted(name, value, what)}"'
            for name, value in program.environment.items()
        ),
        "autorestart": "true",
        "startsecs": str(START_SECONDS),
        "startretries": str(START_RETRIES),
        "stopsignal": "TERM",
        "stopwaitsecs": str(program.stop_seconds),
        # SIGTERM goes to the program alone: a Celery worker ends its pool in good order, and
        # a pool child that got the signal itself would die in the middle of its job. What is
        # left after stopwaitsecs is killed together.
        "stopasgroup": "false",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": _fit(str(log_file(folder, program.name)), "the state folder"),
        "stdout_logfile_maxbytes": str(_LOG_BYTES),
        "stdout_logfile_backups": str(_LOG_BACKUPS),
    }


def _fit(value: str, what: str) -> str:
    """The value as supervisord reads it back; ``%`` begins an expansion there."""
    if _UNFIT.search(value):
        raise StateError(f"{what}: line ends, and ; or # after a space, do not fit: {value!r}")
    return value.replace("%", "%%")


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise StateError(f"{name!r} is no name for an environment variable: use A-Z, 0-9 and _")
    return name


def _unquoted(name: str, value: str, what: str) -> str:
    # the value itself is not repeated: nobody can know what it is
    if _UNFIT.search(value) or '"' in value or "'" in value:
        raise StateError(f"{what}: line ends, quotes or comment marks in {name} do not fit")
    return value.replace("%", "%%")
