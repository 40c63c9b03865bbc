"""Answers as they are sent, and those that a fault puts in the place of the right one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final

from badgejobs.sandbox import access
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.faults.scripted import Fault
from badgejobs.sandbox.refusals import Refusal

JSON: Final = "application/json"

_NOT_JSON: Final = b'{"this is not JSON'
_PAGE: Final = """\
<!DOCTYPE html>
<html><head><title>{status} {phrase}</title></head>
<body><h1>{status} {phrase}</h1><p>The server could not answer the request.</p></body></html>
"""
_ERROR: Final = {
    "message": "something went wrong",
    "details": {
        "applicationError": {"code": "INTERNAL", "description": "something went wrong", "data": {}}
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer."""

    status: int
    body: bytes
    content_type: str | None = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request came to, and, where a page was read, where that began (for a cursor)."""

    reply: Reply
    page_start: Sequence[Any] = ()


#: Stands for the answer of a request that was not processed.
NONE_YET: Final = Reply(status=0, body=b"")


def encoded(answer: dict[str, Any]) -> bytes:
    """The text of an answer."""
    return json.dumps(answer, separators=(",", ":")).encode()


def refused(refusal: Refusal) -> Reply:
    """The answer that says no."""
    return Reply(status=refusal.status, body=encoded(refusal.body), headers=refusal.headers)


def in_place(fault: Fault, right: Reply, *, origin: str) -> Reply:
    """What a fault answers with in the place of the right reply.

    Kinds that leave an answer as it is, and spoil the way that it takes, give it back.
    ``origin`` is the sandbox's own address, for what sends a caller elsewhere.
    """
    make = _REPLACED.get(fault.kind)
    if make is not None:
        return make(fault, origin)
    if fault.kind is FaultKind.WRONG_TYPE:
        return replace(right, content_type="text/plain")
    return right


def _status(fault: Fault, _: str) -> Reply:
    body = encoded({"message": "", "details": {}}) if fault.body is None else fault.body
    return Reply(status=fault.status, body=body, headers=_pause(fault))


def _html(fault: Fault, _: str) -> Reply:
    page = _PAGE.format(status=fault.status, phrase=phrase(fault.status)).encode()
    return Reply(status=fault.status, body=page, content_type="text/html", headers=_pause(fault))


def _pause(fault: Fault) -> dict[str, str]:
    return {} if fault.retry_after is None else {"Retry-After": fault.retry_after}


def _redirect(_: Fault, origin: str) -> Reply:
    return Reply(status=HTTPStatus.FOUND, body=b"{}", headers={"Location": f"{origin}/elsewhere"})


def _good(body: bytes) -> Reply:
    return Reply(status=HTTPStatus.OK, body=body)


_REPLACED: Final[Mapping[FaultKind, Callable[[Fault, str], Reply]]] = {
    FaultKind.STATUS: _status,
    FaultKind.HTML: _html,
    FaultKind.ERROR_BODY: lambda fault, _: _good(fault.body or encoded(_ERROR)),
    FaultKind.EXPIRED_TOKEN: lambda _, __: refused(access.unauthenticated()),
    FaultKind.REDIRECT: _redirect,
    FaultKind.BAD_JSON: lambda _, __: _good(_NOT_JSON),
    FaultKind.EMPTY_BODY: lambda _, __: _good(b""),
    FaultKind.NO_CONTENT: lambda _, __: Reply(
        status=HTTPStatus.NO_CONTENT, body=b"", content_type=None
    ),
    FaultKind.NOT_AN_OBJECT: lambda fault, _: _good(fault.body or b"[]"),
    # Their bodies are made while they are sent.
    FaultKind.HUGE: lambda _, __: _good(b""),
    FaultKind.GZIP_BOMB: lambda _, __: _good(b""),
}


def phrase(status: int) -> str:
    """The standard words for a status, or none.

    >>> phrase(502), phrase(599)
    ('Bad Gateway', '')
    """
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
