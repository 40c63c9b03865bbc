"""Wix's side of a webhook: tokens in its form, signed with a key that is made for the test."""

from __future__ import annotations

import json
import time
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

INSTANCE = "aaaaaaaa-0000-4000-8000-000000000002"
APP = "aaaaaaaa-0000-4000-8000-000000000001"
BLOG = "14bcded7-0066-7c35-14d7-466cb3f09103"


@cache
def _made(name: str, bits: int) -> rsa.RSAPrivateKey:
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def private_key(name: str = "in use", bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key a name and process."""
    return _made(name, bits)


def public_key(name: str = "in use", bits: int = 2048) -> bytes:
    public = private_key(name, bits).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def claims_of(
    kind: str,
    data: dict[str, Any] | None = None,
    *,
    instance: str = INSTANCE,
    identity: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The claims of an event as Wix writes them: JSON in strings, twice."""
    told = {
        "eventType": kind,
        "instanceId": instance,
        "data": json.dumps(data or {}),
        "identity": json.dumps(identity or {"identityType": "WIX_USER"}),
    }
    now = int(time.time())
    return {"data": json.dumps(told), "iat": now, "exp": now + 3600}


def sign(claims: dict[str, Any], *, key: str = "in use", headers: Any = None) -> bytes:
    """Any claims at all: signed as bytes, since the library would mend or refuse some."""
    text = json.dumps(claims).encode()
    signed = jwt.PyJWS().encode(text, private_key(key), algorithm="RS256", headers=headers)
    return signed.encode()


def comment_created(resource: str, app: str = BLOG, **fields: Any) -> dict[str, Any]:
    """The data of an event about a comment on a resource."""
    entity = {"id": "c1", "appId": app, "resourceId": resource, "contextId": resource} | fields
    return {"id": "e1", "entityFqdn": "wix.comments.v2.comment", "createdEvent": {"entity": entity}}
