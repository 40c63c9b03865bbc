"""Totals that only grow, over all processes: each adds to rows of its own."""

from __future__ import annotations

import json
import os
import socket
import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, func, select

from badgejobs.core.totals import Key
from badgejobs.store.dialect import Insert, insert_into
from badgejobs.store.operator_tables import tally

#: Processes that write at the same moment seldom share one; there are no more rows than this for
#: one total, however many processes there ever were.
SHARDS: Final = 16


class SqlTally:
    """Adds to totals and reads them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, counts: Mapping[Key, int]) -> None:
        """Add to these totals, in one statement; the last thing that a transaction does.

        The rows are locked up to its end, and taken in one order: so that two who add to the same
        never wait for each other, nothing else may be waited for after it.
        """
        shard = _shard()
        rows = [
            {"name": name, "labels": json.dumps(dict(labels)), "shard": shard, "value": number}
            for (name, labels), number in sorted(counts.items())
            if number
        ]
        if rows:
            self._connection.execute(_adding(self._connection), rows)

    def all(self) -> dict[Key, int]:
        """Every total."""
        sums = select(tally.c.name, tally.c.labels, func.sum(tally.c.value))
        totals = Counter[Key]()
        for name, labels, value in self._connection.execute(
            sums.group_by(tally.c.name, tally.c.labels)
        ):
            totals[name, tuple(sorted(json.loads(labels).items()))] += int(value)
        return dict(totals)


#: The statement by the name of its dialect: it is sent with every run, and takes longer to be
#: put together than to be carried out.
_ADDING = dict[str, Insert]()


def _adding(connection: Connection) -> Insert:
    name = connection.dialect.name
    if name not in _ADDING:
        added = insert_into(connection, tally)
        _ADDING[name] = added.on_conflict_do_update(
            index_elements=("name", "labels", "shard"),
            set_={"value": tally.c.value + added.excluded.value},
        )
    return _ADDING[name]


def _shard() -> int:
    """The shard of this process: another one in a forked child."""
    return zlib.crc32(f"{socket.gethostname()}.{os.getpid()}".encode()) % SHARDS
