"""The numbers in the forms that Prometheus reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from badgejobs.core.totals import Key
from badgejobs.metrics import families
from badgejobs.metrics.figures import Figures


def exposed(figures: Figures, *, accept: str) -> tuple[bytes, str]:
    """All numbers and their content type, in the form that the ``Accept`` of a request prefers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found(figures))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Found(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        figures = self._figures
        for gauge in families.GAUGES:
            told = GaugeMetricFamily(
                families.PREFIX + gauge.name, gauge.meaning, labels=gauge.labels
            )
            for values, number in gauge.points(figures):
                told.add_metric(values, number)
            yield told
        for counter in families.COUNTERS:
            yield _counter(counter, figures.totals)
        for histogram in families.HISTOGRAMS:
            yield _histogram(histogram, figures.totals)


def _counter(counter: families.Counter, totals: Mapping[Key, int]) -> Metric:
    told = CounterMetricFamily(
        families.PREFIX + counter.name, counter.meaning, labels=counter.labels
    )
    for (name, labels), total in sorted(totals.items()):
        if name == counter.total:
            values = dict(labels)
            told.add_metric(
                [values.get(label, "") for label in counter.labels], total / counter.divisor
            )
    return told


def _histogram(histogram: families.Histogram, totals: Mapping[Key, int]) -> Metric:
    spread = histogram.spread
    within = defaultdict[tuple[str, ...], dict[str, int]](dict)
    sums = dict[tuple[str, ...], int]()
    for (name, labels), total in totals.items():
        values = dict(labels)
        point = tuple(values.get(label, "") for label in histogram.labels)
        if name == spread.within:
            within[point][values.get("le", "")] = total
        elif name == spread.sum_ms:
            sums[point] = total
    told = HistogramMetricFamily(
        families.PREFIX + histogram.name, histogram.meaning, labels=histogram.labels
    )
    if not histogram.labels:
        within.setdefault((), {})
    for point, steps in sorted(within.items()):
        reached, buckets = 0, list[tuple[str, float]]()
        for step in spread.labels:
            reached += steps.get(step, 0)
            buckets.append((step, reached))
        told.add_metric(point, buckets, sums.get(point, 0) / 1000)
    return told
