"""Real history made into records that are ready to be revealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from badgejobs.errors import StateError
from badgejobs.sandbox.history import seed
from badgejobs.sandbox.records import kinds
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.query import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """Records ready to be played, what has a time in order of it."""

    members: list[Record]
    products: list[Record]
    collections: list[Record]
    orders: list[Record]
    comments: list[Record]


def load(data_dir: Path | None) -> Reel:
    """Records of the shipped extract, or of a folder; a StateError if that is not such a folder."""
    return Reel(
        members=_records(seed.members(data_dir), kinds.MEMBERS),
        products=_records(seed.products(data_dir), kinds.PRODUCTS),
        collections=_records(seed.collections(), kinds.COLLECTIONS),
        orders=_records(seed.orders(data_dir), kinds.ORDERS),
        comments=_records(seed.comments(data_dir), kinds.COMMENTS),
    )


def _records(bodies: Iterable[Mapping[str, Any]], fields: Fields) -> list[Record]:
    try:
        return [Record(body, fields) for body in bodies]
    except (KeyError, ValueError, TypeError) as error:
        raise StateError(
            f"the data hold a row that cannot be used ({error}); take the files unchanged"
        ) from error
