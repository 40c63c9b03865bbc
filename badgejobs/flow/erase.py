"""Erase: forget a member, for good; what Wix still tells of them later is not recorded again."""

from __future__ import annotations

from collections.abc import Mapping

from badgejobs.flow.ports import Store


def erase(site: str, member_id: str, store: Store) -> Mapping[str, int]:
    """Delete all that is known of a member; how many rows of each kind went.

    Their facts, awards with all history, links and identities go in one transaction, and keyed
    digests of the member, their contacts and addresses stay in their place: no scan, backfill or
    late order of theirs brings anything back. What badges with a limit have used stays used, and
    nothing is changed at Wix.
    """
    with store.begin() as tx:
        tx.activities.take_turns(site)
        return tx.erasing.erase(site, member_id)


def to_erase(site: str, member_id: str, store: Store) -> Mapping[str, int]:
    """How many rows of each kind ``erase`` would delete now."""
    with store.begin() as tx:
        return tx.erasing.count(site, member_id)
