"""Members, our app's installation, and access tokens (Wix docs: Members, App Instance, OAuth 2)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, StringConstraints

from badgejobs.wix.bodies.fields import (
    Body,
    Guid,
    MaybeContact,
    MaybeEmail,
    MaybeGuid,
    Record,
    Stamp,
)

_MEMBER_STATUSES = frozenset({"PENDING", "APPROVED", "BLOCKED", "OFFLINE"})


def _known_status(value: object) -> object:
    """Nothing is decided by it: what Wix added since is as good as not told."""
    return value if isinstance(value, str) and value in _MEMBER_STATUSES else "UNKNOWN"


class Profile(Body):
    """How a member is shown to others."""

    nickname: str | None = None
    slug: str | None = None


class Member(Record):
    """A member; the fieldset ``PUBLIC`` has no e-mail address and ``UNKNOWN`` for the status."""

    many: ClassVar[str] = "members"
    alone: ClassVar[str] = "member"

    id: Guid
    login_email: Annotated[str | None, Field(repr=False)] = None
    status: Annotated[str, BeforeValidator(_known_status)] = "UNKNOWN"
    profile: Profile | None = None


class Joined(Record):
    """That somebody is a member, and since when; no name is read.

    Contact and address come with the wide fieldset only, and the address counts only where it
    was proved (SDK ``Member.loginEmailVerified``).
    """

    many: ClassVar[str] = "members"
    alone: ClassVar[str] = "member"

    id: Guid
    created_date: Stamp
    updated_date: Stamp | None = None
    status: Annotated[str, BeforeValidator(_known_status)] = "UNKNOWN"
    contact_id: Annotated[MaybeContact, Field(repr=False)] = None
    login_email: Annotated[MaybeEmail, Field(repr=False)] = None
    login_email_verified: Annotated[bool, BeforeValidator(lambda value: value is True)] = False


class MemberAnswer(Body):
    """The answer of Get Member."""

    member: Member


class MemberTotals(Body):
    """How many members match in all; Query Members pages by offset and gives no cursor."""

    total: int | None = None


class MembersTold(Body):
    """The part of Query Members that no other list has."""

    metadata: MemberTotals | None = None


class Instance(Body):
    """Our app on one site."""

    instance_id: Guid
    #: Names of permissions, which are not those of the scopes in the app's dashboard.
    permissions: list[str] = Field(default_factory=list)


class InstanceSite(Body):
    """The site that the app is installed on."""

    site_id: MaybeGuid = None


class InstanceAnswer(Body):
    """The answer of Get App Instance; older pages of the docs have no site id."""

    instance: Instance
    site: InstanceSite | None = None


class Token(Body):
    """The answer of the token endpoint, which follows OAuth and not Wix's camel case."""

    access_token: Annotated[
        str,
        StringConstraints(pattern=r"^[\x21-\x7e]{1,16000}$"),
        Field(validation_alias="access_token", repr=False),
    ]
    #: Seconds.
    expires_in: Annotated[
        float,
        Field(strict=False, gt=0, allow_inf_nan=False, validation_alias="expires_in"),
    ]


class TokenInfo(Body):
    """What a token is good for.

    The docs' example writes numbers and truth as texts, the SDK's typings as such: both are
    taken.
    """

    active: Annotated[bool, Field(strict=False)]
    client_id: MaybeGuid = None
    instance_id: MaybeGuid = None
    site_id: MaybeGuid = None
    #: Seconds since 1970, within the years that a date can have.
    exp: Annotated[int | None, Field(strict=False, ge=0, lt=2**37)] = None
