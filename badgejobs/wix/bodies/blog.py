"""Posts of the blog (Wix docs, Blog: Post Object)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AliasChoices, Field

from badgejobs.wix.bodies.fields import Body, MaybeGuid, Record, RecordId


class Post(Record):
    """A published post, and who wrote it."""

    many: ClassVar[str] = "posts"
    alone: ClassVar[str] = "post"

    id: RecordId
    #: What comments know it by.
    reference_id: RecordId | None = None
    member_id: MaybeGuid = None


class PostTotals(Body):
    """How many posts match in all."""

    total: int | None = None


class PostsTold(Body):
    """The part of Query Posts that no other list has; the older docs name it ``metaData``."""

    totals: Annotated[
        PostTotals | None,
        Field(validation_alias=AliasChoices("pagingMetadata", "metaData")),
    ] = None
