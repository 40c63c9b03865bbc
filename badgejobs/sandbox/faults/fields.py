"""Faults in the form in which the admin interface takes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.faults.kinds import FaultKind, kinds_with
from badgejobs.sandbox.faults.scripted import Fault

_EVERY_KIND: Final = (
    "method", "instanceId", "count", "firstCall", "probability", "seed", "forever",
)  # fmt: skip
#: Taken with every kind, though they tell only some of them anything.
_NO_HARM: Final = ("status", "retryAfterSeconds", "delaySeconds")
_SOME_KINDS: Final = ("retryAfter", "body", "bytes")

_LONGEST_HEADER: Final = 1_000
#: Bytes of the smallest and of the largest body that a flood has.
_LEAST_FLOOD: Final = 2
_MOST_FLOOD: Final = 16 * 1024**3
_MOST_SEED: Final = 2**63 - 1


def parse_fault(given: object, field: str) -> Fault:
    """A fault from its JSON form; a refusal names the field that is wrong."""
    found: dict[str, Any] = validation.only_fields(
        given,
        field,
        required=("path", "kind"),
        optional=(*_EVERY_KIND, *_NO_HARM, *_SOME_KINDS),
    )
    kind = _kind(found, field)
    for name in _SOME_KINDS:
        if name in found and kind not in kinds_with(name):
            belongs = ", ".join(kinds_with(name))
            raise refusals.invalid(f"{field}.{name}", f"belongs to {belongs}, not to {kind}")
    standard = 502 if kind is FaultKind.HTML else 503
    return Fault(
        path=validation.text(found["path"], f"{field}.path"),
        kind=kind,
        method=_method(found, field),
        instance_id=(
            validation.guid(found["instanceId"], f"{field}.instanceId")
            if "instanceId" in found
            else None
        ),
        count=_count(found, field),
        first_call=validation.integer(found.get("firstCall", 1), f"{field}.firstCall", least=1),
        probability=_probability(found, field),
        seed=validation.integer(
            found.get("seed", 0), f"{field}.seed", least=-_MOST_SEED, most=_MOST_SEED
        ),
        status=validation.integer(
            found.get("status", standard), f"{field}.status", least=200, most=599
        ),
        retry_after=_retry_after(found, field),
        delay_seconds=validation.number(found.get("delaySeconds", 2), f"{field}.delaySeconds"),
        body=_body(found, field, kind),
        size=_size(found, field),
    )


def _kind(found: Mapping[str, Any], field: str) -> FaultKind:
    if found["kind"] not in list(FaultKind):
        raise refusals.invalid(f"{field}.kind", f"must be one of {', '.join(FaultKind)}")
    return FaultKind(found["kind"])


def _method(found: Mapping[str, Any], field: str) -> str:
    method = validation.text(found.get("method", "*"), f"{field}.method")
    if method != "*" and not (method.isascii() and method.isalpha() and method.isupper()):
        raise refusals.invalid(f"{field}.method", "must be a method in capitals, or *")
    return method


def _count(found: Mapping[str, Any], field: str) -> int | None:
    if validation.truth(found.get("forever", False), f"{field}.forever"):
        if "count" in found:
            raise refusals.invalid(f"{field}.forever", "excludes count")
        return None
    return validation.integer(found.get("count", 1), f"{field}.count", least=1)


def _probability(found: Mapping[str, Any], field: str) -> float:
    name = f"{field}.probability"
    chance = validation.number(found.get("probability", 1), name, above_zero=True)
    if chance > 1:
        raise refusals.invalid(name, "is out of range, expected 1 or less", "OUT_OF_RANGE")
    return chance


def _retry_after(found: Mapping[str, Any], field: str) -> str | None:
    """The header's value: whole seconds, or any text at all that a header can hold."""
    seconds = found.get("retryAfterSeconds")
    if seconds is not None:
        seconds = str(validation.integer(seconds, f"{field}.retryAfterSeconds", least=0))
    if "retryAfter" not in found:
        return seconds
    name = f"{field}.retryAfter"
    if seconds is not None:
        raise refusals.invalid(name, "excludes retryAfterSeconds")
    raw = validation.text(found["retryAfter"], name, least=0, most=_LONGEST_HEADER)
    if not (raw.isascii() and raw.isprintable()):
        raise refusals.invalid(name, "must be of printable ASCII characters, as in a header")
    return raw


def _body(found: Mapping[str, Any], field: str, kind: FaultKind) -> bytes | None:
    if "body" not in found:
        return None
    if kind is FaultKind.NOT_AN_OBJECT and isinstance(found["body"], dict):
        raise refusals.invalid(f"{field}.body", "must not be an object")
    try:
        return json.dumps(found["body"], separators=(",", ":")).encode()
    except RecursionError:
        raise refusals.invalid(f"{field}.body", "nests too deep") from None


def _size(found: Mapping[str, Any], field: str) -> int | None:
    if "bytes" not in found:
        return None
    return validation.integer(
        found["bytes"], f"{field}.bytes", least=_LEAST_FLOOD, most=_MOST_FLOOD
    )
