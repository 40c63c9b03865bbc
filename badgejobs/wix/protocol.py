"""What Wix's answers mean: the body of a success, or the error that names the remedy. No I/O.

Statuses and error bodies are those of Wix's docs, "About Errors". Texts of errors hold codes,
field names and Wix's request id; ids of members, addresses and the like are masked, because
they end up in logs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

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
    TokenRefused,
)

#: Seconds to pause after a 429 that does not say how long (Wix's advice: about a minute).
DEFAULT_PAUSE: Final = 60.0
SHORTEST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 900.0

#: Application codes that tell of trouble at Wix's side: the request may have been applied.
_UNCERTAIN_CODES: Final = frozenset(
    {"ABORTED", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNKNOWN"}
)
#: Statuses of the 4xx range that are no clear no: a conflict that is no "already exists" may
#: be a write that is just being applied, and 499 is a proxy's word for a broken connection.
_UNCLEAR_STATUSES: Final = frozenset({409, 499})
#: Codes of an item that are a clear no, beside all that say INVALID.
_CLEAR_CODES: Final = frozenset({"BAD_REQUEST", "FAILED_PRECONDITION", "OUT_OF_RANGE"})
_CUT: Final = 160
_MOST_VIOLATIONS: Final = 5


class TooManyToCount(Refused):
    """There is more than Wix is willing to count; read it instead (``TOO_MANY_TO_COUNT``)."""


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
    endpoint: str = "Wix",
    scope: str | None = None,
) -> bytes:
    """The JSON object, still as bytes, that a success holds; raises what anything else means.

    ``headers`` are looked up in lower case. ``endpoint`` and ``scope`` only serve the text.
    """
    if status == 200:  # noqa: PLR2004 - the only success that Wix knows
        return _legible(body, _where(endpoint, status, headers))
    error_body = _error_body(body)
    code = error_code(error_body)
    where = _where(endpoint, status, headers, code)
    if status == 429:  # noqa: PLR2004 - too many requests
        seconds = pause(headers.get("retry-after"), now=answered_at(headers))
        raise RateLimited(f"{where}: a pause of {seconds:g} s is asked for", seconds=seconds)
    if not 400 <= status < 500 or status in {408, 425}:  # noqa: PLR2004 - 4xx is the only clear no
        if "ALREADY_EXISTS" in code:
            raise AlreadyExists(f"{where}: it stands there already")
        raise Ambiguous(f"{where}: no clear answer, it may work another time")
    raise _refusal(status, error_body, code, where, cursor_sent=cursor_sent, scope=scope)


def item_error(code: str, description: str = "") -> BadgeJobsError:
    """What the error of one item of a bulk answer means."""
    text = f"{_tame(code) or 'no code'}" + (f": {_tame(description)}" if description else "")
    if "ALREADY_EXISTS" in code:
        return AlreadyExists(f"Wix has this assignment already ({text})")
    if "NOT_FOUND" in code:
        return NotFound(f"Wix does not know this badge or member ({text})")
    if code in _CLEAR_CODES or "INVALID" in code:
        return Refused(f"Wix refuses this assignment ({text})")
    # Wix names no codes for this call. One that we do not know settles nothing.
    return Ambiguous(f"Wix could not tell about this assignment ({text})")


def pause(retry_after: str | None, *, now: datetime | None) -> float:
    """Seconds to wait after a 429: what ``Retry-After`` says, between 1 s and 15 minutes.

    A date is measured from ``now``, Wix's own clock when it answered, never from ours.

    >>> pause("7", now=None), pause("-5", now=None), pause("86400", now=None)
    (7.0, 1.0, 900.0)
    >>> pause("soon", now=None), pause(None, now=None)
    (60.0, 60.0)
    """
    text = (retry_after or "").strip()
    seconds = DEFAULT_PAUSE
    if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", text):
        seconds = float(text)
    elif text and now and (until := http_date(text)):
        seconds = (until - now).total_seconds()
    return min(max(seconds, SHORTEST_PAUSE), LONGEST_PAUSE)


def answered_at(headers: Mapping[str, str]) -> datetime | None:
    """Wix's time when it answered (the ``Date`` header), aware UTC."""
    return http_date(headers.get("date", ""))


def request_id(headers: Mapping[str, str]) -> str:
    """Wix's own name for a request, for its support; empty where it gave none."""
    return re.sub(r"[^\w.:-]", "", headers.get("x-wix-request-id", ""), flags=re.ASCII)[:80]


