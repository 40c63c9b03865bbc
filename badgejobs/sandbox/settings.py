"""What a world is set up with: the sites it knows and how it behaves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from badgejobs.sandbox import refusals, validation
from badgejobs.wix import wire


class DuplicateMode(StrEnum):
    """What creating an assignment does that exists already; Wix does not document it."""

    CONFLICT = "conflict"
    RETURN_EXISTING = "return-existing"
    SECOND_ROW = "second-row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One site with our app installed on it, and how callers prove that they may reach it."""

    site_id: str
    instance_id: str
    app_id: str
    app_secret: str
    api_key: str | None = None
    scopes: frozenset[str] | None = None

    def __repr__(self) -> str:
        return f"Installation(instance_id={self.instance_id!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the world behaves; durations in seconds, a rate limit of 0 requests is none."""

    token_lifetime_seconds: float = 14_400
    rate_limit_requests: int = wire.REQUESTS_PER_MINUTE
    rate_limit_window_seconds: float = 60
    query_lag_seconds: float = 2
    duplicate_mode: DuplicateMode = DuplicateMode.CONFLICT


_OPTIONS = (
    "tokenLifetimeSeconds",
    "rateLimitRequests",
    "rateLimitWindowSeconds",
    "queryLagSeconds",
    "duplicateMode",
)


def parse_installations(given: object) -> list[Installation]:
    """The sites of a reset, from JSON; a refusal names the field that is wrong."""
    found: list[Installation] = []
    for place, one in enumerate(validation.items(given, "sites")):
        found.append(_installation(one, f"sites[{place}]"))
    for name in ("instance_id", "site_id"):
        if len({getattr(one, name) for one in found}) < len(found):
            raise refusals.invalid("sites", f"holds the same {name} twice")
    return found


def _installation(given: object, field: str) -> Installation:
    one = validation.only_fields(
        given,
        field,
        required=("siteId", "instanceId", "appId", "appSecret"),
        optional=("apiKey", "scopes"),
    )
    api_key, scopes = one.get("apiKey"), one.get("scopes")
    if scopes is not None:
        scopes = frozenset(
            validation.text(scope, f"{field}.scopes")
            for scope in validation.items(scopes, f"{field}.scopes")
        )
    return Installation(
        site_id=validation.guid(one["siteId"], f"{field}.siteId"),
        instance_id=validation.guid(one["instanceId"], f"{field}.instanceId"),
        app_id=validation.guid(one["appId"], f"{field}.appId"),
        app_secret=validation.text(one["appSecret"], f"{field}.appSecret"),
        api_key=None if api_key is None else validation.text(api_key, f"{field}.apiKey"),
        scopes=scopes,
    )


def parse_options(given: object) -> Options:
    """The options of a reset, from JSON; what is not given has its default."""
    one: dict[str, Any] = validation.only_fields(given, "options", optional=_OPTIONS)
    standard = Options()
    mode = one.get("duplicateMode", standard.duplicate_mode)
    if mode not in list(DuplicateMode):
        names = ", ".join(DuplicateMode)
        raise refusals.invalid("options.duplicateMode", f"must be one of {names}")
    return Options(
        token_lifetime_seconds=validation.number(
            one.get("tokenLifetimeSeconds", standard.token_lifetime_seconds),
            "options.tokenLifetimeSeconds",
            above_zero=True,
        ),
        rate_limit_requests=validation.integer(
            one.get("rateLimitRequests", standard.rate_limit_requests),
            "options.rateLimitRequests",
            least=0,
        ),
        rate_limit_window_seconds=validation.number(
            one.get("rateLimitWindowSeconds", standard.rate_limit_window_seconds),
            "options.rateLimitWindowSeconds",
            above_zero=True,
        ),
        query_lag_seconds=validation.number(
            one.get("queryLagSeconds", standard.query_lag_seconds), "options.queryLagSeconds"
        ),
        duplicate_mode=DuplicateMode(mode),
    )
