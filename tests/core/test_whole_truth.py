"""The same against the whole real log, where it lies beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import real_log

_BESIDE = Path(__file__).parents[3] / "shared" / "data"
FOLDER = Path(os.environ.get("BADGEJOBS_DATA_DIR", _BESIDE))
SHOP, FORUM = FOLDER / "online_retail", FOLDER / "se_history_meta_2018"

# Without the log these tests are not collected; the long step of .ci/run says so.
__test__ = SHOP.is_dir()
pytestmark = pytest.mark.slow

NUMBERS = (100, 500, 1000)
RULES = [
    *(f"orders_count_{number}" for number in (1, 5, 10, 25)),
    *(f"spent_gross_{number}" for number in NUMBERS),
    *(f"spent_net_ever_{number}" for number in NUMBERS),
    *(f"spent_net_final_{number}" for number in NUMBERS),
    "orders_3_in_30d",
    "distinct_products_5",
    "distinct_products_5_goods",
    "loyal_10_orders_or_500",
    *(f"comments_count_{number}" for number in (1, 10, 25, 50, 100)),
]


def test_every_award_of_the_whole_log_is_found_to_the_second_and_no_other() -> None:
    facts = real_log.orders(SHOP) | real_log.comments(FORUM / "comments.csv.gz")
    expected = real_log.truth([one / "expected_awards.csv.gz" for one in (SHOP, FORUM)])

    assert set(expected) == set(RULES)
    for rule in RULES:
        assert real_log.differences(facts, rule, expected[rule]) == ([], []), rule
