"""Who may call: access tokens of the app, and API keys with the site they are for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus

from badgejobs.sandbox import refusals
from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.world import Site, World

_PREFIX = "bearer "


def site_of(world: World, headers: Mapping[str, str]) -> Site:
    """The one site that a caller reaches, or a refusal (401, 403)."""
    credential = credential_of(headers)
    token = world.token(credential)
    if token is not None:
        return token.site
    reached = world.sites_of_key(credential)
    if not reached:
        raise unauthenticated()
    wanted = headers.get("wix-site-id")
    both = wanted is not None and "wix-account-id" in headers
    if both and world.switches.both_id_headers == "refuse":
        raise refusals.application_error(
            HTTPStatus.BAD_REQUEST,
            "INVALID_ARGUMENT",
            "wix-site-id and wix-account-id exclude each other",
        )
    for one in reached:
        if one.installation.site_id == wanted:
            return one
    raise denied("the key needs the header wix-site-id with a site that it reaches")


def instance_reached(world: World, headers: Mapping[str, str]) -> str | None:
    """The instance whose site a caller reaches; ``None`` where it reaches none."""
    try:
        return site_of(world, headers).instance_id
    except Refusal:
        return None


def credential_of(headers: Mapping[str, str]) -> str:
    """The token or key that a caller sends, bare or behind ``Bearer``; empty without any."""
    credential = headers.get("Authorization", "")
    if credential.lower().startswith(_PREFIX):
        credential = credential[len(_PREFIX) :].strip()
    return credential


def require_pace(world: World, site: Site, at: float) -> None:
    """Count a request at ``at``, or refuse it (429) if it is above the rate limit."""
    if site.rate.admits(at):
        return
    if world.switches.rate_limit_body == "code":
        refusal = refusals.application_error(
            HTTPStatus.TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", "too many requests"
        )
    else:
        refusal = refusals.wordless(HTTPStatus.TOO_MANY_REQUESTS)
    if world.switches.rate_limit_retry_after == "on":
        refusal.headers["Retry-After"] = str(math.ceil(site.rate.wait(at)))
    raise refusal


def require_scope(site: Site, scope: str | None) -> None:
    """Refuse (403) a caller without the scope that an endpoint needs."""
    granted = site.installation.scopes
    if scope is not None and granted is not None and scope not in granted:
        raise denied(f"the scope {scope} is not granted")


def unauthenticated() -> Refusal:
    """Nobody knows the caller (401)."""
    return refusals.application_error(
        HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "the token or key is missing or not valid"
    )


def denied(description: str) -> Refusal:
    """The caller is known and may not do this (403)."""
    return refusals.application_error(HTTPStatus.FORBIDDEN, "PERMISSION_DENIED", description)
