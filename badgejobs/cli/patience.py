"""Asking Wix in the foreground: where it asks for a pause, the command waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from badgejobs.core.wixfacts import Addressee, WixMember
from badgejobs.errors import Later, Transient
from badgejobs.flow.ports import MemberFinder
from badgejobs.jobs.retrying import verdict

Told = TypeVar("Told")

#: What failed so often in a row is left to the person.
MOST_FAILURES = 5


def patiently(
    ask: Callable[[], Told],
    tell: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Told:
    """What Wix answers in the end; only for what changes nothing there, and can be repeated."""
    failures = 0
    while True:
        try:
            return ask()
        except Later as error:
            wait = error.seconds
            tell(f"waiting {wait:.0f} s: {error}")
        except Transient as error:
            if failures + 1 >= MOST_FAILURES:
                raise
            wait = verdict(error, failures).seconds
            failures += 1
            tell(f"failed, and is tried again in {wait:.0f} s: {error}")
        sleep(wait)


class PatientFinder:
    """Finds members, however often Wix asks for a pause meanwhile."""

    def __init__(self, wix: MemberFinder, tell: Callable[[str], None]) -> None:
        self._wix, self._tell = wix, tell

    def members(self, member_ids: Collection[str]) -> Mapping[str, WixMember]:
        """Those of these members that the site has."""
        return patiently(lambda: self._wix.members(member_ids), self._tell)

    def members_by_email(self, addresses: Collection[str]) -> Mapping[str, Sequence[Addressee]]:
        """Who logs in with these addresses."""
        return patiently(lambda: self._wix.members_by_email(addresses), self._tell)
