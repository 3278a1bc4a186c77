"""Evaluation of a published network on a dataset that it was not trained on."""

from collections.abc import Callable

import numpy as np

from analysis.metrics import compute_metrics
from imaging.resize import Shape
from models_store.artifacts import write_manifest
from models_store.evaluations.evaluation import CrossDatasetEvaluation, Metrics, write_cross_dataset_evaluation
from models_store.evaluations.predictions import build_predictions_from, write_predictions
from models_store.evaluations.record import SamplesDone
from models_store.experiments.points import MetricValues
from models_store.models.serving_info import ServingInfo, read_serving_info
from specs.dataset import Dataset
from specs.evaluation import incompatibility
from specs.splits import EvaluatedSplit
from worker.data import DatasetUnavailable, Indices, Labels, Source, load_dataset
from worker.evaluation.calibration import measure_calibration
from worker.evaluation.published_network import PublishedNetwork
from worker.jobs.messages import EvaluationJob


def evaluate(job: EvaluationJob, advance: Callable[[SamplesDone], None]) -> MetricValues:
    """Write metrics, predictions and their manifest into `job.staged`; return some of the metrics, for lists.

    Raises DatasetUnavailable, NotFound, Damaged, OSError.
    """
    info = read_serving_info(job.artifacts)
    network = PublishedNetwork(job.artifacts, info)
    form = info.digit_form if job.prep == "auto" else None
    source = load_dataset(job.facts, job.datasets_dir, job.uploaded, _image_shape(job.facts, info), info.resize, form)
    samples = _samples(source, job.split)
    truth = _relabel(source.labels[samples], job.facts, info)
    predicted = network.predict(source.read, samples, lambda done: advance(SamplesDone(done=done, total=len(samples))))
    evaluation = CrossDatasetEvaluation(
        **dict(compute_metrics(predicted, truth, info.labels)),
        dataset=job.facts.name,
        split=job.split,
        prep=job.prep,
        calibration=measure_calibration(predicted, truth, info.temperature),
    )
    predictions = build_predictions_from(
        samples, truth, predicted, info.image_shape, lambda rows: source.read(samples[rows])
    )
    write_cross_dataset_evaluation(job.staged, evaluation)
    write_predictions(job.staged, job.split, predictions, hides_count=job.hidden)
    write_manifest(job.staged)
    return _summary(evaluation)


def _image_shape(dataset: Dataset, info: ServingInfo) -> Shape:
    """Of the network's input. The dataset may have been replaced by another upload since the evaluation was posted."""
    problem = incompatibility(dataset, info.labels, info.takes_images)
    if problem is not None:
        raise DatasetUnavailable(problem)
    height, width, channels = info.image_shape  # type: ignore[misc] # the network takes images
    return height, width, channels


def _samples(source: Source, split: EvaluatedSplit) -> Indices:
    return np.arange(len(source.labels)) if split == "all" else source.indices(split)


def _relabel(labels: Labels, dataset: Dataset, info: ServingInfo) -> Labels:
    """Class indices in the order of the network's classes, which are matched by name."""
    places = {name: place for place, name in enumerate(info.labels)}
    return np.array([places[name] for name in dataset.classes], dtype=np.int64)[labels]


def _summary(metrics: Metrics) -> MetricValues:
    return {
        "loss": metrics.loss,
        "accuracy": metrics.accuracy,
        "balanced_accuracy": metrics.balanced_accuracy,
        "top_3_accuracy": metrics.top_3_accuracy,
        "macro_f1": metrics.macro.f1,
    }
