"""What an operator has done from the console: the same as by the commands of these names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from badgejobs.bootstrap import House
from badgejobs.cli.byhand import member_id
from badgejobs.cli.site import sources_of
from badgejobs.cli.triggering import Bell, ring_for
from badgejobs.cli.wishing import Wisher, granted, revoked, told
from badgejobs.config import Settings
from badgejobs.jobs import duties
from badgejobs.jobs import standing as site_standing
from badgejobs.jobs.asking import CONSOLE, by_console
from badgejobs.store.acting import acting

#: So long an act waits for Wix before its wish is written, and so long after that; what is left
#: then goes on without it.
_WAITS_SECONDS: Final = 6.0


class ConsoleActs:
    """One act at a time, each in a thread of the console's."""

    def __init__(
        self,
        settings: Settings,
        house: House,
        *,
        before: Callable[[], None] = lambda: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings, self._house = settings, house
        # Celery's application, by which workers are rung for, is one for the whole process.
        self._one_at_a_time = Lock()
        self._before, self._changed = before, changed

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One act; what is shown has changed by its end."""
        with self._one_at_a_time:
            self._before()
            try:
                yield
            finally:
                self._changed()

    def scan(self, site: str, source: str | None, *, who: str) -> str:
        """Have sources read now."""
        with self._turn():
            duties.register(self._house)
            sources = sources_of(self._house, site, source)
            with self._house.store.begin() as tx:
                for one in sources:
                    tx.scans.make_due(site, one, asked_by=by_console(who))
            bells: list[Bell] = [
                ("badgejobs.scan", {"site": site, "source": one}) for one in sources
            ]
            return f"{', '.join(sources)}: {self._rung(bells)}"

    def retry(self, site: str, *, who: str) -> str:
        """Try again what was given up."""
        with self._turn():
            site_standing.by_hand(self._house, site)
            with acting(actor=who), self._house.store.begin() as tx:
                revived, gone = tx.awards.revive(site), sorted(tx.bindings.gone(site))
            beside = "".join(
                f" {badge} was deleted at Wix; its awards wait for `badgejobs provision {site} "
                f"--recreate {badge}`."
                for badge in gone
            )
            if not revived:
                return f"Nothing is to be tried again.{beside}"
            bells: list[Bell] = [("badgejobs.assign", {"site": site})]
            return f"{revived} awards are tried again: {self._rung(bells)}{beside}"

    def grant(self, site: str, member: str, badge: str, *, who: str, note: str) -> str:
        """Give a badge by hand."""
        with self._turn():
            notes, wisher = _wisher(who, note)
            done = granted(self._house, site, (member_id(member), badge), wisher)
            return _sentence(told(done)[0], notes)

    def revoke(
        self,
        site: str,
        member: str,
        badge: str,
        *,
        who: str,
        note: str,
        removes_access: bool = False,
    ) -> str:
        """Take a badge away by hand."""
        with self._turn():
            notes, wisher = _wisher(who, note)
            pair = member_id(member), badge
            done = revoked(self._house, site, pair, wisher, removes_access=removes_access)
            return _sentence(told(done)[0], notes)

    def _rung(self, bells: list[Bell]) -> str:
        if ring_for(self._settings, bells, by=CONSOLE):
            return "the workers were told."
        return (
            "due, but the broker is away; the next tick of a running beat or `badgejobs sync` "
            "will do it."
        )


class _Silent:
    """Nobody watches how far an act is."""

    def __call__(self, line: str) -> None: ...

    def counted(
        self, what: str, done: int, *, of: int | None = None, is_about: bool = False
    ) -> None: ...


def _wisher(who: str, note: str) -> tuple[list[str], Wisher]:
    notes = list[str]()
    wisher = Wisher(
        who=who,
        why=note,
        tell=_Silent(),
        note=notes.append,
        max_seconds=_WAITS_SECONDS,
        by=by_console(who),
    )
    return notes, wisher


def _sentence(outcome: str, notes: list[str]) -> str:
    told = [f"{outcome[0].upper()}{outcome[1:]}.", *(n.removeprefix("badgejobs: ") for n in notes)]
    return " ".join(told)
