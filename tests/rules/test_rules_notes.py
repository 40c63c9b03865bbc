"""What is assumed is said, and nothing else is."""

from pathlib import Path

import pytest
from writing import SITE, with_badge

from badgejobs.rules import NO_CURRENCY, SiteDefaults, read_rules


def notes(folder: Path, text: str, site: SiteDefaults = SITE) -> tuple[str, ...]:
    path = folder / "r.yaml"
    path.write_text(text, encoding="utf-8")
    return read_rules(path, site=site).notes


PLAIN = with_badge("retired: false")


def test_a_plain_file_on_a_known_site_needs_no_word(tmp_path: Path) -> None:
    assert notes(tmp_path, PLAIN) == ()


@pytest.mark.parametrize(
    "when",
    [
        "{streak: orders, every: month, length: 3}",
        "{count: orders, window: {calendar: week}, gte: 2}",
        "{count: orders, window: {between: {from: 2026-11-27}}, gte: 2}",
        "{count: orders, window: {rolling: 2mo}, gte: 2}",
        "{distinct: comments.day, gte: 5}",
        "{age: membership, gte: 1y}",
    ],
)
def test_a_zone_that_is_taken_as_utc_is_said_where_it_decides(tmp_path: Path, when: str) -> None:
    (told,) = notes(tmp_path, with_badge("retired: false", when=when), SiteDefaults())
    assert told.startswith("timezone: taken as UTC here")
    text = with_badge("retired: false", when=when)
    assert notes(tmp_path, f"site: {{timezone: UTC}}\n{text}", SiteDefaults()) == ()
    assert notes(tmp_path, text, SiteDefaults(timezone="UTC")) == ()


@pytest.mark.parametrize(
    "when",
    [
        "{count: orders, gte: 2}",
        "{count: orders, window: {rolling: 30d}, gte: 2}",
        "{gap: orders, gte: 180d}",
        "{count: orders, window: {between: {from: '2026-11-27T00:00:00Z'}}, gte: 2}",
    ],
)
def test_a_zone_that_decides_nothing_is_not_spoken_of(tmp_path: Path, when: str) -> None:
    assert notes(tmp_path, with_badge("retired: false", when=when), SiteDefaults()) == ()


def test_a_currency_that_is_not_known_is_said_where_money_is_compared(tmp_path: Path) -> None:
    site = SiteDefaults(timezone="UTC", currency=NO_CURRENCY)
    assert notes(tmp_path, PLAIN, site) == ()
    for when in ("{sum: orders.amount, gte: 5}", "{count: orders, where: {min_amount: 5}, gte: 1}"):
        (told,) = notes(tmp_path, with_badge("retired: false", when=when), site)
        assert told.startswith("currency: the site's own is not known here")


@pytest.mark.parametrize(
    "more",
    [
        "lifecycle: {revoke: {grace: 7d}}",
        "lifecycle: {expires: {after: 1y}}",
        "notify: {award: false, revoke: true}",
        "backfill: {notify: true}",
    ],
)
def test_what_is_taken_back_or_told_is_carried_out_and_needs_no_word(
    more: str, tmp_path: Path
) -> None:
    assert notes(tmp_path, with_badge(more)) == ()
