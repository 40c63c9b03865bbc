"""Files of cases: given these activities, expect these badges at these times."""

from badgejobs.rules.cases.loading import load_cases
from badgejobs.rules.cases.running import CaseResult, Mismatch, run

__all__ = ["CaseResult", "Mismatch", "load_cases", "run"]
