"""badgejobs gives the members of Wix sites the badges that they earned."""

__version__ = "0.1.0"
