"""The laws of a source, for the authors of plug-ins and for ours: ``check_source``."""

from badgejobs.testing.checking import check_source
from badgejobs.testing.laws import Law, LawBroken
from badgejobs.testing.world import CANARY, World

__all__ = ["CANARY", "Law", "LawBroken", "World", "check_source"]
