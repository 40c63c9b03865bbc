"""What Prometheus reads: every number with its meaning, and the text of them all."""

from badgejobs.metrics.exposition import exposed
from badgejobs.metrics.figures import Figures, quantile

__all__ = ["Figures", "exposed", "quantile"]
