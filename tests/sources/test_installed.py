"""Plug-ins as they are installed: used, refused, and broken in every way, by real packages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from distributions import install, plain

from badgejobs.core.site import Site
from badgejobs.core.source import Probing, Track, Walk, tracks_of
from badgejobs.errors import RateLimited, SourceBroken
from badgejobs.jobs.duties import DUTIES
from badgejobs.sources.installed import NAMES_OF_DUTIES, found_sources
from badgejobs.sources.orders import Orders

SHOP = Site(name="shop")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that this Python sees beside its own."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def offer(shelf: Path, name: str, text: str, *, package: str = "shop-plug") -> str:
    """Install a package with one source; the name of its module, which no other test has."""
    told = f"{package}_{name}_{shelf.parent.name}"
    module = "m_" + "".join(one if one.isalnum() else "_" for one in told)
    install(shelf, package, points={name: f"{module}:Source"}, modules={module: text})
    return module


def test_the_names_of_duties_are_those_that_jobs_have() -> None:
    assert frozenset(DUTIES) == NAMES_OF_DUTIES


def test_ours_are_there_and_given_as_they_are() -> None:
    found = found_sources()
    assert {"orders", "comments", "membership"} <= set(found)
    assert found["orders"] is Orders
    assert found.get("bookings") is None
    assert not {"orders", "comments", "membership"} & set(found.plug_ins)
    assert found.notes == ()


def test_a_plug_in_is_known_by_name_without_being_imported(shelf: Path) -> None:
    module = offer(shelf, "quizzes", plain("quizzes"))
    found = found_sources()
    assert "quizzes" in found
    assert found.plug_ins == {"quizzes": "shop-plug 1.0"}
    assert module not in sys.modules
    factory = found["quizzes"]
    assert module in sys.modules
    assert factory.mode == "walk"
    source = factory(SHOP)
    assert (source.name, source.mode) == ("quizzes", "walk")
    assert source.fetch(None, Walk(generation=1), None).activities == ()
    assert not isinstance(source, Probing)


def test_a_plug_in_that_can_be_probed_is_seen_to_be(shelf: Path) -> None:
    text = (
        plain("quizzes") + "    def probe(self, client, known, offsets):\n        return client\n"
    )
    offer(shelf, "quizzes", text)
    factory = found_sources()["quizzes"]
    assert hasattr(factory, "probe")
    source: Any = factory(SHOP)
    is_probed = isinstance(source, Probing)
    assert tracks_of(source.mode, is_probed=is_probed) == (Track.FULL, Track.LIVE)
    assert source.probe("what the client says", {}, {}) == "what the client says"


@pytest.mark.parametrize("name", ["orders", "comments", "membership"])
def test_nobody_takes_the_name_of_a_source_of_ours(shelf: Path, name: str) -> None:
    module = offer(shelf, name, plain(name))
    found = found_sources()
    assert found[name].__module__ == f"badgejobs.sources.{name}"
    assert module not in sys.modules
    [note] = found.notes
    assert f"'{name}' of shop-plug 1.0 is left out" in note


@pytest.mark.parametrize("name", [*DUTIES, "Quizzes", "1st", "quiz-zes", "q" * 64])
def test_a_name_that_is_a_dutys_or_none_is_left_out_with_its_package(
    shelf: Path, name: str
) -> None:
    offer(shelf, name, plain(name))
    found = found_sources()
    assert name not in found
    [note] = found.notes
    assert f"'{name}' of shop-plug 1.0 is left out" in note
    with pytest.raises(KeyError):
        found[name]


def test_two_with_one_name_are_both_named_and_neither_is_used(shelf: Path) -> None:
    offer(shelf, "quizzes", plain("quizzes"), package="shop-plug")
    offer(shelf, "quizzes", plain("quizzes"), package="other-plug")
    found = found_sources()
    assert found.plug_ins == {"quizzes": "other-plug 1.0 and shop-plug 1.0"}
    for _ in range(2):
        with pytest.raises(SourceBroken, match=r"other-plug 1\.0 and shop-plug 1\.0"):
            found["quizzes"]


BROKEN = {
    "missing": ("import a_module_that_nobody_has", "a_module_that_nobody_has"),
    "no syntax": ("class Source(:", "SyntaxError"),
    "raises": ("raise ValueError('first line\\nsecond')", "ValueError: first line"),
    "no class": ("x = 1", "AttributeError"),
    "a number": ("Source = 1", "is no class"),
    "no name": (plain("quizzes").replace("name =", "named ="), "has no name = 'quizzes'"),
    "another name": (plain("polls"), "has no name = 'quizzes'"),
    "no mode": (plain("quizzes", "sideways"), "has no mode = 'window' or 'walk'"),
    "no fetch": (plain("quizzes").replace("fetch", "read"), "has no method fetch"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_one_that_is_broken_is_told_by_its_package_and_harms_no_other(
    shelf: Path, how: str
) -> None:
    text, reason = BROKEN[how]
    offer(shelf, "quizzes", text)
    found = found_sources()
    assert found["orders"] is Orders
    with pytest.raises(SourceBroken) as caught:
        found["quizzes"]
    told = str(caught.value)
    assert told.startswith("the source 'quizzes' of shop-plug 1.0 ")
    assert reason in told
    assert "\n" not in told
    assert found["orders"] is Orders


FAILING = plain("quizzes").replace(
    "        return Page(activities=())", "        return {'ana@example.com': 1}[client]"
)


def test_an_error_of_its_own_is_told_by_package_and_line_and_never_by_what_was_read(
    shelf: Path,
) -> None:
    module = offer(shelf, "quizzes", FAILING)
    source = found_sources()["quizzes"](SHOP)
    with pytest.raises(SourceBroken) as caught:
        source.fetch("ben@example.com", Walk(generation=1), None)
    line = len(FAILING.splitlines())
    assert f"shop-plug 1.0 failed: KeyError in {module}.py, line {line};" in str(caught.value)
    assert caught.value.__cause__ is None
    assert "@" not in f"{caught.value!r}"


def test_an_error_of_a_kind_that_its_author_made_up_is_told_alike(shelf: Path) -> None:
    raising = "        raise type('Quizzes', (Exception,), {})(client)"
    offer(shelf, "quizzes", plain("quizzes").replace("        return Page(activities=())", raising))
    source = found_sources()["quizzes"](SHOP)

    with pytest.raises(SourceBroken, match=r"shop-plug 1\.0 failed: Quizzes in") as caught:
        source.fetch("ben@example.com", Walk(generation=1), None)

    assert "@" not in f"{caught.value!r}"


def test_what_the_client_raises_passes(shelf: Path) -> None:
    offer(shelf, "quizzes", plain("quizzes").replace("return Page(activities=())", "client()"))
    source = found_sources()["quizzes"](SHOP)
    error = RateLimited("Wix asks for a pause", seconds=7)

    def client() -> None:
        raise error

    with pytest.raises(RateLimited) as caught:
        source.fetch(client, Walk(generation=1), None)
    assert caught.value is error


GIVEN = """
        from datetime import UTC, datetime
        from badgejobs.core.activity import Activity, Unreadable
        at = datetime(2026, 1, 1, tzinfo=UTC)
        one = dict(site="shop", source="quizzes", activity_id="1", member_id=None,
                   occurred_at=at, updated_at=at)
        other = Unreadable(source="orders", activity_id="1", reason="x")
        return {page}
"""


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("None", "gave no Page"),
        ("[Activity(**one)]", "gave no Page"),
        ("Page(activities=(Activity(**one | {'site': 'other'}),))", "another site or source"),
        ("Page(activities=(Activity(**one | {'source': 'orders'}),))", "another site or source"),
        ("Page(activities=(), unreadable=(other,))", "another site or source"),
    ],
)
def test_what_it_gives_is_looked_at_before_it_is_believed(
    shelf: Path, page: str, told: str
) -> None:
    text = plain("quizzes").replace("        return Page(activities=())\n", "")
    reread = "\n    def reread(self, client, ids):\n        return self.fetch(client, None, None)\n"
    offer(shelf, "quizzes", text + GIVEN.format(page=page) + reread)
    source: Any = found_sources()["quizzes"](SHOP)
    with pytest.raises(SourceBroken, match=told):
        source.fetch(None, Walk(generation=1), None)
    if "Page" in page and "[" not in page:
        with pytest.raises(SourceBroken, match=told):
            source.reread(None, ["1"])
