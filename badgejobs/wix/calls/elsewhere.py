"""Requests to endpoints that badgejobs has no method for: plug-ins write their paths themselves.

A plug-in reads. Which endpoint changes nothing cannot be asked at Wix, so it is told by the path:

* ``GET`` reads, whatever it names. ``POST`` reads where the path ends in ``query``, ``search``,
  ``count``, ``aggregate`` or ``list``, or in one of these with ``-cursor`` or ``-by-...`` behind
  it, such as ``list-by-ids``. Wix names the custom calls of its REST API by their verb, and these
  are all that only read.
* No part of the path has ``badge`` or ``oauth`` in it, and the first one no ``_`` before it:
  badges and tokens are the affair of badgejobs alone, whatever the path does with them.
* A path is parts of letters, digits and ``-._~``, each with one ``/`` before it. So nothing in it
  can be encoded, lead upwards, or begin a query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from badgejobs.errors import Refused
from badgejobs.wix.calls.call import Call

_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]{1,200}){2,12}", re.ASCII)
_READS: Final = re.compile(r"(?:query|search|count|aggregate|list)(?:-cursor|-by(?:-[a-z]+)+)?")
_OURS: Final = ("badge", "oauth")
_VERSION: Final = re.compile(r"v[0-9]{1,3}")
_WORD: Final = re.compile(r"[a-z]{1,30}(?:-[a-z]{1,30}){0,5}")
#: The place of the resource in a path without a version, which stands before it in all others.
_RESOURCE: Final = 1


def read_by_post(path: str, body: Mapping[str, Any]) -> Call:
    """A query; raises :class:`Refused` for a path that may not be asked, and sends nothing."""
    parts = _parts(path)
    if not _READS.fullmatch(parts[-1]):
        raise Refused(
            f"POST {_form(parts, verb=False)}: a plug-in only reads, and by POST only at paths "
            "that end in query, search, count, aggregate or list (or these with -cursor or "
            "-by-... behind it); nothing was sent"
        )
    form = _form(parts, verb=True)
    return Call(form=form, written=path, body=body, cursor_sent=_goes_on(body))


def read_by_get(path: str, query: Mapping[str, str]) -> Call:
    """A record by its id, or a list; raises as :func:`read_by_post` does."""
    parts = _parts(path)
    return Call(
        method="GET",
        form=_form(parts, verb=False),
        written=path,
        query=query,
        cursor_sent=any(name.rpartition(".")[2] == "cursor" and query[name] for name in query),
    )


def _parts(path: str) -> list[str]:
    """The parts of a path that may be asked for reading."""
    if not _PATH.fullmatch(path):
        raise Refused(
            "the path of a plug-in's call must be 2 to 12 parts of letters, digits and -._~, each "
            "with one / before it, such as /reviews/v1/reviews/query; nothing was sent"
        )
    parts = path[1:].split("/")
    if any(set(part) <= {"."} for part in parts):
        raise Refused("the path of a plug-in's call has a part of dots alone; nothing was sent")
    if parts[0].startswith("_") or any(ours in part.lower() for part in parts for ours in _OURS):
        raise Refused(
            "the path of a plug-in's call leads to badges or tokens, which are not its to ask "
            "for; nothing was sent"
        )
    return parts


def _form(parts: list[str], *, verb: bool) -> str:
    """The path as logs, errors and counts show it: what may be an id is left out.

    That is whatever stands behind the resource, but for the verb at the end, and whatever is no
    plain word: an id may look like one, such as the slug of a member.

    >>> _form(["reviews", "v1", "reviews", "query"], verb=True)
    '/reviews/v1/reviews/query'
    >>> _form(["members", "v1", "members", "slug", "ana-smith"], verb=False)
    '/members/v1/members/{id}/{id}'
    """
    version = next((at for at, one in enumerate(parts) if _VERSION.fullmatch(one)), None)
    resource = _RESOURCE if version is None else version + 1
    shown = [
        part if at == version or (at <= resource and _WORD.fullmatch(part)) else "{id}"
        for at, part in enumerate(parts)
    ]
    if verb:
        shown[-1] = parts[-1]
    return "/" + "/".join(shown)


def _goes_on(body: Mapping[str, Any]) -> bool:
    """Whether it goes on with a cursor, wherever Wix's query language has one."""
    paging = (
        found.get("cursorPaging")
        for found in (body, body.get("query"), body.get("search"))
        if isinstance(found, Mapping)
    )
    return any(isinstance(one, Mapping) and bool(one.get("cursor")) for one in paging)
