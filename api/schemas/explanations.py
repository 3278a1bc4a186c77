"""Answers about why a network answered what it did."""

from api.schemas.answer import Answer
from serving.answering_model import AnsweringModel
from serving.explanations.explanation import Occlusion


class ExplanationView(Answer):
    """The `explanation` of an answer of `model`."""

    model: AnsweringModel
    explanation: Occlusion
    duration_ms: float
