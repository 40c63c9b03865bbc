"""A look at names in the database, for whoever cannot wait: the shell, while a word is typed.

An SQLite file is opened to be read only, without the libraries that the store is made of, which
take longer to load than anybody waits for a word. Nothing is made, renewed or written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

#: A writer in the way is not waited for longer.
_SECONDS = 0.2
#: More are of no use to anybody.
MOST = 1_000

#: What to ask for by what is wanted; a badge is of a ``:site``.
_QUERIES: Final[Mapping[str, str]] = {
    "sites": "SELECT name FROM site WHERE name LIKE :begins ORDER BY name LIMIT :most",
    "packs": "SELECT name FROM pack WHERE name LIKE :begins ORDER BY name LIMIT :most",
    "apps": "SELECT name FROM app WHERE name LIKE :begins ORDER BY name LIMIT :most",
    "badges": (
        "SELECT DISTINCT badge FROM badge_binding WHERE badge LIKE :begins"
        " AND (site = :site OR :site = '') ORDER BY badge LIMIT :most"
    ),
}


def names(database: str, what: str, *, begins: str, site: str = "") -> list[str]:
    """Names of ``sites``, ``packs``, ``apps`` or ``badges`` that begin so.

    Of no ``site``, badges of all are meant. None where there is no database yet, or it is in the
    hands of others; of a server, ``DatabaseUnavailable`` or ``StateError``.
    """
    values = {"begins": f"{begins}%", "site": site, "most": MOST}
    path = database.removeprefix("sqlite:///")
    if path == database:
        return _of_server(database, what, values)
    file = Path(path)
    if not file.is_file():
        return []
    try:
        url = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(url, uri=True, timeout=_SECONDS)) as connection:
            found = [str(name) for (name,) in connection.execute(_QUERIES[what], values)]
    except sqlite3.Error:
        return []
    # LIKE takes _ for any letter, and small letters for capital ones
    return [name for name in found if name.startswith(begins)]


def _of_server(database: str, what: str, values: Mapping[str, object]) -> list[str]:
    from sqlalchemy import text  # noqa: PLC0415 - only for a server

    from badgejobs.store.engine import engine_for, parse, reading  # noqa: PLC0415 - as above
    from badgejobs.store.faults import translated  # noqa: PLC0415 - as above

    url = parse(database)
    engine = engine_for(url, brief=True)
    try:
        with translated(url), reading(engine).begin() as connection:
            found = list(connection.scalars(text(_QUERIES[what]), values))
    finally:
        engine.dispose()
    begins = str(values["begins"])[:-1]
    return [name for name in found if name.startswith(begins)]
