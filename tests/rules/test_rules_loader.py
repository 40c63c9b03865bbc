"""What a good rules file becomes, and that a bad one is one clear error."""

from pathlib import Path

import pytest

from badgejobs.core.activity import Mark
from badgejobs.core.milestone import AllOf, AnyOf, Count, Selection, Sum
from badgejobs.core.policy import CommentPolicy, OrderPolicy
from badgejobs.errors import RulesError
from badgejobs.rules import load_rules, parse_rules

HEAD = "version: 1\nbadges:\n- id: a\n  badge: Gold\n  when: "
GOOD = HEAD + "{count: orders, gte: 1}"


def around(*, currency: str, policies: str = "{}") -> str:
    """One good badge under these policies."""
    return GOOD.replace("badges:", f"site: {{currency: {currency}}}\npolicies: {policies}\nbadges:")


def refused(text: str) -> RulesError:
    with pytest.raises(RulesError) as caught:
        parse_rules(text, file="r.yaml")
    return caught.value


def test_every_form_becomes_its_core_value() -> None:
    ruleset = parse_rules(
        """
version: 1
site: {currency: GBP}
policies:
  orders: {count_when: fulfilled, amount: total, min_amount: 5, full_refund: keep,
           cancelled: keep, partial_refund: keep}
  comments: {count_when: published, deleted: keep, include_staff: true}
badges:
- id: one
  badge: {title: ' One ', description: First., background: '#aabbcc', text: '#000000',
          icon: 'https://static.wixstatic.com/media/star.png'}
  when: {all: [{count: orders, gte: 3}, {any: [{sum: orders.amount, gte: '12.5'},
        {count: comments, gte: '7'}]}]}
- id: two
  badge: Gold
  when: {count: comments, gte: 1}
""",
        file="r.yaml",
    )
    orders = OrderPolicy(
        count_when=Mark.FULFILLED,
        amount="total",
        min_amount=500,
        void_when_refunded=False,
        void_when_cancelled=False,
        subtract_refunds=False,
        currency="GBP",
    )
    comments = CommentPolicy(include_staff=True, keep_deleted=True)
    one, two = ruleset.milestones
    assert one.condition == AllOf(
        parts=(
            Count(of=Selection(source="orders", policy=orders), gte=3),
            AnyOf(
                parts=(
                    Sum(of=Selection(source="orders", policy=orders), gte=1250, currency="GBP"),
                    Count(of=Selection(source="comments", policy=comments), gte=7),
                )
            ),
        )
    )
    assert one.look
    assert (one.badge, one.title, one.look.title) == ("one", "One", "One")
    assert (one.look.background, one.look.text) == ("#AABBCC", "#000000")
    assert one.look.icon == "https://static.wixstatic.com/media/star.png"
    assert (two.title, two.look) == ("Gold", None)
    assert two.condition == Count(of=Selection(source="comments", policy=comments), gte=1)
    assert ruleset.sources == {"orders", "comments"}


def test_policies_left_out_are_the_documented_defaults() -> None:
    condition = parse_rules(GOOD, file="r.yaml").milestones[0].condition
    assert condition == Count(of=Selection(source="orders", policy=OrderPolicy()), gte=1)
    text = GOOD.replace("orders", "comments")
    condition = parse_rules(text, file="r.yaml").milestones[0].condition
    assert condition == Count(of=Selection(source="comments", policy=CommentPolicy()), gte=1)


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [
        ("GBP", "1000", 100_000),
        ("JPY", "1000", 1000),
        ("KWD", "1.005", 1005),
        ("EUR", "1.500", 150),
    ],
)
def test_money_is_minor_units_of_the_sites_currency(
    currency: str, written: str, minor: int
) -> None:
    text = around(currency=currency).replace(
        "{count: orders, gte: 1}", f"{{sum: orders.amount, gte: {written}}}"
    )
    condition = parse_rules(text, file="r.yaml").milestones[0].condition
    assert isinstance(condition, Sum)
    assert condition.gte == minor


def test_four_levels_of_all_and_any_are_enough_and_allowed() -> None:
    text = HEAD + "{all: [{any: [{all: [{any: [{count: orders, gte: 1}]}]}]}]}"
    assert parse_rules(text, file="r.yaml").milestones


def test_the_known_sources_are_a_parameter() -> None:
    text = GOOD.replace("count: orders", "count: bookings")
    assert "did you mean" in str(refused(text.replace("bookings", "commentss")))
    ruleset = parse_rules(text, file="r.yaml", sources={"orders", "bookings"})
    assert ruleset.sources == {"bookings"}


