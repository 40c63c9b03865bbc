"""The place of a scan as columns of its row."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import RowMapping

from badgejobs.core.source import Track
from badgejobs.core.watermark import Place, Round, Watermark

_WATERMARK = ("reached", "scanning", "since", "read_to", "near_since", "cursor")
_ROUND = (
    "generation", "scanning", "cursor", "started_at", "complete_from", "since", "read_to", "until",
)  # fmt: skip

#: What a round was told by part, as JSON.
_TOLD = ("offsets", "refused")

#: The columns of a source that has not been read yet. The number of its walks is kept, so that
#: what the next one sees is newer than what any before it saw.
UNREAD: dict[str, Any] = {
    **dict.fromkeys((*_WATERMARK, *_ROUND)),
    **dict.fromkeys(("began_at", "completed_at", "completed_started_at")),
    "scanning": False,
    "offsets": "{}",
    "refused": "{}",
    "wished_at": None,
}
del UNREAD["generation"]


def read_place(row: RowMapping) -> Place:
    """The place in a row of ``scan``: a watermark for the live track of a window source."""
    if row["mode"] == "window" and row["track"] == Track.LIVE:
        return Watermark(**{name: row[name] for name in _WATERMARK})
    told = {name: json.loads(row[name]) for name in _TOLD}
    return Round(**{name: row[name] for name in _ROUND}, **told)


def columns_of(place: Place) -> dict[str, Any]:
    """The columns that a place is kept in."""
    if isinstance(place, Watermark):
        return {name: getattr(place, name) for name in _WATERMARK}
    told = {name: json.dumps(dict(getattr(place, name)), sort_keys=True) for name in _TOLD}
    return {name: getattr(place, name) for name in _ROUND} | told
