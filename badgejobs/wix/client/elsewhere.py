"""Endpoints that have no method here, for sources from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NoReturn

from badgejobs.core.source import Answer
from badgejobs.errors import Ambiguous
from badgejobs.wix import calls
from badgejobs.wix.calls import Call
from badgejobs.wix.exchange import Exchange

_NO_QUERY: Final = MappingProxyType[str, str]({})


class OtherCalls:
    """What plug-ins ask: the same pace, deadline, count and errors as all other calls.

    Which paths they may ask is written in :mod:`badgejobs.wix.calls.elsewhere`. Numbers with a
    point come as ``Decimal``, since some are money.
    """

    _exchange: Exchange

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """The answer to a query such as ``post("/reviews/v1/reviews/query", {"query": ...})``.

        Raises :class:`Refused` for a path that does not only read, :class:`CursorRefused` where
        the body goes on with a cursor (``cursorPaging``) that Wix no longer takes, and
        :class:`Ambiguous` for an answer that is no JSON object.
        """
        return self._read(calls.read_by_post(path, body))

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """The answer to ``get("/reviews/v1/reviews/<id>")`` and the like; raises as ``post``."""
        return self._read(calls.read_by_get(path, query or _NO_QUERY))

    def _read(self, call: Call) -> Answer:
        told = self._exchange.ask(call)
        try:
            body = json.loads(told.body, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise Ambiguous(f"{told.what}: the answer cannot be read") from None
        if not isinstance(body, dict):
            raise Ambiguous(f"{told.what}: the answer is not a JSON object")
        return Answer(body=body, answered_at=told.answered_at)


def _no_number(_: str) -> NoReturn:
    """``NaN`` and its kin are no JSON."""
    raise ValueError
