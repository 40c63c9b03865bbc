"""The rules file: safe YAML in, milestones out."""

from badgejobs.rules.file import RulesFile
from badgejobs.rules.loader import Reading, load_rules, parse_rules, read_rules, read_text
from badgejobs.rules.setting import NO_CURRENCY, SiteDefaults
from badgejobs.rules.wording import described, in_words

__all__ = [
    "NO_CURRENCY", "Reading", "RulesFile", "SiteDefaults", "described", "in_words", "load_rules",
    "parse_rules", "read_rules", "read_text",
]  # fmt: skip
