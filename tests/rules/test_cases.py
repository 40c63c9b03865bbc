"""Files of cases: the shipped ones, what goes otherwise than expected, and what is no case."""

from __future__ import annotations

from pathlib import Path

import pytest

from badgejobs import rules as room
from badgejobs.errors import RulesError, TrialError
from badgejobs.rules.cases import CaseResult, load_cases, run
from badgejobs.rules.cases.models import CaseFile, CaseRule, DefaultsRule, ExpectRule, SiteRule
from badgejobs.rules.loader import load_rules
from badgejobs.rules.setting import SiteDefaults

EXAMPLES = Path(room.__file__).parent / "examples"
SHIPPED = EXAMPLES / "twelve.cases.yaml"

RULES = """\
version: 1
site: {timezone: UTC, currency: GBP}
badges:
  - {id: first, badge: {title: First}, when: {count: orders, gte: 1}}
  - id: spring
    badge: {title: Spring}
    when: {count: comments, gte: 2}
    earnable: {from: 2026-03-01, to: 2026-04-01}
"""

GOOD = """\
rules: rules.yaml
cases:
  - name: a story
    activities:
      - {order: o1, member: ada, at: 2026-03-05T12:00Z}
      - {comment: 'c#', times: 2, every: 1d, member: ada, at: 2026-03-05T12:00Z}
    expect:
      - as_of: 2026-03-06T12:00Z
        badges: {ada: [first, spring]}
"""


def results(folder: Path, text: str) -> list[CaseResult]:
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    path = folder / "shop.cases.yaml"
    path.write_text(text, encoding="utf-8")
    return [*run(load_cases(path))]


# ---------------------------------------------------------------- the shipped cases


def test_every_shipped_case_comes_out_as_expected() -> None:
    assert [one.name for one in run(load_cases(SHIPPED)) if one.mismatches] == []


