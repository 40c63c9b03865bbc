"""What each fault of the sandbox must mean to each request of the client: the table.

The faults are those of the network and of Wix; the requests are those of ``every_call``. Both
sides are real: our client, and the sandbox as a server on this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from every_call import EVERY_CALL, Use

from badgejobs import errors
from badgejobs.errors import BadgeJobsError
from badgejobs.wix.protocol import PathUnknown

Remedy = type[BadgeJobsError]

#: The deadline of requests that shall not be answered in time, in seconds, and a delay that is
#: far beyond it.
DEADLINE: Final = 0.6
BEYOND: Final = 5.0
#: The deadline of all others, which no machine is too busy for.
PATIENCE: Final = 30.0
#: When a write whose answer was lost is applied after all.
LATER: Final = 0.2


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One fault, and what it must mean to a request that it hits."""

    #: In the form of ``POST /_sandbox/faults``, without path and method.
    fault: Mapping[str, Any]
    #: The error that names the remedy; ``None`` where all must go as if nothing had been.
    means: Remedy | None
    #: Seconds that the error must name.
    seconds: tuple[float, float] | None = None
    #: Whether the request takes effect at the sandbox: at once, or later.
    applied: bool = False
    late: bool = False

    @property
    def too_slow(self) -> bool:
        """Whether it is the deadline that ends a request with this fault."""
        return self.fault.get("delaySeconds") == BEYOND


def _status(status: int, means: Remedy, **more: Any) -> Cell:
    """A status that Wix's application answers with, its error envelope around a code."""
    said = {"message": "no", "details": {"applicationError": {"code": "CODE", "data": {}}}}
    body = more.pop("body", said)
    return Cell(fault={"kind": "status", "status": status, "body": body}, means=means, **more)


def _pause(least: float, most: float, **header: Any) -> Cell:
    """A 429 with this header, or none, and the pause that must be kept, in seconds."""
    return Cell(
        fault={"kind": "status", "status": 429} | header,
        means=errors.RateLimited,
        seconds=(least, most),
    )


def _lost(kind: str, *, applied: bool = True, **more: Any) -> Cell:
    """An answer that cannot be read: nobody knows what became of the request."""
    return Cell(fault={"kind": kind} | more, means=errors.Ambiguous, applied=applied)


FAULTS: Final[Mapping[str, Cell]] = MappingProxyType(
    {
        # Wix says no.
        "400": _status(400, errors.Refused),
        "401 once": Cell(fault={"kind": "status", "status": 401}, means=None, applied=True),
        "401 again": Cell(
            fault={"kind": "status", "status": 401, "count": 2}, means=errors.CredentialsRefused
        ),
        "403": _status(403, errors.PermissionMissing),
        "404": _status(404, errors.NotFound),
        "405": _status(405, errors.Refused),
        "410": _status(410, errors.Refused),
        "413": _status(413, errors.Refused),
        "428": _status(428, errors.Refused),
        # Wix says later.
        "429": _pause(60, 60),
        "429 in 7 s": _pause(7, 7, retryAfterSeconds=7),
        "429 at a date long past": _pause(1, 1, retryAfter="Wed, 21 Oct 2015 07:28:00 GMT"),
        "429 with nonsense": _pause(60, 60, retryAfter="soon"),
        "429 in -5 s": _pause(1, 1, retryAfter="-5"),
        "429 in a year": _pause(900, 900, retryAfter="31536000"),
        # Wix, or something before it, is in trouble.
        "408": _status(408, errors.Ambiguous),
        "409": _status(409, errors.Ambiguous),
        "425": _status(425, errors.Ambiguous),
        "499": _status(499, errors.Ambiguous),
        "500": _status(500, errors.Ambiguous),
        "501": _status(501, errors.Ambiguous),
        "502": _status(502, errors.Ambiguous),
        "503": _status(503, errors.Ambiguous),
        "504": _status(504, errors.Ambiguous),
        "520": _status(520, errors.Ambiguous),
        "a page of HTML": _lost("html", applied=False),
        "a 404 of something on the way": Cell(
            fault={"kind": "html", "status": 404}, means=PathUnknown
        ),
        "an error under a 200": _lost("error-body", applied=False),
        "a redirect": _lost("redirect", applied=False),
        # The network.
        "reset before the write": _lost("reset-before-write", applied=False),
        "reset after the write": _lost("reset-after-write"),
        "applied late": Cell(
            fault={"kind": "late-write", "delaySeconds": LATER},
            means=errors.Ambiguous,
            applied=True,
            late=True,
        ),
        "half a status line": _lost("half-status-line"),
        "truncated": _lost("truncated"),
        "slow": _lost("slow", delaySeconds=BEYOND),
        "dripping": _lost("drip", delaySeconds=BEYOND),
        "dripping headers": _lost("drip-headers", delaySeconds=BEYOND),
        # An answer that makes no sense.
        "no JSON": _lost("bad-json"),
        "no body": _lost("empty-body"),
        "204": _lost("no-content"),
        "a list": _lost("not-an-object"),
        "null": _lost("not-an-object", body=None),
        "too large": _lost("huge", bytes=9 * 1024 * 1024),
        "a gzip bomb": _lost("gzip-bomb", bytes=64 * 1024 * 1024),
        # What must not matter.
        "another content type": Cell(fault={"kind": "wrong-type"}, means=None, applied=True),
        "the token ended": Cell(fault={"kind": "expired-token"}, means=None, applied=True),
        "a little slow": Cell(
            fault={"kind": "slow", "delaySeconds": 0.02}, means=None, applied=True
        ),
    }
)

#: Where a fault means something else to one request than to all others.
EXCEPTIONS: Final[Mapping[tuple[str, str], Remedy | None]] = MappingProxyType(
    {
        # A conflict about a revision that was sent is a clear no: read again, then decide.
        ("409", "update_badge"): errors.StaleRevision,
        # What is to be deleted is not there: that is what was wanted.
        ("404", "delete_assignment"): None,
    }
)

#: What a fault of the token endpoint means to the request that needed the token: it was not sent.
TOKEN_REMEDIES: Final[Mapping[str, Remedy | None]] = MappingProxyType(
    {
        name: (
            None
            if cell.means is None and name != "401 once"
            else errors.RateLimited
            if cell.means is errors.RateLimited
            else errors.CredentialsRefused
            if name in {"400", "401 once", "401 again", "403", "404", "405", "410", "413", "428"}
            else errors.NotSent
        )
        for name, cell in FAULTS.items()
        if name != "the token ended"  # it is the answer to a token, not to a request for one
    }
)

#: The calls, with the orders read from the beginning: their own case has a cursor, below.
USES: Final[Mapping[str, Use]] = MappingProxyType(
    {
        **EVERY_CALL,
        "search_orders": replace(
            EVERY_CALL["search_orders"], act=lambda wix, _: wix.search_orders(None, None)
        ),
    }
)
