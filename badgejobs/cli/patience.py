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
#: A lost answer is settled within this, and nobody waits for longer unasked.
WAITS_SECONDS = 300.0


def patiently(
    ask: Callable[[], Told],
    tell: Callable[[str], None],
    *,
    max_seconds: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Told:
    """What Wix answers in the end; only for what changes nothing there, and can be repeated.

    Raises ``Later`` with the cure at once where the next try would be after ``max_seconds``.
    """
    failures, ends = 0, clock() + (WAITS_SECONDS if max_seconds is None else max_seconds)
    while True:
        try:
            return ask()
        except Later as error:
            wait = error.seconds
            if clock() + wait > ends:
                again = f"nothing was done; try again in {-(-wait // 1):.0f} s"
                raise Later(f"{error}: {again}", seconds=wait) from error
            tell(f"waiting {wait:.0f} s: {error}")
        except Transient as error:
            wait = verdict(error, failures).seconds
            if failures + 1 >= MOST_FAILURES or clock() + wait > ends:
                raise
            failures += 1
            tell(f"failed, and is tried again in {wait:.0f} s: {error}")
        sleep(wait)


class PatientFinder:
    """Finds members, though Wix asks for a pause meanwhile; for each call so long at most."""

    def __init__(
        self, wix: MemberFinder, tell: Callable[[str], None], *, max_seconds: float | None = None
    ) -> None:
        self._wix, self._tell, self._max_seconds = wix, tell, max_seconds

    def members(self, member_ids: Collection[str]) -> Mapping[str, WixMember]:
        """Those of these members that the site has."""
        return self._patiently(lambda: self._wix.members(member_ids))

    def members_by_email(self, addresses: Collection[str]) -> Mapping[str, Sequence[Addressee]]:
        """Who logs in with these addresses."""
        return self._patiently(lambda: self._wix.members_by_email(addresses))

    def _patiently(self, ask: Callable[[], Told]) -> Told:
        return patiently(ask, self._tell, max_seconds=self._max_seconds)
