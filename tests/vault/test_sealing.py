"""What is stored of a secret opens under our keys, in its own place, and nowhere else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.vault.sealing import CannotOpen, Vault

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
HERE, THERE = "site/north/secret", "site/south/secret"
secrets = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


def vault(*keys: bytes) -> Vault:
    return Vault(lambda: list(keys))


@given(secrets)
def test_a_sealed_secret_opens_again_and_never_looks_the_same(secret: str) -> None:
    at = vault(OLD)
    first, second = at.seal(secret, place=HERE), at.seal(secret, place=HERE)
    assert at.open(first, place=HERE) == at.open(second, place=HERE) == secret
    assert first != second


def test_nothing_of_the_secret_or_the_key_is_in_what_is_stored() -> None:
    sealed = vault(OLD).seal("canary-secret", place=HERE)
    assert "canary" not in sealed
    assert b"canary" not in base64.urlsafe_b64decode(sealed.rpartition(".")[2])
    assert OLD.hex()[:16] not in sealed


def test_a_secret_that_was_moved_to_another_row_does_not_open() -> None:
    sealed = vault(OLD).seal("secret", place=HERE)
    with pytest.raises(CannotOpen, match=r"site south was changed .* another row") as caught:
        vault(OLD).open(sealed, place=THERE)
    assert "`badgejobs sites rotate-secret south`" in str(caught.value)
    with pytest.raises(CannotOpen, match="app ours"):
        vault(OLD).open(sealed, place="app/ours/secret")


@pytest.mark.parametrize("at", [3, 20, 40, -2])
def test_a_secret_that_was_changed_does_not_open(at: int) -> None:
    sealed = vault(OLD).seal("secret", place=HERE)
    letters = list(sealed)
    letters[at] = "0" if letters[at] != "0" else "1"
    with pytest.raises(CannotOpen):
        vault(OLD).open("".join(letters), place=HERE)


@pytest.mark.parametrize("text", ["", "secret", "v1..", "v1.0123456789abcdef.AAAA", "v2.0.0"])
def test_what_was_never_sealed_is_told_so(text: str) -> None:
    with pytest.raises(CannotOpen, match="none of ours"):
        vault(OLD).open(text, place=HERE)


def test_the_first_key_seals_and_every_key_opens() -> None:
    old = vault(OLD).seal("secret", place=HERE)
    both = vault(NEW, OLD)
    new = both.seal("secret", place=HERE)
    assert both.open(old, place=HERE) == both.open(new, place=HERE) == "secret"
    assert (both.is_current(old), both.is_current(new)) == (False, True)
    assert vault(NEW).open(new, place=HERE) == "secret"


def test_a_lost_key_is_told_with_the_setting_and_the_cure() -> None:
    sealed = vault(OLD).seal("canary-secret", place=HERE)
    with pytest.raises(CannotOpen) as caught:
        vault(NEW).open(sealed, place=HERE)
    told = str(caught.value)
    assert "BADGEJOBS_SECRETS_KEY_FILE" in told
    assert "`badgejobs sites rotate-secret north`" in told
    assert "canary" not in told


def test_a_key_that_was_added_later_is_found_by_a_vault_that_is_in_use() -> None:
    keys = [OLD]
    in_use = Vault(lambda: keys)
    assert in_use.open(in_use.seal("one", place=HERE), place=HERE) == "one"
    sealed = vault(NEW).seal("two", place=HERE)
    keys.insert(0, NEW)
    assert in_use.open(sealed, place=HERE) == "two"
