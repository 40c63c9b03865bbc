"""Requests about members, our app's installation and tokens (Wix docs, Members and OAuth 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from badgejobs.wix import wire
from badgejobs.wix.calls.call import Call, among

#: How much of a member is told: ``EXTENDED`` adds e-mail address and status, and ``FULL`` all,
#: whether the address was proved among it (SDK ``Set``).
Fieldset = Literal["PUBLIC", "EXTENDED", "FULL"]


def query_members(member_ids: Sequence[str], *, fieldset: Fieldset, offset: int = 0) -> Call:
    """Up to 100 members by their ids; this call pages by offset."""
    paging = {"limit": wire.MOST_ITEMS, "offset": offset}
    return Call(
        form=wire.MEMBERS_QUERY,
        body={
            "fieldsets": [fieldset],
            "query": {"filter": {"id": among(member_ids)}, "paging": paging},
        },
        scope=wire.SCOPE_READ_MEMBERS,
    )


def list_members(*, offset: int, by_date: bool, fieldset: Fieldset) -> Call:
    """Up to 100 members of all, with their status; this call pages by offset.

    The docs name ``createdDate`` among the fields to sort by, and the SDK's typings none: with
    ``by_date`` Wix may refuse, without it the order is Wix's own.
    """
    query: dict[str, Any] = {"paging": {"limit": wire.MOST_ITEMS, "offset": offset}}
    if by_date:
        query["sorting"] = [{"fieldName": "createdDate", "order": "ASC"}]
    return Call(
        form=wire.MEMBERS_QUERY,
        body={"fieldsets": [fieldset], "query": query},
        scope=wire.SCOPE_READ_MEMBERS,
    )


def query_members_by_email(addresses: Sequence[str], *, offset: int = 0) -> Call:
    """Up to 100 members by the addresses that they log in with (docs: ``loginEmail``)."""
    paging = {"limit": wire.MOST_ITEMS, "offset": offset}
    return Call(
        form=wire.MEMBERS_QUERY,
        body={
            "fieldsets": ["FULL"],
            "query": {"filter": {"loginEmail": among(addresses)}, "paging": paging},
        },
        scope=wire.SCOPE_READ_MEMBERS,
    )


def get_member(member_id: str, *, fieldset: Fieldset) -> Call:
    """One member as they are now."""
    return Call(
        method="GET",
        form=wire.MEMBER,
        id=member_id,
        query={"fieldsets": fieldset},
        scope=wire.SCOPE_READ_MEMBERS,
    )


def app_instance() -> Call:
    """Who we are: the installation that the credentials stand for."""
    return Call(method="GET", form=wire.APP_INSTANCE)


def token(*, app_id: str, app_secret: str, instance_id: str) -> Call:
    """Client credentials, as JSON (Wix docs, "Create Access Token"; SDK ``AppStrategy``)."""
    body = {
        "grant_type": "client_credentials",
        "client_id": app_id,
        "client_secret": app_secret,
        "instance_id": instance_id,
    }
    return Call(form=wire.TOKEN, body=body)


def token_info(access_token: str) -> Call:
    """What a token is good for; it stands in the body, and in no header."""
    return Call(form=wire.TOKEN_INFO, body={"token": access_token})
