"""What Wix's answers mean: the body of a success, or the error that names the remedy. No I/O.

The tables stand on Wix's docs, "About Errors". Three things in them are ours:

* A 4xx is a clear no only where the application said it, in its JSON. A page of HTML comes from
  something on the way, which does not know what became of the request.
* What no row names is unclear and never a no: nothing is given up on it, nothing sent again.
* Texts of errors hold codes, field names and Wix's request id; ids of members, addresses and the
  like are masked, because they end up in logs.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from badgejobs.errors import (
    AlreadyExists,
    Ambiguous,
    BadgeJobsError,
    CursorRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    Refused,
    StaleRevision,
    TokenRefused,
)
from badgejobs.wix.headers import answered_at, pause, request_id
from badgejobs.wix.masking import tame


class TooManyToCount(Refused):
    """There is more than Wix is willing to count; read it instead (``TOO_MANY_TO_COUNT``)."""


class PathUnknown(Ambiguous):
    """A 404 that no application said: the path is unknown, or something on the way answered.

    Nobody may conclude from it that a member, a badge or an assignment is gone.
    """


Remedy = type[BadgeJobsError]

#: The only status that means success; Wix's own SDK takes no other.
SUCCESS: Final = 200

_ANY_4XX: Final = range(400, 500)

#: Codes of trouble at Wix's side: the request may have been applied. Small ones are OAuth's.
UNCERTAIN_CODES: Final = (
    "ABORTED",
    "CANCELLED",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "UNKNOWN",
    "server_error",
    "temporarily_unavailable",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what an answer of these statuses means that fits all the rest."""

    statuses: Collection[int]
    means: Remedy
    #: Patterns of which the application's code fits one.
    codes: tuple[str, ...] = ("*",)
    #: Only where the request went on with a cursor, named a revision, or was a delete.
    sent: Literal["cursor", "revision", "delete"] | None = None
    #: Only where the body is, or is not, the application's word: a JSON object.
    said: bool | None = None


#: What an answer means that is no success: the first row that fits; without one, ``Ambiguous``.
ANSWERS: Final = (
    # Nothing was done, whoever says so.
    Row([401], TokenRefused),
    Row([429], RateLimited),
    # The application's codes say more than its statuses.
    Row(_ANY_4XX, AlreadyExists, codes=("*ALREADY_EXISTS*",)),
    Row(_ANY_4XX, TooManyToCount, codes=("*TOO_MANY_TO_COUNT*",)),
    # Also with an empty body; a missing wix-site-id too.
    Row([403], PermissionMissing),
    # Docs say 409 for a stale revision, and some of Wix's APIs answer 400.
    Row([409], StaleRevision, sent="revision", said=True),
    Row(_ANY_4XX, StaleRevision, codes=("*REVISION*",), sent="revision"),
    Row(_ANY_4XX, Ambiguous, codes=UNCERTAIN_CODES),
    # The one request whose age can spoil it; beginning anew costs little.
    Row([400], CursorRefused, sent="cursor"),
    Row([404], PathUnknown, said=False),
    # Or a path that is unknown would make all that was to be deleted look gone.
    Row([404], PathUnknown, codes=("",), sent="delete"),
    Row(_ANY_4XX, Ambiguous, said=False),
    # A time-out on the way; a write that is under way just now; too early; a broken connection.
    Row([408, 409, 425, 499], Ambiguous),
    Row([404], NotFound),
    # 400 a field breaks a rule, 428 a precondition failed, and all others: a clear no.
    Row(_ANY_4XX, Refused),
)

#: What the code of one item of a bulk answer means: the first pattern that fits. Wix names no
#: codes for these calls, and one that is not here settles nothing: ``Ambiguous``.
ITEMS: Final[Mapping[str, Remedy]] = MappingProxyType(
    {
        "*ALREADY_EXISTS*": AlreadyExists,
        "*NOT_FOUND*": NotFound,
        "*PERMISSION_DENIED*": PermissionMissing,
        "*INVALID*": Refused,
        "BAD_REQUEST": Refused,
        "FAILED_PRECONDITION": Refused,
        "OUT_OF_RANGE": Refused,
    }
)

_TEXTS: Final[Mapping[Remedy, str]] = MappingProxyType(
    {
        AlreadyExists: "it stands there already",
        Ambiguous: "no clear answer, it may work another time",
        CursorRefused: "the cursor is no longer taken",
        NotFound: "Wix does not know what was named",
        PathUnknown: "the path is not known there, or something on the way answered",
        Refused: "refused",
        StaleRevision: "it was changed since the revision that was sent",
        TokenRefused: "the access token or key is not accepted",
        TooManyToCount: "there is more than Wix counts",
    }
)
_MOST_VIOLATIONS: Final = 5


class _Envelope(BaseModel):
    """As much of a 200 body as tells whether it is an error in disguise."""

    model_config = ConfigDict(hide_input_in_errors=True)

    message: Any = None
    details: Any = None


