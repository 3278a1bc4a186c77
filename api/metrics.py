"""Prometheus metrics: requests and predictions of the processes of one server, experiments and queue of the store."""

import os
import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Self

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from api.processes import Sibling
from models_store.errors import Unavailable
from models_store.statistics import store_statistics
from models_store.store import Store
from serving.served_model import ServedModel
from specs.dataset import DATASETS

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ANSWERED = "answered"
_MODEL, _PRIVATE, _NONE = "model", "private", "none"


class StoreCollector(Collector):
    """Reads the store at each scrape; only `trainyard_store_up 0` while Redis is unreachable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("trainyard_store_up", "Whether the live view answers")
        try:
            now = store_statistics(self._store.experiments, self._store.queue, self._store.workers)
        except Unavailable:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        experiments = GaugeMetricFamily("training_experiments_total", "Experiments in the store", labels=["status"])
        for status, count in now.experiments.items():
            experiments.add_metric([status], count)
        yield experiments
        rejected = CounterMetricFamily("quota_rejections", "Requests beyond a quota", labels=["quota"])
        for quota, count in self._store.quotas.rejections.items():
            rejected.add_metric([quota], count)
        yield rejected
        yield GaugeMetricFamily(
            "training_workers", "Workers whose heartbeat reached Redis in the last 15 s", now.workers
        )
        draining = "Workers of these that drain: they start nothing more"
        yield GaugeMetricFamily("training_workers_draining", draining, now.draining_workers)
        yield GaugeMetricFamily("training_queue_depth", "Wake-ups that wait for a worker", now.queue_depth)
        discarded = "Messages in Redis that were none of this service's"
        yield CounterMetricFamily("discarded_messages", discarded, now.discarded_messages)
        durations = HistogramMetricFamily("training_epoch_duration_seconds", "Seconds that an epoch took")
        durations.add_metric([], buckets=now.epoch_buckets, sum_value=now.epoch_seconds)
        yield durations


class Metrics(Collector):
    """The metrics of one application, in their own `registry`; of one of several processes, the counts of all of them
    are in `scraped`."""

    def __init__(self, store: Store, sibling: Sibling | None = None) -> None:
        self.traffic = store.traffic
        self._datasets = store.datasets
        self.registry = self.scraped = CollectorRegistry()
        if sibling is not None:
            self.scraped = _count_in_files(sibling)
        self.scraped.register(StoreCollector(store))
        self._shown = CollectorRegistry()
        self._shown.register(self)
        self.requests = Histogram(
            "http_server_request_duration_seconds",
            "Seconds until a request was answered",
            ["http_request_method", "http_route", "http_response_status_code"],
            buckets=_FAST,
            registry=self.registry,
        )
        self.predictions = Counter(
            "prediction_requests", "Requests for a prediction", [_MODEL, "outcome"], registry=self.registry
        )
        self.prediction_seconds = Histogram(
            "prediction_duration_seconds",
            "Seconds from the request's body to its answer",
            buckets=_FAST,
            registry=self.registry,
        )
        self.batch_images = Counter(
            "batch_images", "Images of POST /predict:batch", [_MODEL, "outcome"], registry=self.registry
        )
        self.limited = Counter("rate_limited_requests", "Requests answered with 429", ["limit"], registry=self.registry)
        # Looking up a label takes as long as counting; the caches live as long as this object.
        self._timer = cache(lambda method, route, status: self.requests.labels(method, route, str(status)))
        self._counter = cache(self.predictions.labels)

    def counted_prediction(self) -> "CountedPrediction":
        """Count one request for a prediction, under the model that answered, and time it."""
        return CountedPrediction(self)

    def count_prediction(self, model: ServedModel | None, outcome: str, seconds: float) -> None:
        self._counter(_label(model), outcome).inc()
        self.prediction_seconds.observe(seconds)
        if model and outcome == _ANSWERED:
            self.traffic.count_request(model.id)

    def count_batch(self, model: ServedModel, outcome: str, images: int) -> None:
        self.batch_images.labels(_label(model), outcome).inc(images)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        self._timer(method, route, status).observe(seconds)

    def render(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self._shown)

    def collect(self) -> Iterator[Metric]:
        """What is scraped. What was counted under the name of a dataset that has become private, or is gone, has it no
        longer."""
        for family in self.scraped.collect():
            if family.samples and _MODEL in family.samples[0].labels:
                family.samples = self._hide_names(family.samples)
            yield family

    def _hide_names(self, samples: Iterable[Sample]) -> list[Sample]:
        public = {name for name in self._datasets.names() if not self._datasets.privacy(name).private}
        named = public | DATASETS.keys() | {_NONE}
        shown: dict[tuple[str, ...], Sample] = {}
        for each in samples:
            labels = each.labels if each.labels[_MODEL] in named else {**each.labels, _MODEL: _PRIVATE}
            same = (each.name, *labels.values())
            counted = shown[same].value if same in shown and each.name.endswith("_total") else 0.0
            shown[same] = each._replace(labels=labels, value=each.value + counted)
        return list(shown.values())


def _count_in_files(sibling: Sibling) -> CollectorRegistry:
    """Have metrics that this process creates from now on lie in files that all siblings read; the registry that reads
    them. Under the number of the process, not its id: a successor counts on, so that no sum ever falls."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(sibling.folder)  # which prometheus_client reads
    values.ValueClass = values.MultiProcessValue(lambda: sibling.number)  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(sibling.folder))  # type: ignore[no-untyped-call]
    return registry


class CountedPrediction:
    """Context of one request for a prediction: answered, if the block ends without an error."""

    __slots__ = ("_metrics", "_started", "model")

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.model: ServedModel | None = None

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        outcome = _ANSWERED if error is None else "error"
        self._metrics.count_prediction(self.model, outcome, time.perf_counter() - self._started)


def _label(model: ServedModel | None) -> str:
    """Names of private datasets are nobody else's."""
    if model is None:
        return _NONE
    return _PRIVATE if model.record.private else model.info.dataset
