"""Which sites are worked for: the configured and the added ones, less the suspended."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, exists, or_

from badgejobs.store.fleet_tables import site, standing


def served(name: ColumnElement[str], configured: Collection[str]) -> ColumnElement[bool]:
    """Whether the site in this column is to be worked for now.

    ``configured`` are those of our configuration file. Others may be another configuration's,
    unless they stand in the database, which every worker serves.
    """
    known = or_(name.in_(sorted(configured)), exists().where(site.c.name == name))
    suspended = exists().where(standing.c.site == name, standing.c.suspended_at.is_not(None))
    return and_(known, ~suspended)
