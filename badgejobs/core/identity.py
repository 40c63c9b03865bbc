"""By what a guest's order finds its member: keyed digests, and never what they were made of."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from badgejobs.core.activity import Link

#: The keyed digest of a text; without the key nobody can tell which texts have it.
Digest = Callable[[str], str]

#: One way to know somebody again: how it links, and the digest.
Identity = tuple[Link, str]


def keyed(key: bytes) -> Digest:
    """HMAC-SHA256 under a key that is kept outside the database.

    The digest is a closure, so that no ``repr`` of it shows the key.

    >>> keyed(b"a")("text") == keyed(b"a")("text") != keyed(b"b")("text")
    True
    """

    def digest(text: str) -> str:
        return hmac.new(key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()

    return digest


def contact(contact_id: str, digest: Digest) -> Identity:
    """Wix's contact, which orders of guests and members have alike."""
    return Link.CONTACT, digest(f"{Link.CONTACT}\x1f{_plain(contact_id)}")


def email(address: str, digest: Digest) -> Identity:
    """An e-mail address, alike however it is written; dots and plus signs are part of it."""
    return Link.VERIFIED_EMAIL, digest(f"{Link.VERIFIED_EMAIL}\x1f{_plain(address)}")


def address(text: str) -> str:
    """An e-mail address in the form in which two of them are compared.

    >>> address(" Ada@Example.COM ")
    'ada@example.com'
    """
    return _plain(text)


def member(member_id: str, digest: Digest) -> str:
    """What is kept of a member who was erased, so that nothing of theirs comes back."""
    return digest(f"member\x1f{_plain(member_id)}")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def found(contacts: AbstractSet[str], emails: AbstractSet[str]) -> tuple[str, Link] | None:
    """The one member whom a guest's contact and address name, and by which of the two.

    Where they name more than one, together or each, nobody is found: a guess could open pages to
    a stranger. The proved address is the stronger of two that agree: whatever policy takes the
    contact takes it too.

    >>> found({"ada"}, set()) == ("ada", Link.CONTACT)
    True
    >>> found({"ada"}, {"ada"}) == ("ada", Link.VERIFIED_EMAIL)
    True
    >>> found({"ada"}, {"bob"}), found(set(), {"ada", "bob"}), found(set(), set())
    (None, None, None)
    """
    if len(contacts | emails) != 1:
        return None
    (one,) = contacts | emails
    return one, Link.VERIFIED_EMAIL if emails else Link.CONTACT
