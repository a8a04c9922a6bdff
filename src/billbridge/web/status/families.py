"""The metrics' names, types and help texts, and how the figures become what Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from billbridge import __version__
from billbridge.operations.metric_values import Labels, Metrics

Numbers = Mapping[Labels, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric: what it is called, what it tells, and where its numbers stand."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    numbers: Callable[[Metrics], Numbers]
    is_counter: bool = False

    def filled(self, metrics: Metrics) -> Metric:
        """The metric with its numbers."""
        kind = CounterMetricFamily if self.is_counter else GaugeMetricFamily
        family = kind(self.name, self.help, labels=self.labels)
        for labels, number in sorted(self.numbers(metrics).items()):
            family.add_metric(labels, number)
        return family


def _one(number: float) -> Numbers:
    """A number of the whole installation."""
    return {(): number}


FAMILIES = (
    Family(
        name="billbridge_runs",
        help="Syncs with HaloPSA that ended, by how they ended.",
        labels=("provider", "trigger", "state"),
        numbers=lambda metrics: metrics.runs_ended,
        is_counter=True,
    ),
    Family(
        name="billbridge_runs_running",
        help="Syncs with HaloPSA that have not ended.",
        labels=("provider", "trigger"),
        numbers=lambda metrics: metrics.runs_running,
    ),
    Family(
        name="billbridge_last_sync_age_seconds",
        help="Seconds since a sync with HaloPSA was last done as a whole; +Inf if never.",
        labels=("provider",),
        numbers=lambda metrics: metrics.last_sync_age,
    ),
    Family(
        name="billbridge_changes",
        help="Planned changes of which it is known what became of them.",
        labels=("provider", "kind", "state"),
        numbers=lambda metrics: metrics.changes_settled,
        is_counter=True,
    ),
    Family(
        name="billbridge_changes_unsettled",
        help="Planned changes that are not read back: of a run at work, or of one that was cut short.",
        labels=("provider", "kind", "state"),
        numbers=lambda metrics: metrics.changes_unsettled,
    ),
    Family(
        name="billbridge_halopsa_calls",
        help="Calls to HaloPSA that the limiter let through.",
        labels=("provider", "kind"),
        numbers=lambda metrics: metrics.calls.made,
        is_counter=True,
    ),
    Family(
        name="billbridge_halopsa_limited_calls",
        help="Calls that HaloPSA answered with 429 and did not execute.",
        labels=("provider",),
        numbers=lambda metrics: metrics.calls.limited,
        is_counter=True,
    ),
    Family(
        name="billbridge_halopsa_window_calls",
        help="Calls to HaloPSA that count against the limit now.",
        labels=("provider",),
        numbers=lambda metrics: metrics.calls.in_window,
    ),
    Family(
        name="billbridge_halopsa_window_limit_calls",
        help="Calls to HaloPSA that the connection's setting allows within its window.",
        labels=("provider",),
        numbers=lambda metrics: metrics.calls.allowed,
    ),
    Family(
        name="billbridge_halopsa_blocked_seconds",
        help="Seconds for which no call to HaloPSA is made because it answered 429; 0 if it did not.",
        labels=("provider",),
        numbers=lambda metrics: metrics.calls.blocked,
    ),
    Family(
        name="billbridge_tasks",
        help="Tasks that are not finished: queued, waiting for another try, or running.",
        labels=("provider", "kind", "state"),
        numbers=lambda metrics: metrics.queue.tasks,
    ),
    Family(
        name="billbridge_oldest_task_age_seconds",
        help="Seconds for which the oldest task that could run has waited; 0 if there is none.",
        numbers=lambda metrics: _one(metrics.queue.oldest),
    ),
    Family(
        name="billbridge_task_attempts",
        help="Attempts of tasks that were handed out, those that found others at work included.",
        labels=("provider", "kind"),
        numbers=lambda metrics: metrics.attempts,
        is_counter=True,
    ),
    Family(
        name="billbridge_workers",
        help="Workers that were heard of within their lease.",
        numbers=lambda metrics: _one(metrics.workers),
    ),
    Family(
        name="billbridge_collections",
        help="Collections of a section of a source, by how they ended.",
        labels=("provider", "source", "section", "state"),
        numbers=lambda metrics: metrics.collections,
        is_counter=True,
    ),
    Family(
        name="billbridge_last_collection_age_seconds",
        help="Seconds since the last collection that came in whole began; +Inf if none ever did.",
        labels=("provider", "source", "section"),
        numbers=lambda metrics: metrics.last_collection_age,
    ),
    Family(
        name="billbridge_bills",
        help="Bills of the last and of the running month.",
        labels=("provider", "month", "state"),
        numbers=lambda metrics: metrics.bills,
    ),
    Family(
        name="billbridge_notice_deliveries",
        help="Deliveries of notices through their channels.",
        labels=("provider", "state"),
        numbers=lambda metrics: metrics.deliveries,
    ),
    Family(
        name="billbridge_drift_findings",
        help="What was changed in HaloPSA since the last sync, by the daily check, and still is so.",
        labels=("provider",),
        numbers=lambda metrics: metrics.drift,
    ),
)
UP = "billbridge_up"
BUILD = "billbridge_build"


class _Scrape(Collector):
    """One answer: what does not need the database, and the rest where it answers."""

    def __init__(self, metrics: Metrics | None) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily(BUILD, "The program's version.", value={"version": __version__})
        yield GaugeMetricFamily(
            UP,
            "Whether the database answers and is of this program's version.",
            value=0 if self._metrics is None else 1,
        )
        if self._metrics is not None:
            yield from _filled(FAMILIES, self._metrics)


def _filled(families: Iterable[Family], metrics: Metrics) -> Iterator[Metric]:
    return (family.filled(metrics) for family in families)


def exposition(metrics: Metrics | None, accept: str) -> tuple[bytes, str]:
    """The answer to a scraper that accepts some formats, and its content type; `None`: the database is away."""
    encode, content_type = choose_encoder(accept)
    return encode(_Scrape(metrics)), content_type
