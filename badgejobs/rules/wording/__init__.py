"""Rules in plain words: what is compiled, told so that nothing that changes an answer is unsaid."""

from badgejobs.rules.wording.conditions import in_words
from badgejobs.rules.wording.milestones import described

__all__ = ["described", "in_words"]