def http_date(text: str) -> datetime | None:
    """A date as HTTP writes it, aware UTC, or ``None`` where it is none.

    >>> http_date("Tue, 03 Feb 2026 08:15:00 GMT")
    datetime.datetime(2026, 2, 3, 8, 15, tzinfo=datetime.timezone.utc)
    """
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, IndexError):
        return None


def error_code(error_body: Mapping[str, Any]) -> str:
    """The application code of an error body, or OAuth's of a token answer, or an empty text."""
    code = _within(_within(error_body, "details"), "applicationError").get("code")
    code = code or error_body.get("error")
    return code if isinstance(code, str) else ""


def _refusal(
    status: int,
    error_body: Mapping[str, Any],
    code: str,
    where: str,
    *,
    cursor_sent: bool,
    scope: str | None,
) -> BadgeJobsError:
    """What a 4xx means that is a clear no."""
    if status == 401:  # noqa: PLR2004 - unauthenticated
        return TokenRefused(f"{where}: the access token or key is not accepted")
    if "ALREADY_EXISTS" in code:
        return AlreadyExists(f"{where}: it stands there already")
    if "TOO_MANY_TO_COUNT" in code:
        return TooManyToCount(f"{where}: there is more than Wix counts")
    if status == 403:  # noqa: PLR2004 - permission denied
        needed = f"the permission {scope}" if scope else "a permission"
        return PermissionMissing(
            f"{where}: {needed} is missing; grant it to the app or API key "
            "and check the site id that is sent with an API key"
        )
    if status in _UNCLEAR_STATUSES or code in _UNCERTAIN_CODES:
        return Ambiguous(f"{where}: no clear answer, it may work another time")
    if status == 404:  # noqa: PLR2004 - not found
        return NotFound(f"{where}: Wix does not know what was named")
    if status == 400 and cursor_sent:  # noqa: PLR2004 - the one request whose age can spoil it
        return CursorRefused(f"{where}: the cursor is no longer taken")
    return Refused(f"{where}: refused{_violations(error_body)}")


def _legible(body: bytes, where: str) -> bytes:
    """A 200 body that is a JSON object and no error in disguise."""
    try:
        envelope = _Envelope.model_validate_json(body)
    except ValidationError:
        body = _mended(body, where)
        try:
            envelope = _Envelope.model_validate_json(body)
        except ValidationError:
            raise Ambiguous(f"{where}: the answer is not a JSON object") from None
    if isinstance(envelope.details, dict) and isinstance(envelope.message, str):
        raise Ambiguous(f"{where}: the answer is an error body under a success")
    return body


def _mended(body: bytes, where: str) -> bytes:
    r"""The same JSON without lone surrogates (``"\ud83d"``, half an emoji cut off by someone).

    The grammar of JSON allows them and UTF-8 does not; one such text, in a field that nobody
    reads, must not make its whole page unreadable for ever.
    """
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        raise Ambiguous(f"{where}: the answer is not JSON") from None


def _error_body(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _within(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = body.get(key)
    return found if isinstance(found, dict) else {}


def _violations(error_body: Mapping[str, Any]) -> str:
    found = _within(_within(error_body, "details"), "validationError").get("fieldViolations")
    if not isinstance(found, list):
        return ""
    told = [
        f"{_tame(one.get('field'))} {_tame(one.get('description'))}".strip()
        for one in found[:_MOST_VIOLATIONS]
        if isinstance(one, dict)
    ]
    return ": " + "; ".join(told) if told else ""


def _where(endpoint: str, status: int, headers: Mapping[str, str], code: str = "") -> str:
    """Who answered what, with Wix's request id for its support."""
    parts = [f"{endpoint} answered {status}", _tame(code)]
    if known := request_id(headers):
        parts.append(f"(request id {known})")
    return " ".join(part for part in parts if part)


def _tame(text: object) -> str:
    r"""A text from outside, fit for a log: one short line, without ids and addresses.

    >>> _tame("no member c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201,\n ana@example.com")
    'no member <id>, <address>'
    """
    if not isinstance(text, str):
        return ""
    line = " ".join(re.sub(r"[^\x20-\x7e]", " ", text[: 4 * _CUT]).split())
    line = re.sub(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "<id>", line)
    return re.sub(r"[^\s<>\"',;]+@[^\s<>\"',;]+", "<address>", line)[:_CUT]
