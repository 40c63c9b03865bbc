from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wix_signing import APP, INSTANCE, claims_of, comment_created, private_key, public_key, sign

from badgejobs.intake.verify import MOST_BYTES, Distrusted, verify

KIND = "wix.comments.v2.comment_created"
KEYS = [public_key()]


def genuine() -> bytes:
    return sign(claims_of(KIND, comment_created("post-1")))


def refused(body: bytes) -> bool:
    try:
        verify(body, KEYS)
    except Distrusted as refusal:
        # What was wrong is not told, and nothing of the body is.
        return str(refusal) == "not an event of Wix"
    return False


def b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def by_hmac(header: dict[str, Any], secret: bytes) -> bytes:
    """Signed with a shared secret; the library would not do it with a public key."""
    text = b64(json.dumps(header).encode()) + b"." + b64(json.dumps(claims_of(KIND)).encode())
    return text + b"." + b64(hmac.new(secret, text, hashlib.sha256).digest())


def resigned(**claims: Any) -> bytes:
    return sign(claims_of(KIND, comment_created("post-1")) | claims)


def told(**fields: Any) -> bytes:
    """A good signature over an outer object with these fields in it."""
    claims = claims_of(KIND)
    return sign(claims | {"data": json.dumps(json.loads(claims["data"]) | fields)})


def without(name: str) -> bytes:
    claims = claims_of(KIND)
    del claims[name]
    return sign(claims)


def swapped() -> bytes:
    other = sign(claims_of(KIND, comment_created("post-2")))
    head, _, signature = genuine().split(b".")
    return b".".join((head, other.split(b".")[1], signature))


def now() -> int:
    return int(time.time())


