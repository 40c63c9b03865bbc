"""Files of activities that people bring along: CSV or JSON Lines in, the facts of members out."""

from badgejobs.rules.activities.gathering import Activities, gathered

__all__ = ["Activities", "gathered"]
