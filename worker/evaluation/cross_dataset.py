"""How good a published network is on a dataset that it was not trained on."""

from collections.abc import Callable

import numpy as np

from imaging.resize import Shape
from models_store.artifacts import write_manifest
from models_store.evaluations.evaluation import CrossDatasetEvaluation, Metrics, write_cross_dataset_evaluation
from models_store.evaluations.predictions import predictions_on, write_predictions
from models_store.evaluations.record import SamplesDone
from models_store.experiments.record import MetricValues
from models_store.models.serving_info import ServingInfo, read_serving_info
from specs.dataset import Dataset
from specs.evaluation import incompatibility
from specs.splits import EvaluatedSplit
from worker.data import DatasetUnavailable, Indices, Labels, Source, whole
from worker.evaluation.calibration import calibrate
from worker.evaluation.messages import EvaluationJob
from worker.evaluation.metrics import compute_metrics
from worker.evaluation.published_network import Network


def evaluate(job: EvaluationJob, advance: Callable[[SamplesDone], None]) -> MetricValues:
    """Write metrics, predictions and their manifest into `job.staged`; return some of the metrics, for lists.

    Raises DatasetUnavailable, NotFound, Damaged, OSError.
    """
    info = read_serving_info(job.artifacts)
    network = Network(job.artifacts, info)
    source = whole(job.facts, job.datasets_dir, job.uploaded, _image_shape(job.facts, info), info.resize)
    samples = _samples(source, job.split)
    truth = _relabelled(source.labels[samples], job.facts, info)
    answered = network.answers(source.read, samples, lambda done: advance(SamplesDone(done=done, total=len(samples))))
    evaluation = CrossDatasetEvaluation(
        **dict(compute_metrics(answered, truth, info.labels)),
        dataset=job.facts.name,
        split=job.split,
        calibration=calibrate(answered, truth, info.temperature),
    )
    predictions = predictions_on(samples, truth, answered, info.image_shape, lambda rows: source.read(samples[rows]))
    write_cross_dataset_evaluation(job.staged, evaluation)
    write_predictions(job.staged, job.split, predictions)
    write_manifest(job.staged)
    return _summary(evaluation)


def _image_shape(dataset: Dataset, info: ServingInfo) -> Shape:
    """That of the network's input. What was posted on another upload of this name need not fit this one."""
    problem = incompatibility(dataset, info.labels, info.takes_images)
    if problem is not None:
        raise DatasetUnavailable(problem)
    height, width, channels = info.image_shape  # type: ignore[misc] # of a network that takes images
    return height, width, channels


def _samples(source: Source, split: EvaluatedSplit) -> Indices:
    first = source.training if split == "test" else 0
    end = source.training if split == "train" else len(source.labels)
    return np.arange(first, end)


def _relabelled(labels: Labels, dataset: Dataset, info: ServingInfo) -> Labels:
    """Class indices in the order of the network's classes, which are found by name."""
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
