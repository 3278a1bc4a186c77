"""Specs of short trainings: with one known fault each, and drawn at random from all that a beginner may combine."""

from typing import Any, NamedTuple

import numpy as np

Document = dict[str, Any]
Layers = list[Document]


class Case(NamedTuple):
    """`fault` is what was done wrong on purpose, "" if nothing was."""

    name: str
    fault: str
    document: Document


def _dense(units: int, activation: str = "relu", **more: Any) -> Document:
    return {"type": "Dense", "units": units, "activation": activation, **more}


def _conv(filters: int, **more: Any) -> Document:
    return {"type": "Conv2D", "filters": filters, "kernel_size": 3, "padding": "same", "activation": "relu", **more}


_FLAT: Document = {"type": "Flatten"}
_POOL: Document = {"type": "MaxPooling2D"}
_NORM: Document = {"type": "BatchNormalization"}
_LAST: Document = {"type": "Dense"}

# By name: layers between the input and the last Dense, for images.
IMAGE_NETWORKS: dict[str, Layers] = {
    "linear": [_FLAT],
    "dense": [_FLAT, _dense(32)],
    "wide": [_FLAT, _dense(256)],
    "deep": [_FLAT, _dense(32), _dense(32), _dense(32)],
    "sigmoid": [_FLAT, _dense(32, "sigmoid"), _dense(32, "sigmoid"), _dense(32, "sigmoid")],
    "narrow": [_FLAT, _dense(2)],
    "dropout": [_FLAT, _dense(64), {"type": "Dropout", "rate": 0.5}],
    "all dropout": [_FLAT, _dense(32), {"type": "Dropout", "rate": 0.9}],
    "l2": [_FLAT, _dense(32, kernel_regularizer={"l2": 0.3})],
    "dense bn": [_FLAT, _dense(32), _NORM],
    "quick bn": [_FLAT, _dense(32), {**_NORM, "momentum": 0.8}],
    "conv": [_conv(8), _POOL, _FLAT],
    "conv bn": [_conv(8), _NORM, _POOL, _conv(16), _NORM, _FLAT],
    "conv dropout": [_conv(8), _POOL, {"type": "Dropout", "rate": 0.25}, _FLAT, _dense(32)],
}
FEATURE_NETWORKS: dict[str, Layers] = {
    "linear": [],
    "dense": [_dense(16)],
    "deep": [_dense(16), _dense(16), _dense(16)],
    "narrow": [_dense(1)],
    "dense bn": [_dense(16), _NORM],
    "sigmoid": [_dense(8, "sigmoid"), _dense(8, "sigmoid")],
}
_DIGITS: Document = {"name": "digits"}
_MNIST: Document = {"name": "mnist", "limit_per_class": 60, "split": {"test": 0.2}}


def few(per_class: int) -> Document:
    return {**_DIGITS, "limit_per_class": per_class, "split": {"validation": 0.3, "test": 0.3}}


def overlapping(std: float, samples: int = 400) -> Document:
    return {"name": "blobs", "blobs": {"n_samples": samples, "cluster_std": std}}


def document(dataset: Document, layers: Layers, scale: str = "unit", seed: int = 0, **training: Any) -> Document:
    return {
        "dataset": dataset,
        "preprocessing": {"scale": scale},
        "model": {"layers": [*layers, _LAST]},
        # What went wrong at the end would not show in the best epoch.
        "training": {"batch_size": 32, "seed": seed, "keep": "last", **training},
    }


def _rate(kind: str, rate: Any) -> Document:
    return {"type": kind, "learning_rate": rate}


