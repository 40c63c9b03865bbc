"""Makes the extract that ships in ``data/``; run as a module, with FOLDER as its argument.

FOLDER holds ``online_retail/`` and ``se_history_meta_2018/``. The first orders and comments in
time are copied row by row, and those expected awards that were earned up to the last of them.
The awards are copied too, never computed here: they are the truth to compare with.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Iterable, Iterator
from itertools import takewhile
from pathlib import Path

from badgejobs.sandbox.history.seed import FORUM, SHOP, data_set_of

ORDERS = 3_000
COMMENTS = 3_000
#: All but those that ask how a sum ended: the extract ends earlier than they do.
RULES = frozenset(
    {
        *(f"orders_count_{number}" for number in (1, 5, 10, 25)),
        *(f"spent_gross_{number}" for number in (100, 500, 1000)),
        *(f"spent_net_ever_{number}" for number in (100, 500, 1000)),
        "orders_3_in_30d",
        "distinct_products_5",
        "distinct_products_5_goods",
        "loyal_10_orders_or_500",
        *(f"comments_count_{number}" for number in (1, 10, 25, 50, 100)),
    }
)

_Row = dict[str, str]


def extract(source: Path, target: Path, *, orders: int = ORDERS, comments: int = COMMENTS) -> None:
    """Write the four tables of the extract into ``target``."""
    bought = [row for row in _read(source / SHOP / "orders") if row["kind"] != "adjustment"]
    bought.sort(key=lambda row: (row["ordered_at"], int(row["order_seq"])))
    last_order = bought[orders - 1]["ordered_at"]
    bought = list(takewhile(lambda row: row["ordered_at"] <= last_order, bought))
    numbers = {row["order_id"] for row in bought}
    written = list(_read(source / FORUM / "comments"))
    written.sort(key=lambda row: (row["creation_date"], int(row["comment_id"])))
    last_comment = written[comments - 1]["creation_date"]
    last = {SHOP: last_order, FORUM: last_comment}
    _write(target / "orders", bought)
    _write(
        target / "order_lines",
        (row for row in _read(source / SHOP / "order_lines") if row["order_id"] in numbers),
    )
    _write(
        target / "comments",
        takewhile(lambda row: row["creation_date"] <= last_comment, written),
    )
    _write(
        target / "expected",
        (
            row
            for name in (SHOP, FORUM)
            for row in _read(source / name / "expected_awards")
            if row["rule"] in RULES and row["earned_at"] <= last[data_set_of(row["rule"])]
        ),
    )


def _read(table: Path) -> Iterator[_Row]:
    with gzip.open(f"{table}.csv.gz", "rt", encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def _write(table: Path, rows: Iterable[_Row]) -> None:
    """Write a table whose bytes depend on its rows alone."""
    found = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(found[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    packed = gzip.compress(text.getvalue().encode(), mtime=0)
    Path(f"{table}.csv.gz").write_bytes(packed)


if __name__ == "__main__":
    extract(Path(sys.argv[1]), Path(__file__).with_name("data"))
