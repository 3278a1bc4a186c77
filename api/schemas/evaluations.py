"""Evaluations on other datasets, and lists of misclassified samples."""

from analysis.misclassified import Misclassified
from api.schemas.answer import Answer, ItemList
from models_store.evaluations.evaluation import CrossDatasetEvaluation
from models_store.evaluations.record import EvaluationRecord


class EvaluationView(EvaluationRecord):
    """The record with its `evaluation`, null until it has succeeded."""

    evaluation: CrossDatasetEvaluation | None


class EvaluationList(ItemList[EvaluationRecord]):
    """The last evaluation on each dataset."""


class MisclassifiedList(Answer):
    """Some of `total` misclassified samples."""

    items: list[Misclassified]
    total: int
    next_cursor: None = None
