"""A list of members to be granted badges, as spreadsheets write it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from badgejobs.core import grant_list
from badgejobs.core.grant_list import GrantListError, read_grants

ID = "bbbbbbbb-0000-4000-8000-000000000001"


def read(text: str, badge: str = "") -> grant_list.GrantList:
    return read_grants(text.encode(), file="fair.csv", badge=badge)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_list_is_read_however_a_spreadsheet_writes_it(
    delimiter: str, newline: str, mark: str
) -> None:
    rows = ["Member_ID,badge,note", f"{ID.upper()},gold,first prize", f"{ID},silver,"]
    found = read(mark + newline.join(rows).replace(",", delimiter))
    assert [(one.line, one.member_id, one.badge, one.note) for one in found.entries] == [
        (2, ID, "gold", "first prize"),
        (3, ID, "silver", ""),
    ]
    assert found.unused == ()


def test_a_list_of_one_column_needs_one_badge_for_all() -> None:
    assert [one.badge for one in read(f"member_id\n{ID}\n", badge="gold").entries] == ["gold"]
    assert [one.why for one in read(f"member_id\n{ID}\n").unused] == [grant_list.NO_BADGE]


def test_a_member_id_goes_before_an_address() -> None:
    found = read(f"member_id,email\n{ID},ada@example.com\n,bob@example.com\n", badge="gold")
    assert [(one.member_id, one.email) for one in found.entries] == [
        (ID, ""), ("", "bob@example.com")
    ]  # fmt: skip


def test_each_line_that_cannot_be_used_is_told_with_its_number_and_why() -> None:
    found = read(
        "member_id,email,badge\n"
        "no-id,,gold\n"
        ",nobody,gold\n"
        ",,gold\n"
        "\n"
        ",,\n"
        f"{ID},,\n"
        f'{ID},,"gold",more\n'
        f",{'a' * 320}@example.com,gold\n"
    )
    assert [(one.line, one.why) for one in found.unused] == [
        (2, grant_list.MALFORMED_ID),
        (3, grant_list.MALFORMED_ADDRESS),
        (4, grant_list.EMPTY),
        (6, grant_list.EMPTY),
        (7, grant_list.NO_BADGE),
        (8, grant_list.TOO_MANY_CELLS),
        (9, grant_list.MALFORMED_ADDRESS),
    ]
    assert found.entries == ()
    assert not [one for one in found.unused if "nobody" in one.why]


def test_lines_are_counted_as_they_stand_in_the_file() -> None:
    found = read(f'member_id,note\n{ID},"a note\nof two lines"\nno-id,\n', badge="gold")
    assert [one.line for one in found.entries] == [2]
    assert found.entries[0].note == "a note of two lines"
    assert [one.line for one in found.unused] == [4]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "first line must name the columns"),
        (b"ada@example.com\nbob@example.com\n", "first line must name the columns"),
        (b"email,email\n", "names email twice"),
        ("email\nJosé@example.com\n".encode("latin-1"), "fair.csv:2: it is not in UTF-8"),
        (b"email\n" + b"a" * 200_000, "cannot be read as CSV"),
        (b"email\n" * (grant_list.MOST_LINES + 1), "part it in several files"),
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_refused_with_the_cure(
    data: bytes, words: str
) -> None:
    with pytest.raises(GrantListError, match=words) as caught:
        read_grants(data, file="fair.csv", badge="gold")
    assert "example.com" not in str(caught.value)


TEXTS = st.text(st.sampled_from("email_idbag,;\t\"'\n\r @.\x00\ufeff=é"), max_size=200)


@given(data=st.binary(max_size=300) | TEXTS.map(str.encode), badge=st.sampled_from(["", "gold"]))
@example(data=b'email\n"open', badge="gold")
@example(data=b"email\x00\na@b\n", badge="gold")
def test_whatever_a_file_holds_it_is_read_or_one_of_our_errors(data: bytes, badge: str) -> None:
    try:
        found = read_grants(data, file="fair.csv", badge=badge)
    except GrantListError:
        return
    lines = [one.line for one in found.entries] + [one.line for one in found.unused]
    assert len(lines) == len(set(lines))
    assert all(one.badge and (one.member_id or one.email) for one in found.entries)


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)


@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=8), delimiter=st.sampled_from(",;\t"))
def test_no_line_of_a_well_written_list_is_lost(
    rows: list[tuple[str, str]], delimiter: str
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerows([("member_id", "note"), *((ID, note) for _, note in rows)])
    found = read(written.getvalue(), badge="gold")
    assert [one.note for one in found.entries] == [grant_list.one_line(note) for _, note in rows]