def planted(seed: int) -> list[Case]:
    """One of each fault, in a form that depends on `seed`, and the same without the fault."""
    generator = np.random.default_rng([1, seed])
    images = _DIGITS if seed % 2 else _MNIST
    good = IMAGE_NETWORKS[["dense", "conv", "wide"][seed % 3]]
    adam = ("Adam", "RMSprop", "AdamW")[seed % 3]

    def any_of(*values: float) -> float:
        return float(generator.choice(values))

    cases = {
        "none": document(images, good, epochs=20, batch_size=16),
        "rate far too low": document(images, good, epochs=8, optimizer=_rate("SGD", any_of(1e-7, 1e-6, 1e-5))),
        "rate too low": document(images, good, epochs=12, optimizer=_rate(adam, any_of(1e-5, 2e-5, 4e-5))),
        "rate too high": document(images, good, epochs=12, optimizer=_rate(adam, any_of(0.3, 1.0, 3.0))),
        "rate explodes": document(images, good, "none", epochs=6, optimizer=_rate("SGD", any_of(10, 1e3, 1e4))),
        "raw pixels": document(images, good, "none", epochs=10, optimizer=_rate("SGD", any_of(0.1, 0.3))),
        "too narrow": document(images, IMAGE_NETWORKS["narrow"], epochs=30, optimizer=_rate("Adam", 0.01)),
        "too much dropout": document(images, IMAGE_NETWORKS["all dropout"], epochs=20),
        "too regularized": document(images, IMAGE_NETWORKS["l2"], epochs=20),
        "few samples": document(few(int(any_of(8, 12, 16))), IMAGE_NETWORKS["wide"], epochs=60, batch_size=8),
        "too short": document(images, good, epochs=int(any_of(4, 5)), optimizer=_rate("Adam", 3e-4)),
        "too long": document(_DIGITS, good, epochs=60, batch_size=16),
        "cold statistics": document(
            {"name": "mnist", "limit_per_class": 60}, IMAGE_NETWORKS["conv bn"], epochs=6, batch_size=128
        ),
        "hard classes": document(overlapping(any_of(6, 10, 20)), FEATURE_NETWORKS["dense"], "none", epochs=30),
    }
    return [
        Case(f"{fault}/{seed}", "" if fault == "none" else fault, _seeded(body, seed)) for fault, body in cases.items()
    ]


def _seeded(body: Document, seed: int) -> Document:
    return {**body, "training": {**body["training"], "seed": seed}}


def drawn(seed: int) -> Case:
    """Any combination."""
    generator = np.random.default_rng([2, seed])

    def one_of(*options: Any) -> Any:
        return options[int(generator.integers(len(options)))]

    kind = one_of("digits", "digits", "few", "classes", "mnist", "blobs", "blobs")
    dataset = {
        "digits": _DIGITS,
        "few": few(int(generator.integers(8, 40))),
        "classes": {**_DIGITS, "classes": sorted(generator.permutation(10)[: one_of(2, 3, 5)].tolist())},
        "mnist": {**_MNIST, "limit_per_class": one_of(20, 50, 100)},
        "blobs": overlapping(float(generator.uniform(0.5, 6)), one_of(200, 500, 1_000)),
    }[kind]
    networks = FEATURE_NETWORKS if kind == "blobs" else IMAGE_NETWORKS
    network = one_of(*networks)
    epochs = one_of(3, 5, 8, 12, 20, 30)
    optimizer = one_of("Adam", "Adam", "SGD", "RMSprop", "AdamW", "Nadam")
    rate: Any = float(f"{10 ** generator.uniform(-5, 0.5):.2g}")
    if generator.random() < 0.4:  # as most would choose it
        rate = 0.01 if optimizer == "SGD" else 0.001
    if generator.random() < 0.15:
        rate = one_of(
            {"type": "OneCycle", "max_learning_rate": 0.01},
            {"type": "CosineDecay", "initial_learning_rate": 0.005},
            {"type": "ExponentialDecay", "initial_learning_rate": 0.005, "decay_rate": 0.1},
        )
    training: Document = {"epochs": epochs, "optimizer": _rate(optimizer, rate), "batch_size": one_of(8, 16, 32, 64)}
    if generator.random() < 0.15:
        training |= {"early_stopping": {"patience": 3}, "keep": "best"}
    if generator.random() < 0.1:
        training["loss"] = {"type": "CategoricalCrossentropy", "label_smoothing": 0.1}
    if generator.random() < 0.1:
        training["class_weight"] = "balanced"
    body = document(dataset, networks[network], one_of("unit", "unit", "none", "standardize"), **training)
    if kind == "blobs":
        body["preprocessing"] = {"scale": "none"}
    elif generator.random() < 0.15:
        body["augmentation"] = {"layers": [{"type": "RandomTranslation", "height_factor": 0.1, "width_factor": 0.1}]}
    return Case(f"{kind}, {network}, {optimizer} {rate if isinstance(rate, float) else rate['type']}/{seed}", "", body)
