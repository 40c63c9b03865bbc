"""What was made of a key that is kept outside: another key is noticed, and not used."""

from __future__ import annotations

from sqlalchemy import Connection, select

from badgejobs.core.identity import Digest
from badgejobs.errors import SettingsError
from badgejobs.store.dialect import insert_into
from badgejobs.store.tables import fingerprint

_IDENTITY_KEY = "identity_key"


def require_same_key(connection: Connection, digest: Digest | None) -> Digest:
    """The digest, if it is made under the key that this database's digests were made with.

    The first key that is used is the one. ``SettingsError`` with the cure for another: under it
    nobody would be known again, and those who were erased would come back.
    """
    if digest is None:
        raise SettingsError("identity_key: this program was not told the key of its database")
    ours = digest(f"fingerprint\x1f{_IDENTITY_KEY}")
    standing = select(fingerprint.c.digest).where(fingerprint.c.name == _IDENTITY_KEY)
    theirs = connection.scalar(standing)
    if theirs is None:
        first = insert_into(connection, fingerprint).on_conflict_do_nothing()
        connection.execute(first, [{"name": _IDENTITY_KEY, "digest": ours}])
        theirs = connection.scalar(standing)
    if theirs != ours:
        raise SettingsError(
            "identity_key: the database was written under another key. All machines on one "
            "database must have the same: copy the file identity.key of the first machine's "
            "state_dir and name it with identity_key_file, or put the lost file back"
        )
    return digest
