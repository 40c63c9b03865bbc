"""What a file says wrongly is told with its place and its cure, whatever the form."""

import pytest
from writing import refusal, ruleset, with_badge, with_when, written

from badgejobs.rules import SiteDefaults

WHERE = [
    ("{chanel: POS}", "orders", "'chanel' is not known here; did you mean 'channel'?"),
    ("{is_reply: true}", "orders", "'is_reply' is a filter of comments, and this looks at orders"),
    ("{channel: POS}", "comments", "'channel' is a filter of orders, and this looks at comments"),
    ("{app: blog}", "membership", "a filter of comments, and this looks at membership; remove it"),
    ("{channel: pos}", "orders", "'pos' is not a channel; did you mean 'POS'?"),
    ("{channel: []}", "orders", "channel: is an empty list"),
    ("{catalog: store}", "orders", "neither a known app nor an app id; did you mean 'stores'?"),
    ("{app: blogs}", "comments", "neither a known app nor an app id; did you mean 'blog'?"),
    ("{imported: yes}", "orders", "'yes' is neither true nor false; did you mean 'true'?"),
    ("{product: ''}", "orders", "a name or an id has 1 to 200"),
    ("{product: [{a: b}]}", "orders", "must be a single value, not a mapping"),
    ("{min_amount: '1.005'}", "orders", "more decimal places than GBP has"),
    ("{min_chars: 0}", "comments", "'0' is too small"),
    ("", "orders", "where: is empty; write a value, or remove the key"),
    ("blog", "comments", "where: must be a mapping"),
]


@pytest.mark.parametrize(("where", "source", "problem"), WHERE, ids=written)
def test_a_wrong_filter_is_told(where: str, source: str, problem: str) -> None:
    told = refusal(with_when(f"{{count: {source}, gte: 1, where: {where}}}"))
    assert told.startswith("3:")
    assert problem in told


WINDOWS = [
    ("{rolling: 90 days}", "64", "not a length of time: a number and h, d, w, mo or y; did you"),
    ("{rolling: 90}", "64", "did you mean '90d'?"),
    ("{rolling: 30m}", "64", "did you mean '30mo'?"),
    ("{rolling: 30min}", "64", "such as 14d"),
    ("{rolling: 101y}", "64", "longer than a hundred years; write at most 100y"),
    ("{rolling: 0d}", "64", "'0d' is not a length of time"),
    ("{roling: 90d}", "55", "'roling' is not known here; did you mean 'rolling'?"),
    ("{}", "54", "says nothing; write one of: between, calendar, first, rolling"),
    ("90d", "54", "must be a mapping"),
    ("{rolling: 90d, first: 3d}", "69", "a window is of one kind; keep 'rolling' or 'first'"),
    ("{calendar: months}", "65", "'months' is not a period; did you mean 'month'?"),
    ("{between: {}}", "64", "has no bound; write 'from', 'to' or both"),
    ("{between: {since: 2026-01-01}}", "65", "'since' is not known here; write one of: from, to"),
    ("{between: {from: 2026-02-30}}", "71", "'2026-02-30' does not exist"),
    ("{between: {from: 27.11.2026}}", "71", "is not a date; write it as 2026-11-27"),
    ("{between: {from: '2026-11-27T10:00'}}", "71", "no zone; write the day alone for its local"),
    ("{between: {from: '2026-11-27T25:00Z'}}", "71", "does not exist"),
    ("{between: {from: 1026-11-27}}", "71", "is not in the years 1970 to 2199"),
]


@pytest.mark.parametrize(("window", "column", "problem"), WINDOWS, ids=written)
def test_a_wrong_window_is_told(window: str, column: str, problem: str) -> None:
    told = refusal(with_when(f"{{count: orders, window: {window}, gte: 1}}"))
    assert told.startswith(f"3:{column}: ")
    assert problem in told


