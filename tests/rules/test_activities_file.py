"""Files of activities: what they may say, and what is told of what they may not."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from badgejobs.core.activity import Activity, Item, Link, Mark, label
from badgejobs.errors import TrialError
from badgejobs.rules import activities as room
from badgejobs.rules.activities import gathered
from badgejobs.rules.activities.gathering import MOST_HELD
from badgejobs.rules.activities.rows import COLUMNS
from badgejobs.rules.language.names import OUR_SOURCES

HEAD = "member,source,id,at"
T = "2026-01-31T23:30:00+01:00"
STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"


def read(
    path: Path, *, currency: str | None = "GBP", most_held: int = MOST_HELD
) -> dict[str, list[Activity]]:
    sources = OUR_SOURCES | {"quizzes"}
    found = gathered(path, currency=currency, sources=sources, most_held=most_held)
    return {member: [*ones] for member, ones in found.members()}


def csv_file(folder: Path, *lines: str) -> Path:
    path = folder / "facts.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def json_lines(folder: Path, *rows: object) -> Path:
    path = folder / "facts.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


ORDER = Activity(
    site="trial",
    source="orders",
    activity_id="o1",
    member_id="ada",
    occurred_at=datetime(2026, 1, 31, 22, 30, tzinfo=UTC),
    updated_at=datetime(2026, 1, 31, 22, 30, tzinfo=UTC),
    marks=frozenset({Mark.APPROVED, Mark.PAID, Mark.PARTLY_REFUNDED, Mark.IMPORTED}),
    amounts={"items": 3250, "total": 4000, "refunded": 250},
    currency="USD",
    base_currency="GBP",
    rate=Decimal("1.25"),
    paid_at=datetime(2026, 2, 1, tzinfo=UTC),
    channel="POS",
    items=(
        Item(
            product="p1",
            name=label("Gift Card"),
            catalog=STORES,
            categories=frozenset({"coffee", "new"}),
            quantity=3,
            refunded=1,
            amount=3250,
        ),
    ),
    linked_by=Link.CONTACT,
)


def test_csv_and_json_lines_say_the_same_of_an_order(tmp_path: Path) -> None:
    line = (
        '[{"product": "p1", "name": "gift  CARD", "catalog": "stores", "category": '
        '["Coffee", "New"], "quantity": 3, "refunded": 1, "amount": 32.50}]'
    )
    cells = {
        "member": "ada", "source": "orders", "id": "o1", "at": T, "total": "40", "refunded": "2.5",
        "currency": "usd", "base_currency": "GBP", "rate": "1.25", "paid_at": "2026-02-01T00:00Z",
        "channel": "POS", "imported": "TRUE", "linked_by": "contact",
    }  # fmt: skip
    quoted = '"' + line.replace('"', '""') + '"'
    table = csv_file(
        tmp_path, ",".join([*cells, "items"]), ",".join([*cells.values(), quoted])
    )  # fmt: skip
    lines = json_lines(tmp_path, cells | {"items": json.loads(line)})

    assert read(table) == {"ada": [ORDER]}
    assert read(lines) == {"ada": [ORDER]}


def test_an_amount_never_goes_through_a_float(tmp_path: Path) -> None:
    path = tmp_path / "facts.jsonl"
    path.write_text(
        f'{{"member":"ada","source":"orders","id":"o1","at":"{T}","amount":90071992547.41}}\n'
    )

    [order] = read(path)["ada"]

    assert order.amounts["items"] == 9007199254741


@pytest.mark.parametrize(
    ("cells", "marks"),
    [
        ("approved,,", {Mark.APPROVED, Mark.PAID}),
        (",not_paid,", {Mark.APPROVED}),
        (",PARTIALLY_PAID,", {Mark.APPROVED}),
        ("CANCELED,paid,", {Mark.CANCELLED, Mark.PAID}),
        ("pending,pending,", {Mark.PENDING}),
        (",charged_back,", {Mark.APPROVED, Mark.PAID, Mark.CHARGED_BACK}),
        (",,4.99", {Mark.APPROVED, Mark.PAID, Mark.PARTLY_REFUNDED}),
        (",,5.00", {Mark.APPROVED, Mark.PAID, Mark.REFUNDED}),
        (",partially_refunded,5", {Mark.APPROVED, Mark.PAID, Mark.PARTLY_REFUNDED}),
    ],
)
def test_the_state_of_an_order_is_said_in_wixs_words_or_by_its_refund(
    tmp_path: Path, cells: str, marks: set[Mark]
) -> None:
    path = csv_file(
        tmp_path, f"{HEAD},amount,status,payment,refunded", f"ada,orders,o1,{T},5,{cells}"
    )

    assert read(path)["ada"][0].marks == marks


def test_a_credit_lowers_what_its_member_spent(tmp_path: Path) -> None:
    path = csv_file(tmp_path, f"{HEAD},amount,credit", f"ada,orders,o1,{T},5,true")

    [credit] = read(path)["ada"]

    assert credit.marks == {Mark.APPROVED, Mark.PAID, Mark.CREDIT}
    assert credit.amounts["items"] == -500


def test_comments_joinings_and_activities_of_plug_ins_are_taken_too(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        f"{HEAD},status,app,post,parent,own,length,staff",
        f"ada,comments,c1,{T},hidden,blog,p,c0,true,30,true",
        f"ada,comments,c2,{T},,,,,,,",
        f"ada,membership,ada,{T},blocked,,,,,,",
        f"ada,quizzes,q,{T},,,,,,,",
    )

    first, second, joined, quiz = read(path)["ada"]

    assert first.part == "14bcded7-0066-7c35-14d7-466cb3f09103"
    assert (first.post, first.parent, first.own, first.length) == ("p", "c0", True, 30)
    assert first.marks == {Mark.HIDDEN, Mark.STAFF}
    assert second.marks == {Mark.PUBLISHED}
    assert (second.length, second.parent) == (0, None)
    assert joined.marks == {Mark.JOINED, Mark.BLOCKED}
    assert quiz.marks == {Mark.PUBLISHED}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "facts.csv:1: the file is empty; begin with a header such as member,source,id,at"),
        (["member;source;id;at"], ":1: separate the columns by commas, not by ';'"),
        (["member,source,id"], ":1: the column 'at' is missing; add it"),
        ([HEAD + ",amuont"], ":1: column 5, 'amuont', is not known; did you mean 'amount'?"),
        ([HEAD + ",at"], ":1: the column 'at' stands twice; keep one"),
        ([HEAD, "ada,orders,o1"], ":2: 3 cells under 4 columns; put a cell with a comma in it"),
        ([HEAD, "", f"ada,ordres,o1,{T}"], (":3: source: 'ordres' is not a known source; did you "
         "mean 'orders'?")),
        ([HEAD, f"ada,orders,,{T}"], ":2: id: is missing; write one such as o-1001"),
        ([HEAD, "ada,orders,o1,2026-01-31"], (":2: at: '2026-01-31' is not a moment; add the time "
         "and the zone, such as 2026-01-31T12:00:00Z")),
        ([HEAD, "ada,orders,o1,2026-01-31T23:30"], (":2: at: '2026-01-31T23:30' has no zone; write "
         "its offset at the end, or did you mean '2026-01-31T23:30Z' (UTC)?")),
        ([HEAD, "ada,orders,o1,2026-02-30T23:30Z"], ":2: at: '2026-02-30T23:30Z' does not exist"),
        ([HEAD, "ada,orders,o1,0026-02-20T23:30Z"], "is not in the years 1970 to 2199"),
        ([HEAD + ",amount", f'ada,orders,o1,{T},"12,50"'], (":2: amount: '12,50' is not an amount "
         "of money; did you mean 12.50?")),
        ([HEAD + ",amount", f"ada,orders,o1,{T},-5"], ("amount: '-5' is not an amount of money; "
         "what was given back stands under 'refunded', or in a row with 'credit' true")),
        ([HEAD + ",amount", f"ada,orders,o1,{T},1e3"], "'1e3' is not an amount of money"),
        ([HEAD + ",amount", f"ada,orders,o1,{T},5.005"], (":2: amount: '5.005' cannot be: more "
         "decimal places than GBP has")),
        ([HEAD + ",amount,currency", f"ada,orders,o1,{T},5,euro"], ("currency: 'euro' is not a "
         "currency's three-letter code")),
        ([HEAD + ",post", f"ada,orders,o1,{T},p1"], (":2: post: does not belong to orders; "
         "leave it empty")),
        ([HEAD + ",imported", f"ada,orders,o1,{T},yes"], ("imported: 'yes' is neither true nor "
         "false")),
        ([HEAD + ",payment", f"ada,orders,o1,{T},piad"], ("payment: 'piad' is not known; did you "
         "mean 'paid'?")),
        ([HEAD + ",length", f"ada,comments,o1,{T},many"], "length: 'many' is not a whole number"),
        ([HEAD + ",items", f'ada,orders,o1,{T},"[{{}}]"'], ":2: items[1].product: is missing"),
        ([HEAD + ",items", f"ada,orders,o1,{T},mug"], ":2: items: 'mug' is not JSON"),
        ([HEAD + ",items", f'ada,orders,o1,{T},"[1]"'], ":2: items[1]: '1' must be a mapping"),
        ([HEAD + ",items", f'ada,orders,o1,{T},"[{{""product"":""a"",""qantity"":1}}]"'],
         "items[1].qantity: is not known; did you mean 'quantity'?"),
        ([HEAD + ",items", f'ada,orders,o1,{T},"[{{""product"":1,""product"":2}}]"'],
         "the key 'product' is written twice"),
        ([HEAD + ",items", f"ada,orders,o1,{T},{'[' * 100_000}"], "nested too deep"),
        ([HEAD, 'ada,orders,"o1', "x"], ":2: not CSV: unexpected end of data"),
        ([HEAD, f"ada,orders,{'o' * 201},{T}"], "id: has 201 characters; 1 to 200 are allowed"),
        ([HEAD, f"ada,orders,o1,{T}", f"ada,orders,o1,{T}"], (":3: id: orders of this member have "
         "this id twice")),
        ([HEAD + ",status", f"ada,orders,,{T},x"], "(1 more problem in this row)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_line_column_text_and_cure(
    tmp_path: Path, lines: list[str], told: str
) -> None:
    path = csv_file(tmp_path, *lines) if lines else tmp_path / "facts.csv"
    path.touch()

    with pytest.raises(TrialError) as caught:
        read(path)

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", ":1: not a JSON object; write one a line"),
        ('{"id": 1', ":1: not a JSON object in one line: "),
        ('\n{"id": 1, "id": 2}', ":2: not a JSON object in one line: the key 'id' is written"),
        ("{" * 200_000, ":1: not a JSON object in one line"),
        ('{"a":' * 200_000, "nested too deep"),
        ('{"id": ["o"], "source": "orders", "at": 1}', "id: must be a single value, not a list"),
        ('{"source": {}}', "source: must be a single value, not a mapping"),
        (" " * 1_100_000, ":1: the line is longer than 1024 KiB"),
    ],
)
def test_what_is_wrong_in_json_lines_is_told_with_its_line(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "facts.jsonl"
    path.write_text(text)

    with pytest.raises(TrialError) as caught:
        read(path)

    assert told in str(caught.value)


def test_bytes_that_are_no_text_are_told_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_bytes(HEAD.encode() + b"\nad\xe9,orders,o1,x\n")

    with pytest.raises(TrialError, match=r"facts\.csv:2:3: not UTF-8 \(byte 0xE9\)"):
        read(path)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("facts.txt", "call it .csv .* or .jsonl"),
        ("none.csv", "there is no such file"),
        ("folder.csv", "not a file"),
    ],
)
def test_what_is_no_file_of_activities_is_refused(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "folder.csv").mkdir()

    with pytest.raises(TrialError, match=told):
        read(tmp_path / name)


def test_money_without_any_currency_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = csv_file(tmp_path, f"{HEAD},amount", f"ada,orders,o1,{T},5")

    with pytest.raises(TrialError, match=r":2: amount: money needs a currency; add a column"):
        read(path, currency=None)


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_bytes(f"\ufeff{HEAD}\r\nada,orders,o1,{T}\r\n".encode())

    assert [one.activity_id for one in read(path)["ada"]] == ["o1"]


# ---------------------------------------------------------------- memory


def rows(members: int, each: int) -> list[str]:
    return [
        f"m{member:03},comments,c{member:03}-{n},{T}"
        for member in range(members)
        for n in range(each)
    ]


def test_a_sorted_file_is_the_same_read_in_a_stream_or_held(tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEAD, *rows(20, 7))

    assert read(path, most_held=10) == read(path)
    assert [*read(path, most_held=10)] == sorted(read(path))


def test_a_small_file_may_stand_in_any_order(tmp_path: Path) -> None:
    in_order = read(csv_file(tmp_path, HEAD, *rows(20, 7)))
    shuffled = rows(20, 7)
    random.Random(5).shuffle(shuffled)

    found = read(csv_file(tmp_path, HEAD, *shuffled))

    assert [*found] == [*in_order]
    assert {m: {one.activity_id for one in ones} for m, ones in found.items()} == {
        m: {one.activity_id for one in ones} for m, ones in in_order.items()
    }


def test_a_large_file_that_is_not_sorted_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEAD, *rows(5, 4), *rows(1, 1))

    told = r":22: more than 10 activities, which are not sorted by member; sort the file by"
    with pytest.raises(TrialError, match=told):
        read(path, most_held=10)


def test_a_large_file_that_loses_its_order_early_is_refused_too(tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEAD, *reversed(rows(5, 4)))

    with pytest.raises(TrialError, match=r":12: more than 10 activities, which are not sorted"):
        read(path, most_held=10)


def test_one_member_cannot_fill_the_memory(tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEAD, *rows(1, 11))

    with pytest.raises(TrialError, match=r":12: more than 10 activities of one member"):
        read(path, most_held=10)


def test_a_mistake_behind_the_part_that_is_held_is_told_before_anything_is_given(
    tmp_path: Path,
) -> None:
    path = csv_file(tmp_path, HEAD, *rows(5, 4), "m999,comments,c,never")

    with pytest.raises(TrialError, match=":22: at:"):
        gathered(path, currency=None, sources=OUR_SOURCES, most_held=10)


def test_every_column_is_documented() -> None:
    readme = (Path(room.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    section = readme.split("## Trying rules without Wix")[1]

    assert {name for name in COLUMNS if f"`{name}`" not in section} == set()