WRONG_CONDITIONS = [
    ("{cuont: orders, gte: 1}", "5:10", "'cuont' is not known; did you mean 'count'?"),
    ("{count: order, gte: 1}", "5:17", "'order' is not a known source; did you mean 'orders'?"),
    ("{count: Orders!, gte: 1}", "5:17", "'Orders!' is not the name of a source; did you mean"),
    ("{count: orders, gte: 1e3}", "5:30", "'1e3' is not a whole number"),
    ("{count: orders, gte: no}", "5:30", "'no' is not a whole number"),
    ("{count: orders, gte: 010}", "5:30", "'010' is not a whole number"),
    ("{count: orders, gte: 1:30}", "5:30", "'1:30' is not a whole number"),
    ("{count: orders, gte: 0}", "5:30", "'0' is too small; it must be 1 or more"),
    ("{count: orders, gte: -5}", "5:30", "'-5' is too small"),
    ("{count: orders, gte: }", "5:29", "gte: is empty"),
    ("{count: orders, gte: [1]}", "5:30", "gte: must be a single value, not a list"),
    ("{count: {a: b}, gte: 1}", "5:17", "must be a single value, not a mapping"),
    ("{count: orders}", "5:9", "'gte' is missing; add for example 'gte: 10'"),
    ("{gte: 1}", "5:9", "no measure; write one of: age, all, any, at_least, count"),
    ("{count: orders, gt: 1}", "5:25", "'gt' is not known here; did you mean 'gte'?"),
    ("{count: orders, sum: orders.amount, gte: 1}", "5:25", "a condition has one measure"),
    ("{sum: orders.amount, gte: '10'}", "5:35", "money needs a currency; add 'site: {currency"),
    ("{sum: orders.amuont, gte: '10'}", "5:15", "did you mean 'orders.amount'?"),
    ("{sum: orders.amount, gte: '10,5'}", "5:35", "'10,5' is not an amount of money"),
    ("{all: []}", "5:15", "all: is an empty list"),
    ("{any: {count: orders, gte: 1}}", "5:15", "any: must be a list"),
    ("{all: [{count: orders, gte: 1}, x]}", "5:41", "is not a condition"),
    ("", "5:8", "when: is empty; write a condition"),
    ("often", "5:9", "is not a condition"),
    (
        "{all: [{any: [{all: [{any: [{all: [{count: orders, gte: 1}]}]}]}]}]}",
        "5:37",
        "nested more than 4 levels deep",
    ),
]


@pytest.mark.parametrize(("condition", "place", "problem"), WRONG_CONDITIONS)
def test_a_wrong_condition_is_told_with_its_place_and_cure(
    condition: str, place: str, problem: str
) -> None:
    error = str(refused(HEAD + condition))
    assert error.startswith(f"r.yaml:{place}: ")
    assert problem in error


WRONG_BADGES = [
    ("{title: ''}", "badge: {title: ''}", "a title is one line of 1 to 50"),
    ("{title: " + "x" * 51 + "}", "{title: xxx", "has 51 characters"),
    ("{title: T, description: " + "d" * 1501 + "}", "description", "at most 1500 are allowed"),
    ("{title: T, background: red}", "background", "'red' is not a colour of the form '#RRGGBB'"),
    ("{title: T, text: 1B4D3E}", "text", "did you mean '#1B4D3E'?"),
    ("{title: T, icon: star.png}", "icon", "is not the address of a picture"),
    ("{title: T, colour: '#000000'}", "badge", "'colour' is not known here"),
    ("{titel: T}", "badge", "'titel' is not known here; did you mean 'title'?"),
    ("{description: T}", "badge", "'title' is missing"),
    ("[Gold]", "badge", "write {title: ...} for a badge of ours, or the title of one at Wix"),
    ("{title: T, lifecycle: never}", "badge", "'lifecycle' is not known here"),
]


@pytest.mark.parametrize(("badge", "key", "problem"), WRONG_BADGES)
def test_a_wrong_look_is_told(badge: str, key: str, problem: str) -> None:
    error = refused(GOOD.replace("badge: Gold", f"badge: {badge}"))
    assert error.line == 4
    assert problem in str(error), key


def test_a_bare_colour_is_a_comment_and_the_error_says_so() -> None:
    text = "version: 1\nbadges:\n- id: a\n  badge:\n    title: T\n    text: #1B4D3E\n  when:\n"
    assert "put the colour in quotes" in str(refused(text))


@pytest.mark.parametrize("look", ["{title: T, text: #1B4D3E}", "{text: #FfF, title: T}"])
@pytest.mark.parametrize("after", ["\n  when: {count: orders, gte: 1}\n", "\n", ""])
def test_a_bare_colour_that_hides_a_brace_is_named_in_the_error(look: str, after: str) -> None:
    text = f"version: 1\nbadges:\n- id: a\n  badge: {look}{after}"
    assert "; put the colour in quotes, '#" in str(refused(text))


def test_a_colour_that_is_told_of_in_a_comment_is_not_blamed() -> None:
    text = "version: 1\n# text: #1B4D3E\nbadges: [{id: 'a', text: '#1B4D3E'}\n"
    assert "check the indentation, the colons" in str(refused(text))


