"""A pack and what one site says otherwise: what comes of it, and which text is to blame."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.errors import RulesError
from badgejobs.rules import Reading, SiteDefaults, parse_rules
from badgejobs.rules.merging import Merged, Text, merged, read_merged
from badgejobs.rules.merging.writing import written
from badgejobs.rules.yaml_tree import load

SITE = SiteDefaults(timezone="Europe/London", currency="GBP")
PACK = """\
version: 1
site: {week_starts: sunday}
policies:
  orders: {amount: total, cancelled: keep}
badges:
  - id: first
    badge: {title: First Purchase, background: '#14532D'}
    when: {count: orders, gte: 1}
  - id: loyal
    badge: {title: Loyal}
    when: {all: [{has: first}, {count: orders, gte: 10}]}
    lifecycle: {revoke: {grace: 7d}}
    limit: {first: 100}
  - id: talker
    badge: {title: Talker}
    when: {count: comments, gte: 5}
ladders:
  - id: vip
    measure: {sum: orders.amount}
    tiers:
      - {id: silver, badge: {title: Silver}, gte: 500}
      - {id: gold, badge: {title: Gold}, gte: 1500}
"""


def merge(overrides: str, pack: str = PACK) -> Merged:
    return merged(Text(text=pack, file="PACK"), Text(text=overrides, file="OVER"))


def read(overrides: str, pack: str = PACK) -> Reading:
    return read_merged(merge(overrides, pack), site=SITE)


def tree(overrides: str, pack: str = PACK) -> Any:
    return load(merge(overrides, pack).text, file="merged").tree


def entry(overrides: str, one: str, kind: str = "badges") -> Any:
    return next(entry for entry in tree(overrides)[kind] if entry["id"] == one)


def refusal(overrides: str, pack: str = PACK) -> str:
    with pytest.raises(RulesError) as caught:
        read(overrides, pack)
    return str(caught.value)


def test_a_single_field_is_changed_and_all_beside_it_stays() -> None:
    said = "badges:\n- id: loyal\n  badge: {title: Treu}\n  lifecycle: {on_rule_change: reevaluate}"
    assert entry(said, "loyal") == {
        "id": "loyal",
        "badge": {"title": "Treu"},
        "when": {"all": [{"has": "first"}, {"count": "orders", "gte": "10"}]},
        "lifecycle": {"revoke": {"grace": "7d"}, "on_rule_change": "reevaluate"},
        "limit": {"first": "100"},
    }
    said = "badges: [{id: first, badge: {title: Erster Kauf}}]"
    assert entry(said, "first")["badge"] == {"title": "Erster Kauf", "background": "#14532D"}


def test_a_condition_is_replaced_as_a_whole_and_never_mixed() -> None:
    said = "badges: [{id: loyal, when: {count: comments, gte: 3}}]"
    assert entry(said, "loyal")["when"] == {"count": "comments", "gte": "3"}
    said = "ladders: [{id: vip, measure: {count: orders, window: {rolling: 90d}}}]"
    assert entry(said, "vip", "ladders")["measure"] == {
        "count": "orders",
        "window": {"rolling": "90d"},
    }


def test_site_and_policies_are_merged_key_by_key() -> None:
    found = tree("site: {currency: EUR}\npolicies: {orders: {amount: items}, comments: {}}")
    assert found["site"] == {"week_starts": "sunday", "currency": "EUR"}
    assert found["policies"] == {
        "orders": {"amount": "items", "cancelled": "keep"},
        "comments": {},
    }


def test_the_order_is_that_of_the_pack_then_the_own_ones() -> None:
    found = tree(
        "badges:\n- {id: own, badge: {title: Own}, when: {count: orders, gte: 7}}\n"
        "- {id: talker, when: {count: comments, gte: 6}}\nremove: [loyal]"
    )
    assert [one["id"] for one in found["badges"]] == ["first", "talker", "own"]


def test_tiers_are_changed_added_and_left_out_by_their_ids() -> None:
    found = tree(
        "ladders:\n- id: vip\n  tiers:\n  - {id: gold, gte: 2000}\n"
        "  - {id: platinum, badge: {title: Platinum}, gte: 5000}\nremove: [silver]"
    )
    (ladder,) = found["ladders"]
    assert ladder["tiers"] == [
        {"id": "gold", "badge": {"title": "Gold"}, "gte": "2000"},
        {"id": "platinum", "badge": {"title": "Platinum"}, "gte": "5000"},
    ]
    (ladder,) = tree("remove: [silver]")["ladders"]
    assert [one["id"] for one in ladder["tiers"]] == ["gold"]


def test_a_whole_ladder_can_be_left_out() -> None:
    assert "ladders" not in tree("remove: [vip]")
    assert {one.badge for one in read("remove: [vip]").ruleset.milestones} == {
        "first",
        "loyal",
        "talker",
    }


def test_it_is_told_where_each_badge_comes_from() -> None:
    whole = merge(
        "badges:\n- {id: first, badge: {title: A}, when: {count: orders, gte: 2}}\n"
        "- {id: own, badge: {title: Own}, when: {count: orders, gte: 7}}\nremove: [talker]"
    )
    assert whole.origin("loyal") == "PACK"
    assert whole.origin("first") == "PACK; OVER: badge.title, when"
    assert whole.origin("own") == "OVER"
    shown = whole.annotated()
    assert "  # PACK; OVER: badge.title, when\n  - id: first\n" in shown
    assert "# left out by OVER: talker\n" in shown
    assert load(shown, file="x").tree == load(whole.text, file="x").tree


@pytest.mark.parametrize("nothing", ["", "# nothing yet\n\n", "\n  # still nothing"])
def test_saying_nothing_is_the_pack_itself(nothing: str) -> None:
    assert merge(nothing).text == PACK
    assert read(nothing).ruleset == parse_rules(PACK, file="x", site=SITE)
    assert load(merge(nothing).annotated(), file="x").tree == load(PACK, file="x").tree


def test_the_same_texts_are_the_same_version_and_comments_change_nothing() -> None:
    said = "badges: [{id: loyal, badge: {title: Treu}}]"
    one, other = read(said).ruleset, read(f"# of Berlin\n{said}", f"# new\n{PACK}").ruleset
    assert one.version == other.version != read("").ruleset.version
    assert parse_rules(one.text, file="x", site=SITE) == one, "it is read again from the record"


OVERRIDES_ERRORS = [
    ("- a", "OVER:1:1: must be a mapping"),
    ("badge: []", "OVER:1:1: 'badge' is not known in overrides; did you mean 'badges'?"),
    ("badges: {}", "OVER:1:9: badges: must be a list"),
    ("badges:\n", "OVER:1:8: badges: must be a list"),
    ("badges: [first]", "OVER:1:10: badges: 'id' is missing; add for example 'id: first-purchase'"),
    ("badges: [{id: [a]}]", "OVER:1:15: id: must be an id"),
    (
        "badges:\n- {id: first}\n- {id: first}",
        "OVER:3:8: id: 'first' stands in line 2 too; write both as one entry",
    ),
    (
        "badges: [{id: frist, badge: {title: A}}]",
        "OVER:1:15: id: the pack has no 'frist'; did you mean 'first'?; for one of your own add",
    ),
    ("badges: [{id: zzzzz}]", "it has: first, gold, loyal, silver, talker, vip; for one of your"),
    ("badges: [{id: gold, badge: {title: A}}]", "the pack has 'gold' under 'tiers of vip'"),
    ("ladders: [{id: first}]", "OVER:1:16: id: the pack has 'first' under 'badges'"),
    ("ladders: [{id: vip, tiers: [{id: gld, gte: 7}]}]", "did you mean 'gold'?"),
    ("remove: first", "OVER:1:9: remove: must be a list of ids"),
    ("remove: []", "OVER:1:9: remove: must be a list of ids"),
    ("remove: [[first]]", "OVER:1:10: remove: must be an id"),
    ("remove: [talker, talker]", "OVER:1:18: remove: 'talker' is named twice"),
    ("remove:\n- talkr", "OVER:2:3: remove: the pack has no 'talkr'; did you mean 'talker'?"),
    ("remove: [first]\nbadges: [{id: first}]", "OVER:1:10: remove: 'first' is changed further"),
    ("remove: [first, loyal, talker, vip]", "OVER:1:1: leaves no badge at all"),
    ("a: &b 1", "OVER:1:4: the anchor '&b' is not allowed"),
    ("badges: [", "OVER:1:10: not valid YAML"),
]


@pytest.mark.parametrize(("said", "told"), OVERRIDES_ERRORS)
def test_overrides_that_are_none_are_told_with_their_place_and_cure(said: str, told: str) -> None:
    assert told in refusal(said)
    assert refusal(said).startswith("OVER:")


WHOLE_ERRORS = [
    # what the overrides wrote is to blame where they wrote it
    (
        "badges:\n- id: first\n  when: {count: order, gte: 2}",
        "OVER:3:17: count: 'order' is not a known source; did you mean 'orders'?",
    ),
    ("badges:\n- id: first\n  bagde: {title: A}", "OVER:3:3: badges: 'bagde' is not known"),
    ("badges:\n- id: first\n  badge:\n    titel: A", "OVER:4:5: badge: 'titel' is not known here"),
    ("site: {currency: EURO}", "OVER:1:18: currency"),
    ("version: 2", "OVER:1:10: version"),
    (
        "badges:\n- {id: own, badge: {title: Loyal}, when: {count: orders, gte: 7}}",
        "OVER:2:28: title: 'Loyal' is the title of the badge in line 10 of PACK too",
    ),
    # and where the pack leans on what they left out, the place there is
    ("remove: [first]", "PACK:11:24: has:"),
]


@pytest.mark.parametrize(("said", "told"), WHOLE_ERRORS)
def test_a_whole_that_does_not_hold_points_at_the_text_to_blame(said: str, told: str) -> None:
    assert refusal(said).startswith(told)


def test_a_place_in_the_pack_says_with_which_overrides_it_is_wrong() -> None:
    assert refusal("remove: [first]").endswith("; so it is together with OVER")


def test_a_change_of_a_badge_that_the_pack_has_no_more_is_told() -> None:
    without = PACK.replace("  - id: talker", "  - id: speaker")
    said = "badges:\n- id: talker\n  badge: {title: Plaudertasche}\n"
    assert read(said).ruleset.milestones
    assert refusal(said, without).startswith("OVER:2:7: id: the pack has no 'talker'; ")


def test_a_pack_that_is_broken_itself_is_to_blame_itself() -> None:
    assert refusal("", PACK.replace("gte: 10", "gte: ten")).startswith("PACK:11:53: gte")
    assert refusal("remove: [talker]", "- a\n").startswith("PACK:1:1")
    assert refusal("remove: [talker]", "version: 1\nbadges: [{id: talker}, 7]\n")


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\n\t"),
    max_size=12,
)
words = texts.filter(lambda text: text != "<<")
trees = st.recursive(
    texts | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(words, trees, min_size=1, max_size=4), st.lists(trees, max_size=3))
def test_what_is_written_is_read_as_the_same(whole: dict[str, Any], badges: list[Any]) -> None:
    whole |= {"badges": badges}
    assert load(written(whole), file="x").tree == whole


@pytest.mark.parametrize("name", ["starter", "twelve", "more", "demo"])
def test_every_shipped_file_says_the_same_once_it_is_written_anew(name: str) -> None:
    text = files("badgejobs.rules").joinpath("examples", f"{name}.yaml").read_text("utf-8")
    anew = written(load(text, file="x").tree)
    given, found = (parse_rules(one, file="x", site=SITE) for one in (text, anew))
    assert (found.version, found.milestones) == (given.version, given.milestones)
    again = read("version: 1", text).ruleset
    assert (again.version, again.milestones) == (given.version, given.milestones)


def test_the_page_shows_overrides_that_fit_a_pack() -> None:
    page = files("badgejobs.rules").joinpath("packs.md").read_text("utf-8")
    (shown,) = (
        block.removeprefix("yaml\n") for block in page.split("```") if block.startswith("yaml\n")
    )
    pack = PACK.replace("id: first", "id: first-purchase").replace("has: first", "has: talk")
    pack = pack.replace("id: loyal", "id: loyal-customer").replace(
        "has: talk", "age: membership, gte: 7d"
    )
    whole = merge(shown, pack)
    assert [one.badge for one in read(shown, pack).ruleset.milestones] == [
        "first-purchase",
        "loyal-customer",
        "berlin-regular",
        "gold",
    ]
    assert whole.origin("loyal-customer") == "PACK; OVER: badge.title, lifecycle.revoke"
