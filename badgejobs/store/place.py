"""The place of a scan as columns of its row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping

from badgejobs.core.watermark import Place, Round, Watermark

_WATERMARK = ("reached", "scanning", "since", "read_to", "near_since", "cursor")
_ROUND = ("generation", "scanning", "cursor", "started_at", "complete_from")

#: The columns of a source that has not been read yet. The number of its walks is kept, so that
#: what the next one sees is newer than what any before it saw.
UNREAD: dict[str, Any] = {
    **dict.fromkeys((*_WATERMARK, *_ROUND)),
    **dict.fromkeys(("began_at", "completed_at", "completed_started_at")),
    "scanning": False,
}
del UNREAD["generation"]


def read_place(row: RowMapping) -> Place:
    """The place in a row of ``scan``, by the mode of its source."""
    if row["mode"] == "window":
        return Watermark(**{name: row[name] for name in _WATERMARK})
    return Round(**{name: row[name] for name in _ROUND})


def columns_of(place: Place) -> dict[str, Any]:
    """The columns that a place is kept in."""
    names = _WATERMARK if isinstance(place, Watermark) else _ROUND
    return {name: getattr(place, name) for name in names}
