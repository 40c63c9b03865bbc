"""Whether Wix knows us, what it lets us do, and by which paths."""

from __future__ import annotations

from badgejobs.errors import BadgeJobsError, NotFound, PermissionMissing, Refused
from badgejobs.wix import calls, protocol, wire
from badgejobs.wix.exchange import Exchange


def is_unknown_path(error: BadgeJobsError | None) -> bool:
    """Whether an answer to a query says that nobody there knows its path.

    A query names nothing that could be missing, so a 404 can only be about the path.
    """
    return isinstance(error, NotFound | protocol.PathUnknown)


class HealthCalls:
    """What the doctor asks of :class:`WixClient`; nothing here changes anything at Wix."""

    _exchange: Exchange

    def probe(self, *, comment_app: str | None = None) -> dict[str, str | None]:
        """What these credentials may do: for each permission scope ``None``, or what is wrong.

        Costs one small request a scope. Raises :class:`CredentialsRefused` where Wix does not
        know us at all, and what is temporary as it comes. Writing is tried by deleting an
        assignment that exists nowhere.
        """
        asked = [calls.query_badges(limit=1), calls.search_orders(None, limit=1)]
        if comment_app is not None:
            asked.append(calls.count_comments(comment_app))
        asked.append(calls.delete_nothing())
        found: dict[str, str | None] = {}
        for call in asked:
            wrong = None
            try:
                self._exchange.ask(call)
            except protocol.TooManyToCount:
                pass
            except (NotFound, PermissionMissing, Refused, protocol.PathUnknown) as error:
                wrong = str(error)
            found[str(call.scope)] = wrong
        return found

    def probe_assignment_paths(self) -> dict[wire.Spelling, BadgeJobsError | None]:
        """Which spellings of the assignments' paths Wix knows.

        ``None`` for one that answers, else what went wrong, as it came; :func:`is_unknown_path`
        tells the one that is of interest here. Each costs one query that finds nothing.
        """
        found: dict[wire.Spelling, BadgeJobsError | None] = {}
        for spelling in wire.Spelling:
            found[spelling] = None
            try:
                self._exchange.ask(calls.query_no_assignment(spelling))
            except BadgeJobsError as error:
                found[spelling] = error
        return found
