"""Who may call: access tokens of the app, and API keys with the site they are for."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from badgejobs.sandbox import refusals
from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.world import Site, World

_PREFIX = "bearer "


def token(world: World, body: object) -> tuple[Site, dict[str, Any]]:
    """The site and the answer of a token request that fits exactly one site."""
    given = body if isinstance(body, dict) else {}
    site = world.sites.get(str(given.get("instance_id")))
    if (
        site is None
        or given.get("grant_type") != "client_credentials"
        or given.get("client_id") != site.installation.app_id
        or given.get("client_secret") != site.installation.app_secret
    ):
        description = "the app id, app secret and instance id do not belong together"
        error = {"error": "invalid_client", "error_description": description}
        raise Refusal(HTTPStatus.BAD_REQUEST, error)
    lifetime = world.options.token_lifetime_seconds
    return site, {
        "access_token": world.issue_token(site),
        "token_type": "Bearer",
        "expires_in": int(lifetime) if lifetime == int(lifetime) else lifetime,
    }


def site_of(world: World, headers: Mapping[str, str]) -> Site:
    """The one site that a caller reaches, or a refusal (401, 403)."""
    credential = headers.get("Authorization", "")
    if credential.lower().startswith(_PREFIX):
        credential = credential[len(_PREFIX) :].strip()
    site = world.site_of_token(credential)
    if site is not None:
        return site
    reached = world.sites_of_key(credential)
    if not reached:
        raise refusals.application_error(
            HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "the token or key is missing or not valid"
        )
    wanted = headers.get("wix-site-id")
    for one in reached:
        if one.installation.site_id == wanted:
            return one
    raise denied("the key needs the header wix-site-id with a site that it reaches")


def require_scope(site: Site, scope: str | None) -> None:
    """Refuse (403) a caller without the scope that an endpoint needs."""
    granted = site.installation.scopes
    if scope is not None and granted is not None and scope not in granted:
        raise denied(f"the scope {scope} is not granted")


def denied(description: str) -> Refusal:
    """The caller is known and may not do this (403)."""
    return refusals.application_error(HTTPStatus.FORBIDDEN, "PERMISSION_DENIED", description)
