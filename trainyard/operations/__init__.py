"""Requests and answers of the API, one module per noun: defined once, sent by both clients."""

from trainyard.operations import (
    datasets,
    evaluations,
    experiments,
    figures,
    keys,
    models,
    owners,
    service,
    sweeps,
    webhooks,
)

__all__ = [
    "datasets",
    "evaluations",
    "experiments",
    "figures",
    "keys",
    "models",
    "owners",
    "service",
    "sweeps",
    "webhooks",
]