def of_header(header: bytes) -> bytes:
    _, payload, signature = genuine().split(b".")
    return b".".join((b64(header), payload, signature))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no token": lambda: b'{"eventType": "x"}',
    "only dots": lambda: b"..",
    "two parts": lambda: genuine().rsplit(b".", 1)[0],
    "four parts": lambda: genuine() + b".x",
    "alg none": lambda: jwt.encode(claims_of(KIND), "", algorithm="none").encode(),
    "alg None with a signature": lambda: of_header(b'{"alg": "None", "typ": "JWT"}'),
    "no alg": lambda: of_header(b'{"typ": "JWT"}'),
    "alg a list": lambda: of_header(b'{"alg": ["RS256"]}'),
    "alg RS512": lambda: jwt.encode(
        claims_of(KIND), private_key(), algorithm="RS512"
    ).encode(),
    "alg PS256": lambda: jwt.encode(
        claims_of(KIND), private_key(), algorithm="PS256"
    ).encode(),
    "HS256 with the public key": lambda: by_hmac({"alg": "HS256"}, public_key()),
    "HMAC under the name RS256": lambda: by_hmac({"alg": "RS256"}, public_key()),
    "another key": lambda: sign(claims_of(KIND), key="another"),
    "another key, told by kid": lambda: sign(
        claims_of(KIND), key="another", headers={"kid": "../in use"}
    ),
    "another key, told by jku": lambda: sign(
        claims_of(KIND), key="another", headers={"jku": "http://127.0.0.1/keys"}
    ),
    "another key, brought along": lambda: sign(
        claims_of(KIND), key="another", headers={"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}
    ),
    "an unknown crit": lambda: sign(claims_of(KIND), headers={"crit": ["x"], "x": 1}),
    "a detached payload": lambda: sign(claims_of(KIND), headers={"b64": False}),
    "swapped payload": swapped,
    "no exp": lambda: without("exp"),
    "no iat": lambda: without("iat"),
    "expired": lambda: resigned(exp=now() - 120, iat=now() - 240),
    "from the future": lambda: resigned(iat=now() + 600),
    "not yet valid": lambda: resigned(nbf=now() + 600),
    "exp null": lambda: resigned(exp=None),
    "exp a list": lambda: resigned(exp=[1]),
    "exp without end": lambda: resigned(exp=float("inf")),
    "iat without end": lambda: resigned(iat=float("-inf")),
    "exp no number": lambda: resigned(exp=float("nan")),
    "no data": lambda: without("data"),
    "data an object": lambda: resigned(data={"eventType": KIND}),
    "data garbage": lambda: resigned(data="{"),
    "data a list": lambda: resigned(data="[]"),
    "data deep": lambda: resigned(data="[" * 50_000),
    "inner data absent": lambda: told(data=None),
    "inner data an object": lambda: told(data={}),
    "inner data deep": lambda: told(data='{"a":' * 20_000),
    "a number without end": lambda: told(data='{"a": ' + "9" * 5_000 + "}"),
    "identity an object": lambda: told(identity={"appId": APP}),
    "identity garbage": lambda: told(identity="{{"),
    "no event type": lambda: told(eventType=None),
    "a long event type": lambda: told(eventType="x" * 151),
    "an empty event type": lambda: told(eventType=""),
    "an instance of another kind": lambda: told(instanceId=7),
    "an instance that is no id": lambda: told(instanceId="shop' OR 1=1"),
    "a header that is long": lambda: of_header(b'{"alg": "RS256", "x": "' + b"x" * 2000 + b'"}'),
    "a header that is deep": lambda: of_header(b"[" * 700),
    "a header that is deep and long": lambda: of_header(b"[" * 100_000),
    "a header that is no text": lambda: of_header(b"\xff\xfe"),
    "a header that is a list": lambda: of_header(b"[]"),
    "huge": lambda: genuine() + b"A" * MOST_BYTES,
    "huge and signed": lambda: told(more="x" * MOST_BYTES),
    "spaces inside": lambda: genuine().replace(b".", b". "),
    "a zero byte": lambda: genuine() + b"\0",
    "bytes that are no ASCII": lambda: genuine() + "ä".encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_are_refused_without_a_word_why(name: str) -> None:
    assert refused(HOSTILE[name]())


def test_what_wix_signed_is_taken_as_it_is() -> None:
    event = verify(genuine() + b"\n", KEYS)
    assert (event.kind, event.instance) == (KIND, INSTANCE)
    assert event.data["createdEvent"]["entity"]["resourceId"] == "post-1"
    assert event.by_app is None


def test_what_stands_in_an_event_is_not_shown_where_it_is_printed() -> None:
    assert "post-1" not in repr(verify(genuine(), KEYS))


def test_foreign_headers_under_a_good_signature_change_nothing() -> None:
    body = sign(claims_of(KIND), headers={"kid": "x", "jku": "http://127.0.0.1:9/keys"})
    assert verify(body, KEYS).kind == KIND


def test_the_key_before_is_taken_as_long_as_it_is_configured() -> None:
    body = sign(claims_of(KIND), key="before")
    assert verify(body, [public_key(), public_key("before")]).kind == KIND
    assert refused(body)


def test_clocks_may_differ_by_a_minute() -> None:
    assert verify(resigned(exp=now() - 30), KEYS).kind == KIND
    assert verify(resigned(iat=now() + 30), KEYS).kind == KIND


def test_the_app_that_caused_an_event_is_told() -> None:
    identity = {"identityType": "APP", "appId": APP.upper()}
    assert verify(sign(claims_of(KIND, identity=identity)), KEYS).by_app == APP


def test_an_event_without_an_identity_is_an_event() -> None:
    assert verify(told(identity=None), KEYS).by_app is None


@given(st.binary(max_size=400))
def test_no_bytes_are_taken_that_wix_did_not_sign(body: bytes) -> None:
    assert refused(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
names = st.sampled_from(["data", "iat", "exp", "nbf", "aud", "iss", "sub", "jti", "eventType"])


@given(st.dictionaries(names, json_values))
def test_signed_claims_of_any_type_are_an_event_or_the_one_refusal(claims: dict[str, Any]) -> None:
    body = sign(claims_of(KIND) | claims)
    with suppress(Distrusted):
        assert verify(body, KEYS).instance == INSTANCE


nested = dict.fromkeys(("eventType", "instanceId", "data", "identity"), json_values)


@given(st.fixed_dictionaries({}, optional=nested))
def test_nested_json_of_any_type_is_an_event_or_the_one_refusal(fields: dict[str, Any]) -> None:
    text = {name: json.dumps(value) for name, value in fields.items()}
    for body in (told(**fields), told(**text)):
        with suppress(Distrusted):
            assert isinstance(verify(body, KEYS).kind, str)


def mutated(body: bytes, random_: random.Random) -> bytes:
    """The body with one to three of its bytes changed, added, lost or moved."""
    was = bytearray(body)
    for _ in range(random_.randint(1, 3)):
        at = random_.randrange(len(was))
        match random_.randrange(4):
            case 0:
                was[at] ^= 1 << random_.randrange(8)
            case 1:
                was.insert(at, random_.randrange(256))
            case 2:
                del was[at]
            case _:
                was[at:] = was[at:][::-1]
    return bytes(was)


def forged(number: int, seed: int) -> list[bytes]:
    """Mutants that were taken though they say another thing than what Wix signed."""
    random_, body = random.Random(seed), genuine()
    plain = verify(body, KEYS)
    taken = []
    for _ in range(number):
        mutant = mutated(body, random_)
        try:
            if verify(mutant, KEYS) != plain or mutant.strip() != body:
                taken.append(mutant)
        except Distrusted:
            pass
    return taken


def test_of_2000_mutants_of_a_token_none_is_taken() -> None:
    assert forged(2_000, seed=5) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_of_50000_mutants_of_a_token_none_is_taken(seed: int) -> None:
    assert forged(10_000, seed=100 + seed) == []
