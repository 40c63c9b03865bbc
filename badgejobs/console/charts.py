"""Charts as SVG within the page: no script, no style and no address of anybody in them.

Their colours and letters come from the style sheet, so that they follow the page's scheme.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Final
from xml.etree import ElementTree as ET

import pygal
from markupsafe import Markup
from pygal.graph.graph import Graph
from pygal.style import Style

from badgejobs.core.overview import Day

# Importing it leaves a finder of plug-ins behind, by a way that Python gave up; none is used.
sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != pygal.__name__]

_WIDTH: Final = 560
_HEIGHT: Final = 220
_SVG: Final = "{http://www.w3.org/2000/svg}"
#: All that a drawing needs; anything else that the library writes is left out.
_ELEMENTS: Final = frozenset({"svg", "g", "rect", "path", "circle", "text", "line", "polyline"})
_ATTRIBUTES: Final = frozenset(
    {
        "class", "viewBox", "transform", "d", "x", "y", "x1", "x2", "y1", "y2", "width", "height",
        "cx", "cy", "r", "rx", "ry", "points",
    }
)  # fmt: skip
#: Letters as the style sheet has them, for the room that they need.
_STYLE: Final = Style(label_font_size=12, major_label_font_size=12)
#: Labels along the days; more would run into each other on a telephone.
_LABELS: Final = 4
#: Drawings that are kept: most pages are looked at again before anything has changed.
_KEPT: Final = 64
#: Lines across.
_LINES: Final = 4


@lru_cache(_KEPT)
def given_and_taken(days: tuple[Day, ...]) -> Markup:
    """Bars of a few weeks or months: what was given on each day, and what was taken."""
    chart = pygal.StackedBar(**_look(), spacing=2)
    most = max((one.given + one.taken for one in days), default=0)
    _scaled(chart, most)
    _dated(chart, [one.day for one in days])
    chart.add("given", [one.given for one in days])
    chart.add("taken", [one.taken for one in days])
    titles = [f"{_shown(one.day)}: {one.given} given" for one in days]
    titles += [f"{_shown(one.day)}: {one.taken} taken" for one in days]
    return _drawn(chart, titles)


@lru_cache(_KEPT)
def standing(days: tuple[Day, ...], now: int) -> Markup:
    """A line: how many had it at the end of each day, counted back from those of now."""
    numbers = counted_back(days, now)
    chart = pygal.Line(**_look(), show_dots=False)
    _scaled(chart, max(numbers, default=0))
    _dated(chart, [one.day for one in days])
    chart.add("holders", numbers)
    return _drawn(chart, [])


@lru_cache(_KEPT)
def steps(members: tuple[int, ...]) -> Markup:
    """Bars: how many members are so many tenths of the way, the last of them those who earned it.

    The first column would make all others look like none, so it is left out.
    """
    chart = pygal.Bar(**(_look() | {"show_minor_x_labels": True}), spacing=6)
    shown = list(members[1:])
    _scaled(chart, max(shown, default=0))
    names = [f"{10 * n} %" for n in range(1, len(shown))] + ["earned"]
    # Without the sign they do not run into each other on a telephone.
    chart.x_labels = [one.removesuffix(" %") for one in names]
    chart.add("members", shown)
    return _drawn(chart, [f"{name}: {n}" for name, n in zip(names, shown, strict=False)])


def counted_back(days: Sequence[Day], now: int) -> list[int]:
    """How many stood at the end of each day, from those of now and what changed since.

    >>> from datetime import date
    >>> on = [Day(day=date(2026, 5, n), given=given, taken=0) for n, given in ((1, 2), (2, 3))]
    >>> counted_back(on, 7)
    [4, 7]
    """
    found = []
    for one in reversed(days):
        found.append(max(0, now))
        now -= one.given - one.taken
    return found[::-1]


def _look() -> dict[str, object]:
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "js": (),
        "css": (),
        "style": _STYLE,
        "show_legend": False,
        "margin": 8,
        "truncate_label": -1,
        "show_minor_x_labels": False,
    }


def _scaled(chart: Graph, most: int) -> None:
    """Whole numbers along the lines across, from none to more than the most."""
    step = _step(most)
    lines = range(0, most + step, step)
    chart.range = (0, lines[-1])
    chart.y_labels = [*map(float, lines)]
    chart.value_formatter = lambda value: _short(round(value))


def _step(most: int) -> int:
    """A round number of which a few make the most.

    >>> [_step(n) for n in (0, 3, 9, 40, 970)]
    [1, 1, 5, 10, 500]
    """
    step, larger = 1, itertools.cycle(((2, 1), (5, 2), (2, 1)))
    while step * _LINES < most:
        times, of = next(larger)
        step = step * times // of
    return step


def _short(number: int) -> str:
    """A number for an axis.

    >>> _short(950), _short(12_000), _short(2_500_000)
    ('950', '12k', '2.5M')
    """
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + letter
    return str(number)


def _dated(chart: Graph, days: Sequence[date]) -> None:
    chart.x_labels = [_shown(one) for one in days]
    every = max(1, len(days) // _LABELS)
    chart.x_labels_major = [_shown(one) for one in days[every // 2 :: every]]


def _shown(day: date) -> str:
    return f"{day.day} {day:%b}"


def _drawn(chart: Graph, titles: Sequence[str]) -> Markup:
    """The drawing alone; each bar with its number for whoever points at it."""
    root = chart.render_tree()
    told = iter(titles)
    drawing = ET.Element("svg", {"viewBox": f"0 0 {_WIDTH} {_HEIGHT}", "class": "chart"})
    # What is drawn is told by the heading and the table beside it.
    drawing.set("aria-hidden", "true")
    drawing.set("focusable", "false")
    drawing.extend(_kept(root, told))
    return Markup(ET.tostring(drawing, encoding="unicode"))  # noqa: S704 - made and sifted here


def _kept(element: ET.Element, titles: Iterator[str]) -> Iterator[ET.Element]:
    """The children of an element that draw something, with the attributes that say where."""
    for child in element:
        name = str(child.tag).removeprefix(_SVG)
        if name not in _ELEMENTS:
            continue
        is_bar = child.get("class") == "bar"
        title = next(titles, None) if is_bar else None
        if is_bar and _is_empty(child):
            continue
        kept = ET.Element(name, {k: v for k, v in child.attrib.items() if k in _ATTRIBUTES})
        kept.text = child.text
        if title:
            ET.SubElement(kept, "title").text = title
        kept.extend(_kept(child, titles))
        yield kept


def _is_empty(bar: ET.Element) -> bool:
    return all(float(one.get("height", 0)) == 0 for one in bar if "rect" in one.get("class", ""))