@pytest.mark.parametrize(
    ("more", "cure"),
    [
        ("limit: 100", "limit: must be a mapping: write one such as {first: 100}"),
        ("lifecycle: never", "lifecycle: must be a mapping: write one such as {revoke: when_un"),
        ("when: {count: orders, window: 90d, gte: 3}", "window: must be a mapping: write one suc"),
        ("expires: {after: 1y}", "'expires' is not known here; write it under 'lifecycle'"),
        ("first: 100", "'first' is not known here; write it under 'limit'"),
        ("when: {count: orders, rolling: 90d, gte: 3}", "write it under 'window'"),
        ("when: {count: orders, channel: POS, gte: 3}", "write it under 'where'"),
    ],
)
def test_what_stands_one_step_too_far_out_is_told_its_place(more: str, cure: str) -> None:
    when = "" if more.startswith("when") else "  when: {count: orders, gte: 1}\n"
    text = f"version: 1\nbadges:\n- id: a\n  badge: A\n{when}  {more}\n"
    assert cure in str(refused(text))


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("First Purchase", "first-purchase"), ("a_b", "a-b"), ("-x", "x"), ("x" * 64, "x" * 63)],
)
def test_a_wrong_id_comes_with_the_right_one(wrong: str, meant: str) -> None:
    assert f"did you mean '{meant}'?" in str(refused(GOOD.replace("id: a", f"id: {wrong}")))


WRONG_POLICIES = [
    ("GBP", "{orders: {count_when: payed}}", "'payed' is not known; did you mean 'paid'?"),
    ("GBP", "{orders: {full_refund: subtract}}", "write one of: keep, void"),
    ("GBP", "{orders: {min_amount: '0.001'}}", "more decimal places than GBP has"),
    ("GBP", "{orders: {min_amount: -1}}", "'-1' is not an amount of money"),
    ("GBP", "{order: {}}", "'order' is not known here; did you mean 'orders'?"),
    ("GBP", "{orders: }", "orders: is empty"),
    ("GBP", "{comments: {include_staff: no}}", "did you mean 'false'?"),
    ("GBP", "{comments: {include_staff: Yes}}", "did you mean 'true'?"),
    ("GBP", "{comments: {count_when: paid}}", "write one of: published"),
    ("gbp", "{}", "did you mean 'GBP'?"),
    ("Euro", "{}", "is not a currency's three-letter code; such as GBP"),
]


@pytest.mark.parametrize(("currency", "policies", "problem"), WRONG_POLICIES)
def test_a_wrong_policy_is_told(currency: str, policies: str, problem: str) -> None:
    assert problem in str(refused(around(currency=currency, policies=policies)))


def test_an_id_used_twice_is_refused() -> None:
    error = str(refused(GOOD + "\n- {id: a, badge: Silver, when: {count: orders, gte: 2}}"))
    assert error.startswith("r.yaml:6:8: ")
    assert "taken by the badge in line 3" in error


def test_two_badges_of_one_title_are_refused_whatever_the_case() -> None:
    again = "\n- {id: b, badge: {title: ' gOLD '}, when: {count: orders, gte: 2}}"
    error = str(refused(GOOD + again))
    assert error.startswith("r.yaml:6:26: ")
    assert "join the conditions with 'any'" in error


def test_a_sum_of_nothing_is_refused() -> None:
    text = around(currency="GBP").replace("count: orders", "sum: orders.amount")
    assert "must be more than nothing" in str(refused(text.replace("gte: 1", "gte: '0.00'")))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "r.yaml:1:1: the file is empty"),
        ("# only a comment\n", "r.yaml:1:1: the file is empty"),
        ("- a", "r.yaml:1:1: must be a mapping"),
        ("version: 1", "r.yaml:1:1: 'badges' is missing"),
        ("badges: []", "r.yaml:1:1: 'version' is missing; add for example 'version: 1'"),
        ("version: 1\nbadges: []", "r.yaml:2:9: badges: is an empty list"),
        ("version: 1\nbadges:\n", "badges: must be a list"),
        ("version: 1\nbadges:\n-\n", "is empty"),
        ("version: 2\nbadges: []", "r.yaml:1:10: version: '2' is not known; write one of: 1"),
        ("version: 1\nbadge: []", "r.yaml:2:1: 'badge' is not known here; did you mean 'badges'?"),
    ],
)
def test_a_file_of_the_wrong_shape_is_told(text: str, problem: str) -> None:
    assert problem in str(refused(text))


def test_of_many_problems_the_first_in_the_file_is_told_and_the_rest_counted() -> None:
    text = "version: 2\nbadges:\n- id: A\n  badge: ''\n  when: {count: x, gte: 1}"
    error = refused(text)
    assert (error.line, error.column) == (1, 10)
    assert str(error).endswith("(3 more problems after it)")


def test_a_file_that_is_not_there_or_not_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="there is no such file"):
        load_rules(tmp_path / "no.yaml")
    with pytest.raises(RulesError, match="not a file"):
        load_rules(tmp_path)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_rules(path) == parse_rules(GOOD, file="x") == parse_rules("\ufeff" + GOOD, file="x")


def test_a_file_that_is_not_utf_8_is_told_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"version: 1\nbadges: \xe4")
    with pytest.raises(RulesError, match="not UTF-8") as caught:
        load_rules(path)
    assert (caught.value.line, caught.value.column) == (2, 9)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"#" * 300_000)
    with pytest.raises(RulesError, match="larger than 256 KiB"):
        load_rules(path)
    assert "larger than 256 KiB" in str(refused("#" * 300_000))
