"""Templates, and how numbers and moments stand on a page."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

_ROOM: Final = "badgejobs.console"
#: What browsers are given beside the pages.
STATIC: Final = {
    "console.css": "text/css",
    "htmx.min.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@cache
def static(name: str) -> bytes:
    """One of the files of :data:`STATIC`."""
    return files(_ROOM).joinpath("static", name).read_bytes()


@cache
def environment() -> Environment:
    """The templates; all that is put into them is escaped."""
    env = Environment(
        loader=PackageLoader(_ROOM),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "ago": ago,
        "number": number,
        "percent": percent,
        "when": when,
        "path": path,
        "coded": coded,
        "length_of": length_of,
    }
    env.globals["static"] = _addressed
    return env


def rendered(
    name: str, values: Mapping[str, Any], *, status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    """A page."""
    text = environment().get_template(name).render(values)
    return web.Response(text=text, content_type="text/html", status=status)


def number(value: float | None) -> str:
    """A number with its thousands apart; nothing where it is not known.

    >>> number(1234567), number(0), number(None)
    ('1,234,567', '0', '-')
    """
    return "-" if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """So many of a hundred.

    >>> percent(12.34), percent(0.04), percent(0), percent(None)
    ('12 %', 'under 0.1 %', '0 %', '-')
    """
    if value is None:
        return "-"
    if value == 0:
        return "0 %"
    if value < 0.1:  # noqa: PLR2004 - as the text says
        return "under 0.1 %"
    return f"{value:.1f} %" if value < 10 else f"{value:.0f} %"  # noqa: PLR2004 - two digits do


def length_of(seconds: float | None) -> str:
    """How long something took or lies back.

    >>> [length_of(n) for n in (0.25, 42, 600, 7300, 400_000)]
    ['0.2 s', '42 s', '10 min', '2 h', '4 d']
    """
    if seconds is None:
        return "-"
    if 0 < seconds < 1:
        return f"{seconds:.1f} s"
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR:.0f} h"
    return f"{seconds // _DAY:.0f} d"


def ago(at: datetime | None, now: datetime | None = None) -> Markup:
    """How long ago, with the moment itself for whoever points at it."""
    if at is None:
        return Markup("-")
    lies_back = ((now or datetime.now(UTC)) - at).total_seconds()
    words = f"{length_of(int(lies_back))} ago" if lies_back >= 1 else "just now"
    if lies_back < -1:
        words = f"in {length_of(-lies_back)}"
    return _timed(at, words)


def when(at: datetime | None) -> Markup:
    """A moment, in UTC."""
    return Markup("-") if at is None else _timed(at, f"{at.astimezone(UTC):%d %b %Y, %H:%M}")


def path(text: str) -> str:
    """A part of an address."""
    return quote(text, safe="")


def coded(text: str) -> Markup:
    """A sentence with the commands that stand in it between backticks.

    >>> coded("run `badgejobs up` & wait")
    Markup('run <code>badgejobs up</code> &amp; wait')
    """
    told = str(escape(text))
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", told))  # noqa: S704 - escaped before


def _timed(at: datetime, words: str) -> Markup:
    exact = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        f"{exact:%Y-%m-%dT%H:%M:%SZ}", f"{exact:%Y-%m-%d %H:%M:%S} UTC", escape(words)
    )


@cache
def _addressed(name: str) -> str:
    """The address of a file, which changes with it."""
    return f"/static/{name}?{hashlib.sha256(static(name)).hexdigest()[:10]}"
