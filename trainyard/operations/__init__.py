"""Requests and answers of the API, one module per noun: defined once, sent by both clients."""

from trainyard.operations import datasets, evaluations, experiments, figures, models

__all__ = ["datasets", "evaluations", "experiments", "figures", "models"]
