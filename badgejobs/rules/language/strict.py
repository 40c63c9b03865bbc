"""What all models of the language share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

#: Begins the tags of unions, to tell them from keys in the places of errors: no key can hold it.
TAG = "\0"

#: Bounds on lists, far above any real file.
MOST_BADGES = 500
MOST_PARTS = 50
MOST_TIERS = 20
MOST_VALUES = 100


class Strict(BaseModel):
    """A mapping of the file: no key that is not known, no value of another kind."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