CONDITIONS = [
    ("{streak: orders, every: day, length: 6, window: {rolling: 1y}}", "no 'rolling' window"),
    ("{gap: orders, gte: 5d, window: {calendar: year}}", "this measure knows no 'calendar' window"),
    ("{age: orders, gte: 5d, window: {first: 1y}}", "'window' does not belong to 'age'"),
    ("{has: a, window: {first: 1y}}", "'window' does not belong to 'has'"),
    ("{has: a, where: {}}", "'where' does not belong to 'has'"),
    ("{streak: orders, every: fortnight, length: 6}", "'fortnight' is not a period; write one of"),
    ("{streak: orders, length: 6}", "'every' is missing; add for example 'every: month'"),
    ("{streak: orders, every: month}", "'length' is missing; add for example 'length: 6'"),
    ("{streak: orders, every: day, length: 6, gte: 3}", "'gte' does not belong to 'streak'"),
    ("{streak: orders, every: day, length: 6, miss: -1}", "'-1' is too small"),
    ("{count: orders, gte: 1, miss: 1}", "'miss' does not belong to 'count'"),
    ("{gap: orders, gte: 180}", "did you mean '180d'?"),
    ("{age: member, gte: 1y}", "'member' is not a known source; did you mean 'membership'?"),
    ("{sum: orders.items.quantity, gte: '1.5'}", "'1.5' is not a whole number"),
    ("{sum: orders.total, gte: 1}", "'orders.total' is not known; did you mean 'orders.amount'?"),
    ("{sum: comments.length, gte: 1}", "write one of: orders.amount, orders.items.quantity"),
    ("{distinct: orders.items.products, gte: 1}", "did you mean 'orders.items.product'?"),
    ("{max: comments.lenght, gte: 1}", "did you mean 'comments.length'?"),
    ("{max: orders.amount, gte: 1e3}", "'1e3' is not an amount of money"),
    ("{max: orders.amount, gte: 0}", "'0' is too small; a line to cross must be more than nothing"),
    ("{none: []}", "none: is an empty list"),
    ("{at_least: 2, of: [{count: orders, gte: 1}]}", "at_least: 2 of 1 parts can never be met"),
    ("{at_least: 0, of: [{count: orders, gte: 1}]}", "'0' is too small"),
    ("{at_least: 1}", "'of' is missing"),
    ("{at_least: 1, any: [{count: orders, gte: 1}]}", "a condition has one measure"),
    ("{of: [{count: orders, gte: 1}]}", "no measure; write one of: age, all, any, at_least"),
    ("{has: A}", "'A' is not an id"),
    (
        "{none: [{any: [{none: [{all: [{at_least: 1, of: [{has: a}]}]}]}]}]}",
        "all: nested more than 4 levels deep",
    ),
]


@pytest.mark.parametrize(("when", "problem"), CONDITIONS, ids=written)
def test_a_wrong_condition_is_told(when: str, problem: str) -> None:
    told = refusal(with_when(when))
    assert told.startswith("3:")
    assert problem in told


BADGES = [
    ("settle_after: 1mo", "17", "'1mo' has no exact length; write it in h, d or w"),
    ("settle_after: two weeks", "17", "is not a length of time"),
    ("lifecycle: never", "14", "must be a mapping"),
    ("lifecycle: {revoke: nevr}", "23", "'nevr' is not known; did you mean 'never'?"),
    ("lifecycle: {revoke: }", "22", "write never, when_unmet or {grace: 7d}"),
    ("lifecycle: {revoke: [never]}", "23", "write never, when_unmet or {grace: 7d}"),
    ("lifecycle: {revoke: {grace: soon}}", "31", "'soon' is not a length of time"),
    ("lifecycle: {revoke: {after: 3d}}", "23", "'grace' is missing"),
    ("lifecycle: {expires: 1y}", "24", "write never or {after: 1y} or {at: 2027-01-01}"),
    ("lifecycle: {expires: {}}", "24", "has no end; write {after: 1y}"),
    ("lifecycle: {expires: {after: 1y, at: 2027-01-01}}", "24", "keep 'after' or 'at'"),
    (
        "lifecycle: {expires: {at: 2027-01-01}, renew: again}",
        "49",
        "or use 'after'",
    ),
    ("lifecycle: {expires: {at: 2027-01-01}, renew: while_met}", "49", "is not renewed"),
    ("lifecycle: {renew: again}", "22", "there is nothing to renew; add 'expires: {after: 1y}'"),
    ("lifecycle: {on_rule_change: keep}", "31", "write one of: grandfather, reevaluate"),
    ("lifecycle: {grace: 7d}", "15", "'grace' is not known here"),
    ("earnable: {}", "13", "has no bound; write 'from', 'to' or both"),
    ("earnable: ", "12", "earnable: is empty"),
    ("earnable: {until: 2026-11-01}", "14", "'until' is not known here; write one of: from, to"),
    ("limit: 100", "10", "must be a mapping"),
    ("limit: {first: 0}", "18", "'0' is too small"),
    ("limit: {}", "10", "'first' is missing; add for example 'first: 100'"),
    ("notify: {awards: true}", "12", "'awards' is not known here; did you mean 'award'?"),
    ("backfill: {history: 2026-01-01}", "23", "must be a mapping"),
    ("backfill: {history: {}}", "23", "'from' is missing; add for example 'from: 2026-01-01'"),
    ("retired: yes", "12", "did you mean 'true'?"),
    ("policies: {orders: {cancelled: never}}", "34", "write one of: keep, void"),
    ("policies: {orders: {min_amount: '0.001'}}", "35", "more decimal places than GBP has"),
    ("policies: {order: {}}", "14", "'order' is not known here; did you mean 'orders'?"),
    ("policies: {comments: {hidden: keep}}", "33", "write one of: void"),
    ("policies: {comments: {min_chars: many}}", "36", "'many' is not a whole number"),
    ("policies: {orders: {dated_by: payed}}", "33", "did you mean 'paid'?"),
    ("policies: {orders: {imported: no}}", "33", "write one of: count, ignore"),
    ("policies: {orders: {guests: link_email}}", "31", "did you mean 'link_verified_email'?"),
    ("policies: {orders: {convert: yes}}", "32", "write one of: none, order_rate"),
    ("lifecylce: {}", "3", "'lifecylce' is not known here; did you mean 'lifecycle'?"),
]


