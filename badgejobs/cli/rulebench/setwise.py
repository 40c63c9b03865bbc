"""The same work as SQL over tables, one statement a badge, in SQLite in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta

from badgejobs.cli.rulebench.folding import Earned
from badgejobs.cli.rulebench.twelve import COMMENTS, IN_A_ROW, ORDERS, PRODUCTS, SPENT, STREAK
from badgejobs.cli.rulebench.workload import BEGINS, Workload
from badgejobs.core.activity import Mark

_TABLES = """
create table orders (
    id text primary key, member text, at integer, counts integer, value integer
) without rowid;
create table lines (order_id text, product text, is_kept integer);
create table comments (id text primary key, member text, at integer, counts integer) without rowid;
"""
_INDEXES = """
create index orders_by_member on orders (member, at, id, counts, value);
create index lines_by_order on lines (order_id);
create index comments_by_member on comments (member, at, id, counts);
analyze;
"""
_NTH = """
select member, at from (
    select member, at, row_number() over (partition by member order by at, id) as number
    from {table} where counts
) where number = ?
"""
_SUM = """
select member, min(at) from (
    select member, at, sum(value) over (
        partition by member order by at, id rows unbounded preceding
    ) as total
    from orders where counts
) where total >= ? group by member
"""
_IN_A_ROW = """
select member, min(at) from (
    select member, at, lag(at, ?) over (partition by member order by at, id) as first
    from orders where counts
) where at < first + ? group by member
"""
_PRODUCTS = """
select member, at from (
    select member, at, row_number() over (partition by member order by at) as number
    from (
        select member, product, min(at) as at
        from orders join lines on order_id = id
        where counts and is_kept group by member, product
    )
) where number = ?
"""
_STREAK = """
select member, min(at) from (
    select member, day, at, lag(day, ?) over (partition by member order by day) as first
    from (
        select member, at / 86400 as day, min(at) as at
        from comments where counts group by member, at / 86400
    )
) where day = first + ? group by member
"""


class Tables:
    """The rows of a workload in tables; times are seconds since it begins."""

    def __init__(self, workload: Workload) -> None:
        self._sql = sqlite3.connect(":memory:")
        self._sql.executescript(_TABLES)
        self._sql.executemany(
            "insert into orders values (?, ?, ?, ?, ?)",
            (
                (
                    one.activity_id,
                    one.member_id,
                    int((one.occurred_at - BEGINS).total_seconds()),
                    Mark.PAID in one.marks and Mark.REFUNDED not in one.marks,
                    one.amounts["items"] - one.amounts["refunded"],
                )
                for one in workload.of("orders")
            ),
        )
        self._sql.executemany(
            "insert into lines values (?, ?, ?)",
            (
                (one.activity_id, item.product, item.refunded < item.quantity)
                for one in workload.of("orders")
                for item in one.items
            ),
        )
        self._sql.executemany(
            "insert into comments values (?, ?, ?, ?)",
            (
                (
                    one.activity_id,
                    one.member_id,
                    int((one.occurred_at - BEGINS).total_seconds()),
                    Mark.PUBLISHED in one.marks,
                )
                for one in workload.of("comments")
            ),
        )
        self._sql.executescript(_INDEXES)

    def earned(self, *, everything: bool) -> Iterator[Earned]:
        """Who earned what; ``everything`` is all twelve rules, else counts and sums alone."""
        for table, rules in (("orders", ORDERS), ("comments", COMMENTS)):
            for badge, gte in rules.items():
                yield from self._asked(badge, _NTH.format(table=table), gte)
        for badge, gte in SPENT.items():
            yield from self._asked(badge, _SUM, gte)
        if not everything:
            return
        for badge, (number, span) in IN_A_ROW.items():
            yield from self._asked(badge, _IN_A_ROW, number - 1, int(span.total_seconds()))
        for badge, gte in PRODUCTS.items():
            yield from self._asked(badge, _PRODUCTS, gte)
        for badge, length in STREAK.items():
            yield from self._asked(badge, _STREAK, length - 1, length - 1)

    def close(self) -> None:
        """Give the memory back."""
        self._sql.close()

    def _asked(self, badge: str, statement: str, *numbers: int) -> Iterator[Earned]:
        for member, at in self._sql.execute(statement, numbers):
            yield member, badge, BEGINS + timedelta(seconds=at)
