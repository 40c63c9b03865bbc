"""A made-up site, the same for the same numbers: a few members do much, most do little.

Orders have one to four lines of five hundred products, of which some are bought far more often;
most are paid, some are not, some refunded. Comments come in runs of days, so that streaks exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from types import MappingProxyType

from badgejobs.core.activity import Activity, Item, Mark

SITE = "bench"
CURRENCY = "USD"
BEGINS = datetime(2025, 1, 1, tzinfo=UTC)
#: Everything lies before.
AS_OF = BEGINS + timedelta(days=366)

_DAYS = 365
_DAY_SECONDS = 86_400
_PRODUCTS = 500
_PAID = frozenset({Mark.APPROVED, Mark.PAID})
#: Of a hundred orders so many are in each state, and of a hundred comments.
_ORDERS = {
    _PAID: 86,
    frozenset({Mark.APPROVED}): 6,
    _PAID | {Mark.REFUNDED}: 4,
    _PAID | {Mark.PARTLY_REFUNDED}: 2,
    frozenset({Mark.PENDING}): 2,
}
_COMMENTS = {
    frozenset({Mark.PUBLISHED}): 92,
    frozenset({Mark.PENDING}): 3,
    frozenset({Mark.HIDDEN}): 3,
    frozenset({Mark.DELETED}): 2,
}
#: So likely is it that a run of comments goes on for another day, up to so many.
_GOES_ON, _LONGEST_RUN = 0.67, 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Members with their activities, in the order in which those came to be known."""

    members: dict[str, list[Activity]]
    activities: int

    def of(self, source: str) -> Iterator[Activity]:
        """All activities of one source."""
        return (one for theirs in self.members.values() for one in theirs if one.source == source)


def made_up(*, members: int, activities: int, seed: int) -> Workload:
    """So many activities, half of them orders and half comments."""
    random = Random(seed)  # noqa: S311 - figures of a workload, the same again each time
    names = [f"{random.getrandbits(64):016x}" for _ in range(members)]
    busy = [*accumulate(random.lognormvariate(0, 1.2) for _ in names)]
    orders = activities // 2
    some = [*_orders(random, random.choices(names, cum_weights=busy, k=orders))]
    some += _comments(random, names, busy, activities - orders)
    random.shuffle(some)
    found = {name: list[Activity]() for name in names}
    for one in some:
        found[one.member_id or ""].append(one)
    return Workload(members=found, activities=len(some))


def _orders(random: Random, buyers: list[str]) -> Iterator[Activity]:
    states, shares = [*_ORDERS], [*_ORDERS.values()]
    products = [f"p{n:03}" for n in range(_PRODUCTS)]
    liked = [*accumulate(1 / (n + 1) ** 0.7 for n in range(_PRODUCTS))]
    for buyer in buyers:
        [marks] = random.choices(states, shares)
        [lines] = random.choices((1, 2, 3, 4), (62, 22, 10, 6))
        amount = max(100, int(random.lognormvariate(8.16, 0.8)))
        refunded = amount // 4 if Mark.PARTLY_REFUNDED in marks else 0
        at = BEGINS + timedelta(seconds=random.randrange(_DAYS * _DAY_SECONDS))
        yield Activity(
            site=SITE,
            source="orders",
            activity_id=f"{random.getrandbits(128):032x}",
            member_id=buyer,
            occurred_at=at,
            updated_at=at,
            marks=marks,
            amounts=MappingProxyType({"items": amount, "total": amount, "refunded": refunded}),
            currency=CURRENCY,
            items=tuple(
                Item(product=product, quantity=1, amount=amount // lines)
                for product in random.choices(products, cum_weights=liked, k=lines)
            ),
        )


def _comments(
    random: Random, names: list[str], busy: list[float], number: int
) -> Iterator[Activity]:
    states, shares = [*_COMMENTS], [*_COMMENTS.values()]
    left = number
    while left:
        [author] = random.choices(names, cum_weights=busy)
        run = 1
        while run < _LONGEST_RUN and random.random() < _GOES_ON:
            run += 1
        first = random.randrange(_DAYS)
        for day in range(first, first + min(run, left)):
            seconds = min(day, _DAYS - 1) * _DAY_SECONDS + random.randrange(_DAY_SECONDS)
            at = BEGINS + timedelta(seconds=seconds)
            [marks] = random.choices(states, shares)
            left -= 1
            yield Activity(
                site=SITE,
                source="comments",
                activity_id=f"{random.getrandbits(128):032x}",
                member_id=author,
                occurred_at=at,
                updated_at=at,
                marks=marks,
                post=f"post-{random.randrange(997)}",
                length=40,
            )
