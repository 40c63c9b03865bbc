"""From checked rules to the values that core evaluates."""

from badgejobs.rules.compiling.rulesets import compiled

__all__ = ["compiled"]
