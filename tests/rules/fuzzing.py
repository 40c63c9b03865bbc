"""Rules files that went wrong: seeded mutants of files that hold every form of the language.

``python fuzzing.py SEED COUNT`` tries so many of them in a process of its own and prints, as
JSON, how many held, the longest time of one in seconds of processor, and the most memory in MiB.
"""

import json
import re
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from badgejobs.core.milestone import Ruleset
from badgejobs.errors import RulesError
from badgejobs.rules import SiteDefaults, described, parse_rules

SITE = SiteDefaults(timezone="America/New_York", currency="GBP")

#: Every form once, in files short enough to be parsed thousands of times.
SEEDLINGS = (
    """\
version: 1
site: {currency: GBP, timezone: Europe/London, week_starts: sunday}
policies:
  orders: {count_when: paid, amount: items, min_amount: '5.00', cancelled: keep, dated_by: paid}
  comments: {deleted: keep, include_staff: false, min_chars: 20, max_per_post_per_day: 5}
badges:
- id: a
  badge: {title: "A \\u263A", background: '#14532D', text: "#FFFFFF", permissions: true}
  when: {all: [{count: orders, gte: 10}, {any: [{sum: orders.amount, gte: '12.50'}]}]}
  lifecycle: {revoke: {grace: 7d}, on_rule_change: reevaluate}
- id: b
  badge: Gold
  when:
    count: comments
    gte: 7
    window: {rolling: 90d}
  settle_after: 14d
""",
    """\
version: 1
badges:
- id: a
  badge: {title: A, description: d, icon: 'https://a.b/c.png'}
  when: {distinct: comments.post, where: {app: blog, is_reply: true, on_own_content: false}, gte: 3}
  earnable: {from: 2026-11-27, to: '2026-12-15T00:00:00Z'}
  limit: {first: 100}
  backfill: {history: {from: 2026-01-01}, notify: false}
- id: b
  badge: B
  when: {at_least: 2, of: [{streak: orders, every: month, length: 6, miss: 1}, {has: c},
    {none: [{count: orders, window: {calendar: week}, gte: 2}]}]}
- id: c
  badge: C
  when: {max: comments.length, where: {post: [x, y], min_chars: 5}, window: {first: 30d}, gte: 9}
  notify: {award: true, revoke: true}
- id: d
  badge: D
  when: {count: orders, gte: 7}
  lifecycle: {expires: {after: 1y}, renew: while_met}
  retired: true
""",
    """\
version: 1
site: {currency: JPY}
badges:
- id: a
  badge: A
  when: {gap: orders, where: {channel: [POS, WEB], imported: false}, gte: 180d}
  policies: {orders: {guests: never, convert: order_rate, imported: ignore, full_refund: keep}}
- id: b
  badge: B
  opens_pages: true
  when: {sum: orders.items.quantity, where: {catalog: stores, category: [C], not_product: G,
    product: P, min_amount: 20}, window: {between: {from: 2026-11-27, to: 2026-12-01}}, gte: 5}
  lifecycle: {revoke: when_unmet, expires: {at: 2028-01-01}}
ladders:
- id: vip
  measure: {sum: orders.amount, window: {rolling: 365d}}
  show: highest
  down: {grace: 30d, check: monthly}
  settle_after: 2w
  tiers:
  - {id: low, badge: {title: Low}, gte: 100}
  - {id: high, badge: High, gte: 1500, retired: false}
- {id: years, measure: {age: membership}, down: never, tiers: [{id: y, badge: Y, gte: 1y}]}
""",
)
FRAGMENTS = [
    "&a ", "*a", "!!int ", "!x ", "[", "]", "{", "}", ": ", "- ", "? ", "| ", ">\n", "#", "'", '"',
    "\t", "\n", "---\n", "...\n", "%YAML 9.9\n", "\ufeff", "\x00", "\x85", "\u2028", "\ud800",
    "<<: ", "no", "1e3", "1:30", "010", "0x1", ".inf", "null", "~", "", "9" * 5000, "-1",
    "\\U00110000", "{text}", "%s", "\U0001f3c5", "\u202e",
    "window", "where", "streak", "none", "all", "any", "count", "sum", "gte", "badge", "title",
    "version", "of", "at_least", "has", "gap", "age", "max", "distinct", "miss", "every", "length",
    "rolling", "calendar", "between", "first", "from", "to", "tiers", "measure", "down", "grace",
    "lifecycle", "revoke", "expires", "earnable", "limit", "policies", "orders", "comments",
]  # fmt: skip
#: Values that are right somewhere, to be wrong elsewhere or right in a new way.
VALUES = [
    "0", "1", "2", "3", "100", "999999999", "12.50", "'0.001'", "a", "b", "c", "low", "vip", "site",
    "UTC", "Asia/Tokyo", "Pacific/Apia", "1d", "14d", "2w", "6mo", "1y", "100y", "876600h", "0d",
    "2026-02-29", "2024-02-29", "1970-01-01", "2199-12-31", "'2026-11-27T10:00:00+14:00'", "day",
    "week", "month", "quarter", "year", "monthly", "never", "when_unmet", "keep", "void", "true",
    "false", "orders", "comments", "membership", "orders.amount", "orders.day", "comments.post",
    "stores", "blog", "POS", "[]", "{}", "[a, b]", "{grace: 1d}", "{rolling: 1d}", "{first: 1y}",
    "{count: orders, gte: 1}", "{has: a}", "{has: b}", "{none: [{has: c}]}",
]  # fmt: skip


