"""What happens to orders after a badge was earned by them, as the scan reads it."""

from __future__ import annotations

from dataclasses import replace

from stage import Stage

from badgejobs.core.activity import Mark

PAID = (Mark.APPROVED, Mark.PAID)
REFUNDED = (*PAID, Mark.REFUNDED)


def becomes(at: Stage, *orders: str, marks: tuple[Mark, ...]) -> None:
    """Orders change at Wix, and are read."""
    at.wait(seconds=1)
    for order in orders:
        known = at.orders.records[order]
        at.orders.put(
            replace(
                known, marks=frozenset(marks), revision=known.revision + 1, updated_at=at.clock()
            )
        )
    at.scan()


def refund(at: Stage, *orders: str) -> None:
    becomes(at, *orders, marks=REFUNDED)


def restore(at: Stage, *orders: str) -> None:
    """A refund, a cancellation is taken back."""
    becomes(at, *orders, marks=PAID)


def buys(at: Stage, member: str, number: int, *, first: int = 1) -> None:
    """A member places so many orders, and they are read."""
    at.wait(seconds=1)
    at.orders.put(*(at.order(f"{member}-{n}", member) for n in range(first, first + number)))
    at.scan()
