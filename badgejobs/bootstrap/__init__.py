"""Settings in, House out: the only room that knows every class."""

from badgejobs.bootstrap.house import House, SiteHouse, SourceFactory, found_sources, open_house

__all__ = ["House", "SiteHouse", "SourceFactory", "found_sources", "open_house"]
