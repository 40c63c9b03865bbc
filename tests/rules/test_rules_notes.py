"""What is assumed and what is not carried out yet is said, by badge, and nothing else is."""

from pathlib import Path

import pytest
from writing import SITE, with_badge, written

from badgejobs.rules import NO_CURRENCY, SiteDefaults, read_rules


def notes(folder: Path, text: str, site: SiteDefaults = SITE) -> tuple[str, ...]:
    path = folder / "r.yaml"
    path.write_text(text, encoding="utf-8")
    return read_rules(path, site=site).notes


PLAIN = with_badge("retired: false")


def test_a_plain_file_on_a_known_site_needs_no_word(tmp_path: Path) -> None:
    assert notes(tmp_path, PLAIN) == ()


def test_a_zone_that_is_taken_as_utc_is_said(tmp_path: Path) -> None:
    (told,) = notes(tmp_path, PLAIN, SiteDefaults())
    assert told.startswith("timezone: taken as UTC here")
    assert notes(tmp_path, f"site: {{timezone: UTC}}\n{PLAIN}", SiteDefaults()) == ()


def test_a_currency_that_is_not_known_is_said_where_money_is_compared(tmp_path: Path) -> None:
    site = SiteDefaults(timezone="UTC", currency=NO_CURRENCY)
    assert notes(tmp_path, PLAIN, site) == ()
    for when in ("{sum: orders.amount, gte: 5}", "{count: orders, where: {min_amount: 5}, gte: 1}"):
        (told,) = notes(tmp_path, with_badge("retired: false", when=when), site)
        assert told.startswith("currency: the site's own is not known here")


WAITING = [
    ("lifecycle: {revoke: when_unmet}", "a: this version shows when a badge is due to be taken"),
    ("lifecycle: {expires: {after: 1y}}", "a: this version shows when a badge has expired"),
    ("notify: {revoke: true}", "a: this version sends no messages"),
    ("backfill: {notify: true}", "a: this version sends no messages"),
    ("policies: {orders: {guests: link_contact}}", "guests: this version links orders"),
]


@pytest.mark.parametrize(("more", "note"), WAITING, ids=written)
def test_what_this_version_does_not_carry_out_is_said(more: str, note: str, tmp_path: Path) -> None:
    (told,) = notes(tmp_path, with_badge(more))
    assert told.startswith(note)


def test_a_lower_tier_that_stays_is_said_and_many_badges_are_counted(tmp_path: Path) -> None:
    tiers = ", ".join(f"{{id: t{n}, badge: T{n}, gte: {n}}}" for n in range(1, 7))
    text = f"version: 1\nladders: [{{id: l, measure: {{count: orders}}, tiers: [{tiers}]}}]\n"
    (told,) = notes(tmp_path, text)
    assert told == (
        "t1, t2, t3 and 2 more: this version leaves a lower tier that was given when a higher one "
        "is given"
    )
