"""Settings in, House out: the only room that knows every class."""

from badgejobs.bootstrap.house import House, SiteHouse, open_house
from badgejobs.bootstrap.told import told_rules
from badgejobs.sources.installed import SourceFactory, found_sources

__all__ = ["House", "SiteHouse", "SourceFactory", "found_sources", "open_house", "told_rules"]
