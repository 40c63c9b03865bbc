"""The rules file: safe YAML in, milestones out."""

from badgejobs.rules.file import RulesFile
from badgejobs.rules.loader import load_rules, parse_rules
from badgejobs.rules.words import in_words

__all__ = ["RulesFile", "in_words", "load_rules", "parse_rules"]
