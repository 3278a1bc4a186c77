"""Requests and answers of the API, one module per noun: defined once, sent by both clients."""

from trainyard.operations import (
    assignments,
    classes,
    datasets,
    evaluations,
    experiments,
    explanations,
    figures,
    keys,
    models,
    owners,
    service,
    sweeps,
    webhooks,
)

__all__ = [
    "assignments",
    "classes",
    "datasets",
    "evaluations",
    "experiments",
    "explanations",
    "figures",
    "keys",
    "models",
    "owners",
    "service",
    "sweeps",
    "webhooks",
]
