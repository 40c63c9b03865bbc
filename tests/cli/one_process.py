"""A command run within this process, as ``python -m badgejobs`` runs it in one of its own."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import structlog

from badgejobs.cli import main

#: No command ever shows it.
SECRET = "app-secret-0123456789"


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str


def run_here(arguments: Sequence[str], *, folder: Path, environment: dict[str, str]) -> Ended:
    """How it ends; what it changes of this process is as it was afterwards."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with _put_back(folder, environment), redirect_stdout(out), redirect_stderr(err):
        try:
            main(list(arguments))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    ended = Ended(code=code, out=out.getvalue(), err=err.getvalue())
    assert "Traceback" not in ended.err, ended.err
    assert SECRET not in ended.out + ended.err
    return ended


@contextmanager
def _put_back(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers, root.level, sys.excepthook
    told, where, stdin = structlog.get_config(), Path.cwd(), sys.stdin
    before = dict(os.environ)
    for name in [one for one in os.environ if one.startswith("BADGEJOBS_")]:
        del os.environ[name]
    os.environ.update({"NO_COLOR": "1", "XDG_STATE_HOME": str(folder / "xdg")} | environment)
    os.chdir(folder)
    sys.stdin = io.StringIO()
    try:
        yield
    finally:
        os.chdir(where)
        os.environ.clear()
        os.environ.update(before)
        structlog.configure(**told)
        root.handlers, sys.excepthook, sys.stdin = handlers, hook, stdin
        root.setLevel(level)
