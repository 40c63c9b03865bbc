"""Access tokens: given out for an app's credentials, and told about to whoever holds one."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.world import Site, World

#: What a token endpoint does: a body in; the site that it is about, if one, and the answer out.
TokenCall = Callable[[World, Any], tuple[Site | None, dict[str, Any]]]


def grant(world: World, body: object) -> tuple[Site, dict[str, Any]]:
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
        raise _refused(world, "invalid_client", description)
    lifetime = world.options.token_lifetime_seconds
    return site, {
        "access_token": world.issue_token(site),
        "token_type": "Bearer",
        "expires_in": int(lifetime) if lifetime == int(lifetime) else lifetime,
    }


def instance_named(body: object) -> str | None:
    """Whose token a request asks for, rightly or wrongly."""
    named = body.get("instance_id") if isinstance(body, dict) else None
    return named if isinstance(named, str) else None


def info(world: World, body: object) -> tuple[Site | None, dict[str, Any]]:
    """What a token stands for; nobody needs to be authorized to ask.

    The fields are those of the docs. That an ended token is refused is a choice.
    """
    given = body if isinstance(body, dict) else {}
    token = world.token(str(given.get("token")))
    as_text = world.switches.inspection_values == "text"
    if token is None:
        if world.switches.ended_inspection == "inactive":
            return None, {"active": "false" if as_text else False}
        raise _refused(world, "invalid_token", "the token is unknown or has ended")
    installation, issued = token.site.installation, int(token.issued.timestamp())
    ends = issued + int(world.options.token_lifetime_seconds)
    return token.site, {
        "active": "true" if as_text else True,
        "subjectType": "APP",
        "subjectId": installation.app_id,
        "exp": str(ends) if as_text else ends,
        "iat": str(issued) if as_text else issued,
        "clientId": installation.app_id,
        "siteId": installation.site_id,
        "instanceId": installation.instance_id,
    }


def _refused(world: World, code: str, description: str) -> Refusal:
    """A refusal in the form of OAuth, which token endpoints have in place of Wix's own."""
    error = {"error": code, "error_description": description}
    return Refusal(HTTPStatus(world.switches.bad_credentials_status), error)
