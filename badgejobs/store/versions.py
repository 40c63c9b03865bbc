"""Every version of the rules that was in force, so that a pinned one can be read again."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, ScalarSelect, select

from badgejobs.store.dialect import insert_into
from badgejobs.store.ledger_tables import NOT_OVER
from badgejobs.store.moment import Moment
from badgejobs.store.tables import award, rules_version


class SqlVersions:
    """The versions of each site's rules."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def note(self, site: str, version: str, text: str) -> None:
        """Keep the text of a version that is taken up now, for the first time or once more."""
        row = {
            "site": site,
            "version": version,
            "first_seen_at": self._moment.now,
            "content": json.dumps({"text": text}, sort_keys=True),
        }
        statement = insert_into(self._connection, rules_version)
        # its text stays; what was said long ago and not since is news
        statement = statement.on_conflict_do_update(
            index_elements=("site", "version"),
            set_={"first_seen_at": statement.excluded.first_seen_at},
        )
        self._connection.execute(statement, [row])

    def text(self, site: str, version: str) -> str | None:
        """The text of a version's rules file; ``None`` where it is not known."""
        content = self._connection.scalar(
            select(rules_version.c.content).where(
                rules_version.c.site == site, rules_version.c.version == version
            )
        )
        return json.loads(content)["text"] if content else None

    def since(self, site: str, version: str) -> datetime | None:
        """When a version was taken up last; ``None`` where it was not yet."""
        return self._connection.scalar(
            select(rules_version.c.first_seen_at).where(
                rules_version.c.site == site, rules_version.c.version == version
            )
        )

    def is_first(self, site: str, version: str) -> bool:
        """Whether no other version was ever taken up."""
        another = select(rules_version.c.version).where(
            rules_version.c.site == site, rules_version.c.version != version
        )
        return self._connection.execute(another.limit(1)).first() is None

    def held_to(self, site: str) -> frozenset[str]:
        """The versions under which awards were opened that stand at Wix, or soon may."""
        # from one version to the next by their index, and of no version more than one award
        found = select(_first(site).label("version")).cte("found", recursive=True)
        further = select(_first(site, after=found.c.version))
        found = found.union_all(further.where(found.c.version.is_not(None)))
        versions = select(found.c.version).where(found.c.version.is_not(None))
        return frozenset(self._connection.scalars(versions))


def _first(site: str, *, after: ColumnElement[str] | None = None) -> ScalarSelect[str]:
    """The first version of awards that are not over, or the first ``after`` another one."""
    one = select(award.c.rules_version).where(award.c.site == site, NOT_OVER)
    if after is not None:
        one = one.where(award.c.rules_version > after)
    return one.order_by(award.c.rules_version).limit(1).correlate_except(award).scalar_subquery()