@pytest.mark.parametrize(("more", "column", "problem"), BADGES, ids=written)
def test_what_a_badge_says_wrongly_is_told(more: str, column: str, problem: str) -> None:
    told = refusal(with_badge(more))
    assert told.startswith(f"6:{column}: ")
    assert problem in told


SITES = [
    ("{timezone: Europe/Londn}", "18", "is not a time zone; did you mean 'Europe/London'?"),
    ("{timezone: europe/london}", "18", "did you mean 'Europe/London'?"),
    ("{timezone: localtime}", "18", "'localtime' is not a time zone"),
    ("{timezone: /etc/passwd}", "18", "write 'site', or a name such as Europe/London"),
    ("{timezone: }", "17", "timezone: is empty"),
    ("{time_zone: UTC}", "8", "'time_zone' is not known here; did you mean 'timezone'?"),
    ("{week_starts: Monday}", "21", "'Monday' is not known; did you mean 'monday'?"),
    ("{currency: pounds}", "18", "is not a currency's three-letter code; such as GBP"),
]


@pytest.mark.parametrize(("site", "column", "problem"), SITES, ids=written)
def test_what_a_site_says_wrongly_is_told(site: str, column: str, problem: str) -> None:
    told = refusal(f"site: {site}\n" + with_badge("retired: false"))
    assert told.startswith(f"1:{column}: ")
    assert problem in told


OPENING = [
    (
        "lifecycle: {}",
        "{title: T, permissions: true}",
        "4:34: permissions: a badge that opens",
    ),
    ("opens_pages: true", "Gold", "6:16: opens_pages: a badge that opens pages must say whether"),
    (
        "opens_pages: true\n  lifecycle: {revoke: never}",
        "{title: T}",
        "6:16: opens_pages: is for a badge given by title; write 'permissions: true' in the look",
    ),
]


@pytest.mark.parametrize(("more", "badge", "problem"), OPENING, ids=written)
def test_a_badge_that_opens_pages_must_say_whether_it_is_taken(
    more: str, badge: str, problem: str
) -> None:
    told = refusal(with_badge(more, badge=badge))
    assert problem in told


def test_what_the_site_says_and_nobody_knows_is_told() -> None:
    text = with_badge("retired: false")
    told = refusal(text, site=SiteDefaults(timezone="Mars/Base"))
    assert told.startswith("1:1: timezone: the site's own time zone, 'Mars/Base', is not known")
    told = refusal(text, site=SiteDefaults(currency="eur"))
    assert told.startswith("1:1: currency: the site's own currency, 'eur', is not a three-letter")
    # what the file says itself is not asked of the site
    named = "site: {timezone: UTC, currency: EUR}\n" + text
    assert ruleset(named, site=SiteDefaults(timezone="Mars/Base", currency="eur"))
