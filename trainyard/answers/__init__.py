"""Typed answers of the API, one module per noun. Every member is described in the API's own document, at `/docs`."""

from trainyard.answers.base import Answer, ItemList
from trainyard.answers.comparisons import Comparison, Lineage, Provenance, Reproduction
from trainyard.answers.datasets import Dataset, DatasetRecord
from trainyard.answers.diagnosis import Finding
from trainyard.answers.evaluations import ConfusionMatrix, Evaluation, EvaluationRecord, EvaluationView, Mistake
from trainyard.answers.events import Change, EpochEnd, Event, ProgressUpdate, StatusChange, StreamEnd
from trainyard.answers.experiments import (
    Experiment,
    ExperimentFile,
    ExperimentSummary,
    History,
    Pruning,
    SummaryPage,
)
from trainyard.answers.explanations import Explanation, Occlusion
from trainyard.answers.keys import Key, NewKey
from trainyard.answers.models import AnsweringModel, Promotion, ServingModel, ServingTraffic
from trainyard.answers.predictions import BatchLine, LabeledPrediction, LabeledSample, Prediction, Predictions
from trainyard.answers.service import DiskUse, Queue, Worker
from trainyard.answers.specs import Preset, Validation
from trainyard.answers.sweeps import Sweep, SweepPlan, SweepSummary, Trial
from trainyard.answers.webhooks import Delivery, NewWebhook, Webhook

__all__ = [
    "Answer",
    "AnsweringModel",
    "BatchLine",
    "Change",
    "Comparison",
    "ConfusionMatrix",
    "Dataset",
    "DatasetRecord",
    "Delivery",
    "DiskUse",
    "EpochEnd",
    "Evaluation",
    "EvaluationRecord",
    "EvaluationView",
    "Event",
    "Experiment",
    "ExperimentFile",
    "ExperimentSummary",
    "Explanation",
    "Finding",
    "History",
    "ItemList",
    "Key",
    "LabeledPrediction",
    "LabeledSample",
    "Lineage",
    "Mistake",
    "NewKey",
    "NewWebhook",
    "Occlusion",
    "Prediction",
    "Predictions",
    "Preset",
    "ProgressUpdate",
    "Promotion",
    "Provenance",
    "Pruning",
    "Queue",
    "Reproduction",
    "ServingModel",
    "ServingTraffic",
    "StatusChange",
    "StreamEnd",
    "SummaryPage",
    "Sweep",
    "SweepPlan",
    "SweepSummary",
    "Trial",
    "Validation",
    "Webhook",
    "Worker",
]
