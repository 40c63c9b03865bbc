from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from wix_signing import claims_of, private_key, public_key, sign

from badgejobs.errors import SettingsError
from badgejobs.intake.keys import read_key
from badgejobs.intake.verify import verify

SETTING = "webhooks.public_key_file"


def file(folder: Path, content: bytes) -> Path:
    path = folder / "webhooks.pem"
    path.write_bytes(content)
    return path


def lines(text: bytes, length: int) -> bytes:
    return b"\n".join(text[at : at + length] for at in range(0, len(text), length))


@pytest.mark.parametrize(
    "content",
    [
        public_key(),
        b"\n" + public_key().replace(b"\n", b"\r\n"),
        base64.b64encode(public_key()),
        lines(base64.b64encode(public_key()), 64) + b"\n",
    ],
    ids=["pem", "pem with other line ends", "base64", "base64 in lines"],
)
def test_a_key_as_the_dashboard_shows_it_verifies(tmp_path: Path, content: bytes) -> None:
    key = read_key(file(tmp_path, content), setting=SETTING)
    assert verify(sign(claims_of("x")), [key]).kind == "x"


def private() -> bytes:
    key = private_key()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def elliptic() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no RSA public key"),
        (b"app-secret-0123456789", "no RSA public key"),
        (b"\xff\x00", "no RSA public key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "no RSA public key"),
        (public_key() + b"\n" * 17_000, "no RSA public key"),
        (elliptic(), "no RSA public key"),
        (private(), "holds a private key"),
        (public_key("short", 1024), "has 1024 bits"),
    ],
    ids=["empty", "a secret", "bytes", "broken", "long", "elliptic", "private", "short"],
)
def test_what_is_no_key_of_wix_is_refused_by_the_name_of_its_setting(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = file(tmp_path, content)
    with pytest.raises(SettingsError) as caught:
        read_key(path, setting=SETTING)
    assert str(caught.value).startswith(f"{SETTING}: ")
    assert sentence in str(caught.value)
    assert "0123456789" not in str(caught.value)


def test_a_key_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_key(tmp_path / "none.pem", setting=SETTING)
