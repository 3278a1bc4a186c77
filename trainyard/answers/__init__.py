"""Typed answers of the API, one module per noun. Every member is described in the API's own document, at `/docs`."""

from trainyard.answers.base import Answer, ItemList
from trainyard.answers.comparisons import Comparison, Lineage
from trainyard.answers.datasets import Dataset, DatasetRecord
from trainyard.answers.diagnosis import Finding
from trainyard.answers.evaluations import ConfusionMatrix, Evaluation, EvaluationRecord, EvaluationView, Mistake
from trainyard.answers.events import EpochEnd, Event, ProgressUpdate, StatusChange, StreamEnd
from trainyard.answers.experiments import Experiment, History
from trainyard.answers.models import AnsweringModel, ServingModel
from trainyard.answers.predictions import BatchLine, LabeledPrediction, Prediction, Predictions
from trainyard.answers.specs import Preset, Validation

__all__ = [
    "Answer",
    "AnsweringModel",
    "BatchLine",
    "Comparison",
    "ConfusionMatrix",
    "Dataset",
    "DatasetRecord",
    "EpochEnd",
    "Evaluation",
    "EvaluationRecord",
    "EvaluationView",
    "Event",
    "Experiment",
    "Finding",
    "History",
    "ItemList",
    "LabeledPrediction",
    "Lineage",
    "Mistake",
    "Prediction",
    "Predictions",
    "Preset",
    "ProgressUpdate",
    "ServingModel",
    "StatusChange",
    "StreamEnd",
    "Validation",
]
