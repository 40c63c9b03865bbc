"""A row as a fact of core."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import Any

from badgejobs.core.activity import Activity, Item, Mark, label
from badgejobs.core.milestone import OrderPolicy, Ruleset, leaves
from badgejobs.core.money import minor_units
from badgejobs.rules.activities.problems import RowError
from badgejobs.rules.activities.rows import (
    PAYMENTS,
    CommentRow,
    LineRow,
    MemberRow,
    OrderRow,
    PlainRow,
    Row,
)

#: The name of the site in facts that are only tried out.
SITE = "trial"


def currency_of(ruleset: Ruleset) -> str | None:
    """The currency that rules compare money in, where they read orders and know of one."""
    policies = (leaf.of.policy for one in ruleset.milestones for leaf in leaves(one.condition))
    return next((one.currency for one in policies if isinstance(one, OrderPolicy)), None)


def activity_of(row: Row, *, currency: str | None) -> Activity:
    """The fact that a row is; ``currency`` is the site's own.

    Raises ``RowError`` where money cannot be told in minor units.
    """
    match row:
        case OrderRow():
            return _order(row, currency)
        case CommentRow():
            marks = row.status | {
                mark for mark, is_so in ((Mark.STAFF, row.staff), (Mark.GONE, row.gone)) if is_so
            }
            return _activity(
                row, marks, part=row.app, post=row.post or "", parent=row.parent, own=row.own,
                length=row.length,
            )  # fmt: skip
        case MemberRow() | PlainRow():
            return _activity(row, row.status)
        case _:
            raise TypeError(type(row).__name__)


def _activity(row: Row, marks: frozenset[Mark], **more: Any) -> Activity:
    return Activity(
        site=SITE,
        source=row.source,
        activity_id=row.id,
        member_id=row.member,
        occurred_at=row.at,
        updated_at=row.at,
        marks=marks,
        **more,
    )


def _order(row: OrderRow, site_currency: str | None) -> Activity:
    currency = row.currency or site_currency
    items = tuple(_item(line, number, currency) for number, line in enumerate(row.items))
    amount = _minor(row.amount, "amount", currency=currency)
    if row.amount is None:
        amount = sum(item.amount for item in items)
    total = amount if row.total is None else _minor(row.total, "total", currency=currency)
    refunded = _minor(row.refunded, "refunded", currency=currency)
    sign = -1 if row.credit else 1
    return _activity(
        row,
        _marks(row, fully=0 < total <= refunded),
        amounts=MappingProxyType(
            {"items": sign * amount, "total": sign * total, "refunded": refunded}
        ),
        currency=currency,
        base_currency=row.base_currency,
        rate=row.rate,
        paid_at=row.paid_at,
        channel=row.channel or "",
        items=items,
        linked_by=row.linked_by,
    )


def _marks(row: OrderRow, *, fully: bool) -> frozenset[Mark]:
    payment = row.payment
    if payment is None:
        word = "refunded" if fully else "partially_refunded" if row.refunded else "paid"
        payment = PAYMENTS[word]
    more = {
        Mark.FULFILLED: row.fulfilled,
        Mark.IMPORTED: row.imported,
        Mark.DEMO: row.demo,
        Mark.TRIAL: row.trial,
        Mark.CREDIT: row.credit,
        Mark.GONE: row.gone,
    }
    return row.status | payment | {mark for mark, is_so in more.items() if is_so}


def _item(line: LineRow, number: int, currency: str | None) -> Item:
    return Item(
        product=line.product,
        name=label(line.name) if line.name else "",
        catalog=line.catalog,
        categories=line.category,
        quantity=line.quantity,
        refunded=line.refunded,
        amount=_minor(line.amount, "items", number, "amount", currency=currency),
    )


def _minor(amount: Decimal | None, *where: str | int, currency: str | None) -> int:
    if not amount:
        return 0
    if currency is None:
        raise RowError(where, "money needs a currency; add a column 'currency', or name the "
                              "site's own in the rules")  # fmt: skip
    try:
        return minor_units(f"{amount:f}", currency)
    except ValueError as error:
        raise RowError(where, f"'{amount:f}' cannot be: {error}") from None