def test_every_one_of_the_twelve_rules_has_a_shipped_case() -> None:
    milestones = load_rules(
        EXAMPLES / "twelve.yaml", site=SiteDefaults(timezone="UTC", currency="USD")
    ).milestones
    looked_at = {badge for case in load_cases(SHIPPED).rules.cases for badge in case.about}

    assert looked_at == {one.badge for one in milestones}


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        (("timezone: America/New_York", "timezone: UTC"), {"4", "7", "12"}),
        (("comment: {length: 40}", "comment: {length: 19}"), {"3", "11"}),
        (("payment: refunded", "payment: paid"), {"1", "2", "9"}),
        (("linked_by: contact", "linked_by: verified_email"), {"1"}),
        (("currency: EUR", "currency: USD"), {"10"}),
        (("quantity: 2, refunded: 2", "quantity: 3, refunded: 2"), {"5"}),
        (("order: y2", "order: z2"), {"6"}),
        (("joined: ada, at: 2025-06-01", "joined: ada, at: 2025-06-02"), {"8"}),
    ],
)
def test_the_shipped_cases_fail_where_the_story_is_another(
    tmp_path: Path, change: tuple[str, str], fails: set[str]
) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert change[0] in text
    (tmp_path / "twelve.yaml").write_text((EXAMPLES / "twelve.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "twelve.cases.yaml"
    path.write_text(text.replace(*change), encoding="utf-8")

    failed = {one.name.split()[0] for one in run(load_cases(path)) if one.mismatches}

    assert failed == fails


def test_the_example_of_the_readme_holds(tmp_path: Path) -> None:
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    example = readme.split("`badgejobs rules test`: do")[1].split("```yaml\n")[1].split("```")[0]
    (tmp_path / "shop.yaml").write_text(
        RULES.replace("id: first,", "id: first-purchase,").replace("}\nbadges:", "}\n"
        "policies: {comments: {min_chars: 20}}\nbadges:")
    )  # fmt: skip
    path = tmp_path / "shop.cases.yaml"
    path.write_text(example)

    assert [one.mismatches for one in run(load_cases(path))] == [()]


def test_every_key_is_documented() -> None:
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    section = readme.split("`badgejobs rules test`: do")[1]
    models = (CaseFile, CaseRule, DefaultsRule, ExpectRule, SiteRule)

    assert [key for one in models for key in one.model_fields if key not in section] == []


# ---------------------------------------------------------------- what comes out otherwise


def test_a_good_case_has_no_mismatch(tmp_path: Path) -> None:
    assert [(one.name, one.line, one.mismatches) for one in results(tmp_path, GOOD)] == [
        ("a story", 3, ())
    ]


@pytest.mark.parametrize(
    ("instead", "expected", "got"),
    [
        ("badges: {ada: [first]}", "has it not", "has it"),
        ("badges: {}", "has it not", "has it"),
        ("badges: {ada: [first, spring], bob: first}", "has it", "has it not"),
        (
            "badges: {ada: [first, spring]}\n        earned: {ada: {first: 2026-03-05T12:01Z}}",
            "earned 2026-03-05T12:01:00+00:00",
            "earned 2026-03-05T12:00:00+00:00",
        ),
        (
            "badges: {ada: [spring, first]}\n"
            + 8 * " "
            + "next_change: {ada: {first: 2026-04-01T00:00Z}}",
            "next change 2026-04-01T00:00:00+00:00",
            "next change never",
        ),
        ("badges: {ada: first}\n        withheld: {ada: spring}", "withheld", "has it"),
    ],
)
def test_what_is_not_as_expected_is_told(
    tmp_path: Path, instead: str, expected: str, got: str
) -> None:
    [found] = results(tmp_path, GOOD.replace("badges: {ada: [first, spring]}", instead))

    assert (found.mismatches[0].expected, found.mismatches[0].got) == (expected, got)


def test_a_mismatch_names_its_line_and_begins_to_prove_itself(tmp_path: Path) -> None:
    text = GOOD.replace("badges: {ada: [first, spring]}", "badges:\n          ada: [first]")

    [found] = results(tmp_path, text)

    [one] = found.mismatches
    assert (one.line, one.member, one.badge) == (10, "ada", "spring")
    assert one.why[0] == "met: 2 or more comments; 2 of 2"
    assert one.why[2] == "  counted: c1 of 2026-03-05 12:00:00+00:00"


def test_what_is_not_earnable_now_is_withheld_and_not_had(tmp_path: Path) -> None:
    text = GOOD.replace("as_of: 2026-03-06T12:00Z", "as_of: 2026-04-06T12:00Z")

    [found] = results(tmp_path, text)
    [as_told] = results(
        tmp_path,
        text.replace("[first, spring]}", "[first]}\n        withheld: {ada: [spring]}"),
    )

    assert [one.got for one in found.mismatches] == ["withheld: not earnable at this time"]
    assert as_told.mismatches == ()


# ---------------------------------------------------------------- what is no case

EXPECT = "    expect:\n      - {as_of: 2026-03-06T12:00Z, badges: {}}\n"


def with_activity(entry: str) -> str:
    return (
        "rules: rules.yaml\ncases:\n  - name: a\n    activities:\n"
        f"      - {{{entry}}}\n{EXPECT}"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ":1: the file is empty; begin with 'rules: shop.yaml' and a list of 'cases:'"),
        ("rules: rules.yaml\n", ":1:1: 'cases' is missing; add for example 'cases: and a list"),
        ("rules: rules.yaml\ncases: []\n", ":2:8: cases: is an empty list"),
        (GOOD.replace("expect:", "expct:"), ":7:5: cases: 'expct' is not known here; did you mean"),
        (GOOD.replace("badges:", "badge:"), ":9:9: expect: 'badge' is not known here; did you"),
        (GOOD.replace("[first,", "[frist,"), ":9:24: ada: 'frist' is no badge that is looked at"),
        (GOOD.replace("2026-03-06T12:00Z", "2026-03-06"), ":8:16: as_of: '2026-03-06' is not a m"),
        (GOOD.replace("a story", "a story\n    about: spring"), "'first' is no badge that is"),
        (GOOD + "rules: x\n", ":10:1: the key 'rules' is written twice"),
        (GOOD.replace("order: o1", "order: &o o1"), ":5:17: the anchor '&o' is not allowed"),
        (with_activity("member: ada"), ":5:9: begin with one of 'order: o1'"),
        (with_activity("order: o1, comment: c"), ":5:9: begin with one of 'order: o1'"),
        (with_activity("order: o1, member: ada"), ":5:9: at: is missing; write one such as"),
        (with_activity("order: o1, id: o2"), ":5:25: id: 'order' says it already; remove this"),
        (with_activity("order: '', at: 2026-01-01T00:00Z"), ":5:17: order: has 0 characters"),
        (with_activity("order: o1, at: 2026-01-01T00:00Z, amuont: 1"), ":5:52: amuont: is not k"),
        (with_activity("order: o1, at: 2026-01-01T00:00Z, post: p"), "post: does not belong to or"),
        (with_activity("order: o1, at: 2026-01-01T00:00Z, every: 1d"), "every: stands beside"),
        (with_activity("order: o1, at: 2026-01-01T00:00Z, times: 2"), "times: put # where the nu"),
        (with_activity("order: 'o#', at: 2026-01-01T00:00Z, times: 2000"), "at most 1000"),
        (with_activity("order: 'o#', at: soon, times: 2, every: 1d"), ":5:27: at: 'soon' is not a"),
        (with_activity("order: 'o#', at: 2026-01-01T00:00Z, times: 2, every: day"), "every: 'day'"),
        (with_activity("source: quizzes, id: q, at: 2026-01-01T00:00Z"), "source: 'quizzes'"),
        (with_activity("order: o1, at: 2026-01-01T00:00Z, items: [{product: a, amount: 1.005}]"),
         ":5:73: amount: '1.005' cannot be: more decimal places than GBP has"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place_and_cure(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(TrialError) as caught:
        results(tmp_path, text)

    assert told in str(caught.value)
    assert "shop.cases.yaml" in str(caught.value)


def test_what_is_wrong_with_the_rules_is_told_of_the_rules(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"none\.yaml: there is no such file"):
        results(tmp_path, GOOD.replace("rules.yaml", "none.yaml"))


def test_an_activity_of_a_later_step_that_was_never_told_needs_all_of_it(tmp_path: Path) -> None:
    text = GOOD + "        activities: [{order: o9, payment: refunded}]\n"

    with pytest.raises(TrialError, match=r":10:22: at: is missing"):
        results(tmp_path, text)
