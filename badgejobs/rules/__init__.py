"""The rules file: safe YAML in, milestones out."""

from badgejobs.rules.loader import load_rules, parse_rules
from badgejobs.rules.setting import SiteDefaults
from badgejobs.rules.wording import described, in_words

__all__ = ["SiteDefaults", "described", "in_words", "load_rules", "parse_rules"]
