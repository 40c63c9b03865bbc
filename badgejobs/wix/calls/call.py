"""A request as a value: what goes to which path, and what its answer may mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from badgejobs.errors import Refused
from badgejobs.wix import wire

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def is_guid(text: str) -> bool:
    """Whether a text has the form of Wix's ids.

    >>> is_guid("c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201"), is_guid("../orders")
    (True, False)
    """
    return _GUID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request.

    Its path is a form of :mod:`badgejobs.wix.wire`; of what comes from outside only a GUID ever
    becomes part of it. Raises :class:`Refused` for anything else. The one exception is a path
    that a plug-in wrote (:mod:`badgejobs.wix.calls.elsewhere`).
    """

    form: str
    #: What takes the place of ``{id}``.
    id: str | None = field(default=None, repr=False)
    #: The whole path, where it is a plug-in's; then the form only shows and counts it.
    written: str | None = field(default=None, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Never shown: the body of a token request holds the app secret.
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    method: Literal["GET", "POST", "PATCH", "DELETE"] = "POST"
    #: The permission scope that Wix asks for, for the text of a refusal.
    scope: str | None = None
    #: Whether it changes something at Wix, so that a lost answer leaves a question.
    writes: bool = False
    #: Whether it goes on with a cursor, which Wix may no longer take.
    cursor_sent: bool = False
    #: Whether it names a revision, which may be stale.
    revision_sent: bool = False
    #: The spelling of its path; ``None`` is the client's.
    spelling: wire.Spelling | None = None

    def __post_init__(self) -> None:
        if self.written is not None:
            return
        assert ("{id}" in self.form) == (self.id is not None), "an id and a place for it"
        if self.id is not None and not is_guid(self.id):
            raise Refused(NO_GUID)

    @property
    def path(self) -> str:
        """The path as it is sent, without the query."""
        if self.written is not None:
            return self.written
        path = self._spelled()
        return path if self.id is None else path.replace("{id}", self.id)

    @property
    def endpoint(self) -> str:
        """The method and the form of the path: what logs and errors show, without any id.

        >>> Call(method="GET", form=wire.BADGE, id="3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1101").endpoint
        'GET /badges/v4/badges/{id}'
        """
        return f"{self.method} {self._spelled()}"

    def _spelled(self) -> str:
        return wire.spelled(self.form, self.spelling or wire.Spelling.SDK)


NO_GUID: Final = "an id does not have the form of Wix's ids (a GUID); nothing was sent"


def paged(
    query: dict[str, Any], cursor: str | None, limit: int = wire.MOST_ITEMS
) -> dict[str, Any]:
    """The first page of a query, or what follows a cursor, which carries filter and sort.

    The limit always goes out: defaults differ between Wix's docs and its SDK.
    """
    if cursor is not None:
        return {"cursorPaging": {"limit": limit, "cursor": cursor}}
    return query | {"cursorPaging": {"limit": limit}}


def among(values: Sequence[str], *, most: int = wire.MOST_ITEMS) -> dict[str, list[str]]:
    """A filter for any of up to 100 values, or up to ``most``."""
    assert 1 <= len(values) <= most, f"a list of 1 to {most} values"
    return {"$in": list(values)}