def decipher(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    cursor_sent: bool = False,
    revision_sent: bool = False,
    deletes: bool = False,
    endpoint: str = "Wix",
    scope: str | None = None,
) -> bytes:
    """The JSON object, still as bytes, that a success holds; raises what anything else means.

    ``headers`` are looked up in lower case. ``endpoint`` and ``scope`` only serve the text.
    """
    if status == SUCCESS:
        return _legible(body, where(endpoint, status, headers))
    said = _said(body)
    code = error_code(said or {})
    sent = {"cursor": cursor_sent, "revision": revision_sent, "delete": deletes}
    remedy = _remedy(status, code, said=said is not None, sent=sent)
    place = where(endpoint, status, headers, code)
    if issubclass(remedy, RateLimited):
        seconds = pause(headers.get("retry-after"), now=answered_at(headers))
        raise remedy(f"{place}: a pause of {seconds:g} s is asked for", seconds=seconds)
    if remedy is PermissionMissing:
        raise remedy(f"{place}: {_permission(scope)}")
    raise remedy(f"{place}: {_TEXTS[remedy]}{_violations(said or {})}")


def answer_class(status: int | None) -> str:
    """What kind of answer came back to a request that left, as it is counted.

    >>> [answer_class(status) for status in (204, 302, 404, 429, 503, None)]
    ['2xx', '3xx', '4xx', '429', '5xx', 'lost']
    """
    if status is None:
        return "lost"
    return "429" if status == 429 else f"{status // 100}xx"  # noqa: PLR2004 - has its own remedy


def item_error(code: str, description: str = "") -> BadgeJobsError:
    """What the error of one item of a bulk answer means."""
    text = f"{tame(code) or 'no code'}" + (f": {tame(description)}" if description else "")
    remedy = next((means for one, means in ITEMS.items() if fnmatchcase(code, one)), Ambiguous)
    told = _permission(None) if remedy is PermissionMissing else _TEXTS[remedy]
    return remedy(f"Wix says of this one: {text}: {told}")


def error_code(error_body: Mapping[str, Any]) -> str:
    """The application code of an error body, or OAuth's of a token answer, or an empty text."""
    code = _within(_within(error_body, "details"), "applicationError").get("code")
    code = code or error_body.get("error")
    return code if isinstance(code, str) else ""


def where(endpoint: str, status: int, headers: Mapping[str, str], code: str = "") -> str:
    """Who answered what, with Wix's request id for its support."""
    parts = [f"{endpoint} answered {status}", tame(code)]
    if known := request_id(headers):
        parts.append(f"(request id {known})")
    return " ".join(part for part in parts if part)


def _remedy(status: int, code: str, *, said: bool, sent: Mapping[str, bool]) -> Remedy:
    for row in ANSWERS:
        if (
            status in row.statuses
            and any(fnmatchcase(code, one) for one in row.codes)
            and (row.sent is None or sent[row.sent])
            and row.said in {None, said}
        ):
            return row.means
    return Ambiguous


def _permission(scope: str | None) -> str:
    needed = f"the permission {scope}" if scope else "a permission"
    return (
        f"{needed} is missing; grant it to the app or API key "
        "and check the site id that is sent with an API key"
    )


def _legible(body: bytes, place: str) -> bytes:
    """A 200 body that is a JSON object and no error in disguise."""
    try:
        envelope = _Envelope.model_validate_json(body)
    except ValidationError:
        body = _mended(body, place)
        try:
            envelope = _Envelope.model_validate_json(body)
        except ValidationError:
            raise Ambiguous(f"{place}: the answer is not a JSON object") from None
    if isinstance(envelope.details, dict) and isinstance(envelope.message, str):
        raise Ambiguous(f"{place}: the answer is an error body under a success")
    return body


def _mended(body: bytes, place: str) -> bytes:
    r"""The same JSON without lone surrogates (``"\ud83d"``, half an emoji cut off by someone).

    The grammar of JSON allows them and UTF-8 does not; one such text, in a field that nobody
    reads, must not make its whole page unreadable for ever.
    """
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        raise Ambiguous(f"{place}: the answer is not JSON") from None


def _said(body: bytes) -> Mapping[str, Any] | None:
    """The application's word: a JSON object, or ``None`` where the body is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _within(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = body.get(key)
    return found if isinstance(found, dict) else {}


def _violations(error_body: Mapping[str, Any]) -> str:
    found = _within(_within(error_body, "details"), "validationError").get("fieldViolations")
    if not isinstance(found, list):
        return ""
    told = [
        f"{tame(one.get('field'))} {tame(one.get('description'))}".strip()
        for one in found[:_MOST_VIOLATIONS]
        if isinstance(one, dict)
    ]
    return ": " + "; ".join(told) if told else ""
