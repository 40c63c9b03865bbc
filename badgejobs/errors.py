"""Every error of badgejobs, ordered by its remedy.

* :class:`Later`: too early; come back after ``seconds``. Not a failure.
* :class:`Transient`: it failed, and the same call may work another time.
* :class:`Permanent`: trying again changes nothing; a person or a change of facts must.

What decides about an award that was being created is another question: may the request have
been applied at Wix? ``may_have_happened`` answers it for every class, and says yes in doubt.
"""

from __future__ import annotations

from typing import ClassVar, Self


class BadgeJobsError(Exception):
    """Anything that badgejobs itself raises; its text is fit for the user's eyes."""

    #: Whether the request that failed may have taken effect at Wix all the same.
    may_have_happened: ClassVar[bool] = False


class Later(BadgeJobsError):
    """It is too early; come back after ``seconds``."""

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class RateLimited(Later):
    """Wix asked for a pause (429): the pace of this site is used up for now."""


class Paced(Later):
    """Our own throttle has no slot for this site soon enough; nothing was sent."""


class LeaseTaken(Later):
    """Another worker is at this scan."""


class Resting(LeaseTaken):
    """Nobody is at this scan; it rests after a failure, or is not due."""


class Transient(BadgeJobsError):
    """It failed this time, and may work the next."""


class NotSent(Transient):
    """The connection could not be made: Wix surely saw nothing."""


class Fenced(Transient):
    """The last check before the socket write said no: the claim ran out, nothing was sent."""


class TokenRefused(Transient):
    """Wix no longer takes this access token (401); a new one must be asked for."""


class Ambiguous(Transient):
    """No readable answer came (reset, time-out, 5xx, broken body): it may have been applied."""

    may_have_happened: ClassVar[bool] = True


class NotTold(Transient):
    """Who is to be told outside cannot be reached, or kept us waiting in vain."""


class LeaseLost(Transient):
    """The lease of this scan went to another worker; what was read is dropped, not written."""


class DatabaseUnavailable(Transient):
    """The database cannot be reached or opened."""


class BrokerUnavailable(Transient):
    """The broker cannot be reached."""


class Permanent(BadgeJobsError):
    """Trying again changes nothing."""


class CredentialsRefused(Permanent):
    """Wix does not accept the app secret or the API key of this site (401, invalid_client)."""


class PermissionMissing(Permanent):
    """Wix knows us and refuses the call (403): a permission scope or site id is missing."""


class Refused(Permanent):
    """Wix refuses the request as it stands (400, 428, other 4xx), or it was never sendable."""


class RemovesAccess(Refused):
    """A badge opens pages, and nobody said that its member shall lose access to them."""


class CursorRefused(Refused):
    """Wix does not take this cursor any more; the window starts again from the watermark."""


class StaleRevision(Refused):
    """The thing was changed since the revision that was sent: read it again, then decide."""


class NotFound(Permanent):
    """Wix does not know the thing that was named (404)."""


class AlreadyExists(Permanent):
    """The assignment stands at Wix already; for our purpose that is a success."""


class SettingsError(Permanent):
    """A setting is missing or wrong; the text names it and the cure."""


class FileError(Permanent):
    """A file of the user cannot be used; the text names file, line, column and the cure."""

    def __init__(
        self, problem: str, *, file: str, line: int | None = None, column: int | None = None
    ) -> None:
        place = ":".join(str(part) for part in (file, line, column) if part is not None)
        super().__init__(f"{place}: {problem}")
        self.problem, self.file, self.line, self.column = problem, file, line, column

    def anew(self) -> Self:
        """The same error, fit to be raised once more."""
        return type(self)(self.problem, file=self.file, line=self.line, column=self.column)


class RulesError(FileError):
    """A rules file cannot be used."""


class TrialError(FileError):
    """A file to try rules with, of activities or of cases, cannot be used."""


class SourceBroken(Permanent):
    """A plug-in cannot be used as a source; the text names its package and the cure."""


class SiteSuspended(Permanent):
    """Nothing is done for this site now; the text says since when, why, and the cure."""

    def __init__(self, message: str, *, by_wix: bool) -> None:
        super().__init__(message)
        self.by_wix = by_wix


class StateError(Permanent):
    """The state folder, a port or another local resource cannot be used."""
