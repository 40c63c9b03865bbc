"""The rules that everything is measured under."""

from __future__ import annotations

RULES = """\
version: 1
site: {timezone: UTC, currency: EUR}
badges:
  - {id: first, badge: {title: First Purchase}, when: {count: orders, gte: 1}}
  - {id: tenth, badge: {title: Ten Purchases}, when: {count: orders, gte: 10}}
  - {id: regular, badge: {title: Regular Customer}, when: {count: orders, gte: 42}}
  - {id: spender, badge: {title: Big Spender}, when: {sum: orders.amount, gte: '2500'}}
"""

#: The same, with a badge for which there is a line.
RULES_WITH_A_LIMIT = (
    RULES
    + """\
  - id: quick
    badge: {title: Among the First}
    when: {count: orders, gte: 42}
    limit: {first: 100}
"""
)