def mutant(random: Random) -> str:
    """One file with one to three things changed; every third in numbers and values alone."""
    text = random.choice(SEEDLINGS)
    changes = _MILD if random.random() < 1 / 3 else _CHANGES
    for _ in range(random.randint(1, 3)):
        text = random.choice(changes)(text, random)
    return text


def _inserted(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(FRAGMENTS) + text[at:]


def _cut(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + text[at + random.randint(1, 9) :]


def _garbled(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + chr(random.randrange(0x250)) + text[at + 1 :]


def _doubled(text: str, random: Random) -> str:
    lines = text.split("\n")
    line = random.randrange(len(lines))
    return "\n".join(lines[:line] + [lines[line]] * 2 + lines[line + 1 :])


def _shuffled(text: str, random: Random) -> str:
    lines = text.split("\n")
    if random.random() < 0.7:
        return text[: random.randrange(len(text) + 1)]
    random.shuffle(lines)
    return "\n".join(lines)


def _reworded(text: str, random: Random) -> str:
    words = text.split(" ")
    words[random.randrange(len(words))] = random.choice(FRAGMENTS)
    return " ".join(words)


def _revalued(text: str, random: Random) -> str:
    """Another value behind some colon: the file stays YAML, and what it says changes."""
    places = [at for at in range(len(text)) if text.startswith(": ", at)]
    if not places:
        return text
    at = random.choice(places) + 2
    end = next((n for n in range(at, len(text)) if text[n] in ",}\n"), len(text))
    return text[:at] + random.choice(VALUES) + text[end:]


def _renumbered(text: str, random: Random) -> str:
    places = [at for at, character in enumerate(text) if character in "123456789"]
    if not places:
        return text
    at = random.choice(places)
    return text[:at] + random.choice("123456789") + text[at + 1 :]


def _dropped(text: str, random: Random) -> str:
    """A whole line less: often a key that was optional."""
    lines = text.split("\n")
    del lines[random.randrange(len(lines))]
    return "\n".join(lines)


_CHANGES = (_inserted, _cut, _garbled, _doubled, _shuffled, _reworded, _revalued)
_MILD = (_renumbered, _renumbered, _dropped, _revalued)


def kind_of(text: str) -> type:
    """The kind of the outcome, which is a ruleset that can be told in words or a clear error."""
    found = outcome(text)
    if isinstance(found, Ruleset):
        assert all(described(one) for one in found.milestones), text
        return Ruleset
    assert found.line, text
    assert found.column, text
    assert str(found).isprintable(), text
    assert len(str(found)) < 400, text
    return RulesError


def outcome(text: str) -> Ruleset | RulesError:
    try:
        return parse_rules(text, file="fuzz.yaml", site=SITE)
    except RulesError as error:
        return error


def _most_memory() -> float:
    """MiB at the most. What ``getrusage`` tells holds the parent's too, from before the exec."""
    status = Path("/proc/self/status")
    if status.exists():
        [line] = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        return int(line) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(seed: int, count: int) -> None:
    """Try so many mutants, and print what came of it."""
    random, kinds, longest = Random(seed), Counter[str](), 0.0
    for _ in range(count):
        text = mutant(random)
        began = time.process_time()
        kinds[kind_of(text).__name__] += 1
        longest = max(longest, time.process_time() - began)
    print(json.dumps({"kinds": kinds, "longest": longest, "memory": _most_memory()}))  # noqa: T201 - its outcome


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
