"""The kinds of fields that Wix's answers are made of, each as narrow as Wix's docs allow."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
#: The longest address by RFC 5321.
_LONGEST_ADDRESS = 320


def _utc(moment: datetime) -> datetime:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError("not a believable year")
    return moment.astimezone(UTC)


def _written_out(value: object) -> object:
    """A number of seconds is no date, in quotes or without, though the decoder takes it."""
    if not isinstance(value, str) or value[4:5] != "-":
        raise ValueError("not an ISO 8601 time")
    return value


def _guid_or_nothing(value: object) -> object:
    return value if isinstance(value, str) and re.fullmatch(_GUID, value) else None


def _address_or_nothing(value: object) -> object:
    is_one = isinstance(value, str) and "@" in value and len(value) <= _LONGEST_ADDRESS
    return value if is_one else None


Guid = Annotated[str, StringConstraints(pattern=rf"^{_GUID}$")]
#: An id that may be absent, null or empty.
MaybeGuid = Annotated[Guid | None, BeforeValidator(lambda value: None if value == "" else value)]
#: Who a guest was; what makes no sense is not told, and never spoils the record that it stands in.
MaybeContact = Annotated[Guid | None, BeforeValidator(_guid_or_nothing)]
MaybeEmail = Annotated[str | None, BeforeValidator(_address_or_nothing)]
RecordId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")]
Stamp = Annotated[
    AwareDatetime, Field(strict=False), BeforeValidator(_written_out), AfterValidator(_utc)
]
#: A decimal text; its meaning depends on the currency (``core.money``).
Amount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$")]
Revision = Annotated[int, Field(strict=False, ge=0, lt=2**62)]


class Body(BaseModel):
    """Something that Wix sends, in its camel case."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        hide_input_in_errors=True,
    )


class Record(Body):
    """Something of which Wix keeps many: listed in pages, and mostly also given alone."""

    #: The key of a list of them, and of one that is alone.
    many: ClassVar[str]
    alone: ClassVar[str]
    #: The field that tells one from the other.
    named_by: ClassVar[str] = "id"
