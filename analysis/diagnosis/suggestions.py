"""Suggested changes of a spec, as JSON merge patches."""

from collections.abc import Iterable
from typing import Any

from analysis.diagnosis.finding import Suggestion
from analysis.diagnosis.training_run import TrainingRun
from specs.dataset import DATASETS
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.layers import BatchNormalization, Layer, layer_document
from specs.merge_patch import merge_difference, merge_patch
from specs.network_builder import complete_layers
from specs.presets import PRESETS

Change = dict[str, Any]

# So little changes neither a digit into another one (specs/advice/augmentation.py) nor what a photograph shows.
_SMALL_SHIFT = {"type": "RandomTranslation", "height_factor": 0.08, "width_factor": 0.08}
_SMALL_ROTATION = {"type": "RandomRotation", "factor": 0.03}
_MIRROR = {"type": "RandomFlip", "mode": "horizontal"}
# Datasets whose images mean the same mirrored. Of uploaded ones this is unknown.
_SYMMETRIC = frozenset({"fashion_mnist", "cifar10", "cifar100"})
_SECTIONS = ("preprocessing", "augmentation", "model", "training")
_PATIENCE = 5  # epochs: short enough to save time, long enough for the jumps of a small validation split
_DROPOUT = 0.5  # the best for dense layers over a wide range of tasks, by Srivastava et al. 2014


def suggest(run: TrainingRun, *options: tuple[str, Change | None]) -> Suggestion | None:
    """The first of `options`, each a sentence and its change, that makes a valid spec; None if none does."""
    for sentence, change in options:
        if change is not None and is_valid(run.spec, change):
            return Suggestion(sentence=sentence, patch={"based_on": run.experiment_id, **change})
    return None


def is_valid(spec: ExperimentSpec, change: Change) -> bool:
    return _parse(spec, merge_patch(spec.document(), change)) is not None


def _parse(spec: ExperimentSpec, document: dict[str, Any]) -> ExperimentSpec | None:
    """A change of `spec`, on the same datasets; None if it is not valid."""
    added = {each.name: each for each in spec.dataset.added}
    try:
        return parse_spec(document, {**added, **DATASETS, spec.dataset.name: spec.dataset.source})
    except SpecError:
        return None


def set_training(**fields: Any) -> Change:
    return {"training": fields}


def stop_early(spec: ExperimentSpec) -> Change | None:
    """None if it already stops early and restores the best epoch."""
    stopping = spec.training.early_stopping
    if stopping is None:
        return set_training(keep="best", early_stopping={"monitor": "val_loss", "patience": _PATIENCE})
    return None if spec.training.keep == "best" else keep_best(spec)


def keep_best(spec: ExperimentSpec) -> Change:
    """Also where the user has written `restore_best_weights: false`, which means `keep: last`."""
    stopping = {} if spec.training.early_stopping is None else {"early_stopping": {"restore_best_weights": None}}
    return set_training(keep="best", **stopping)


def set_optimizer(spec: ExperimentSpec, **fields: Any) -> Change:
    """With its type, for a document in which the optimizer is left out or a name alone."""
    return set_training(optimizer={"type": spec.training.optimizer.type, **fields})


def augment(spec: ExperimentSpec) -> Change | None:
    """None if samples are not images or are augmented already."""
    if spec.training_augmentation is not None or not spec.dataset.facts.has_images:
        return None
    first = _MIRROR if spec.dataset.name in _SYMMETRIC else _SMALL_ROTATION
    return {"augmentation": {"layers": [first, _SMALL_SHIFT]}}


def add_dropout(spec: ExperimentSpec) -> Change | None:
    """Dropout before the last Dense; None if there is Dropout already, or the network is a Keras document."""
    layers = _layers(spec)
    dense = [index for index, layer in enumerate(layers) if layer.type == "Dense"]
    if not dense or any(node.type in ("Dropout", "SpatialDropout2D") for node in spec.network.layers):
        return None
    rows = [_layer_document(layer) for layer in layers]
    return _with_layers([*rows[: dense[-1]], {"type": "Dropout", "rate": _DROPOUT}, *rows[dense[-1] :]])


def widen(spec: ExperimentSpec) -> Change | None:
    """Twice the filters and units in all layers but the last Dense; None if there are none, or if transferred weights
    would no longer fit."""
    if spec.model.weights_from is not None:
        return None
    layers = _layers(spec)
    dense = [index for index, layer in enumerate(layers) if layer.type == "Dense"]
    rows = [_layer_document(layer) for layer in layers]
    wider = [_widen_layer(row) for row in rows]
    if dense:
        wider[dense[-1]] = rows[dense[-1]]
    return None if wider == rows else _with_layers(wider)


def use_preset(spec: ExperimentSpec, name: str) -> Change | None:
    """All of the preset, on the same samples, with the same seed and devices; None if nothing changes, or if it does
    not fit them."""
    before, preset = spec.document(), PRESETS[name].spec
    kept = {"seed": spec.training.seed, "devices": spec.training.devices}
    written = {**preset, "dataset": before["dataset"], "training": {**preset["training"], **kept}}
    after = _parse(spec, written)
    if after is None:
        return None
    documents = (before, after.document(), written)
    return merge_difference(*({name: each.get(name) for name in _SECTIONS} for each in documents)) or None


def set_momentum(spec: ExperimentSpec, momentum: float) -> Change | None:
    """Of every BatchNormalization with a larger one; None if there is none, or the network is a Keras document."""
    rows = [_layer_document(layer) for layer in _layers(spec)]
    slower = [_set_momentum(row, momentum) for row in rows]
    return None if slower == rows else _with_layers(slower)


def scale_learning_rate(spec: ExperimentSpec, factor: float) -> Change:
    """Multiply every learning rate of the spec by `factor`."""
    rate = spec.training.optimizer.learning_rate
    if isinstance(rate, int | float):
        return set_optimizer(spec, learning_rate=_multiply(rate, factor))
    fields = rate.model_dump(mode="json", exclude_none=True)
    named = ("initial_learning_rate", "warmup_target", "end_learning_rate", "max_learning_rate")
    scaled: dict[str, Any] = {name: _multiply(fields[name], factor) for name in named if name in fields}
    scaled["type"] = rate.type
    if "values" in fields:
        scaled["values"] = [_multiply(each, factor) for each in fields["values"]]
    return set_optimizer(spec, learning_rate=scaled)


def scale_pixels(spec: ExperimentSpec) -> Change | None:
    """None if the pixels are not 0-255, or the network scales them itself."""
    is_raw = spec.preprocessing.scale == "none" and spec.dataset.facts.has_images
    has_rescaling = any(layer.type == "Rescaling" for layer in spec.network.layers)
    return {"preprocessing": {"scale": "unit"}} if is_raw and not has_rescaling else None


def _multiply(rate: float, factor: float) -> float:
    return float(f"{rate * factor:.3g}")


def _layers(spec: ExperimentSpec) -> tuple[Layer, ...]:
    """As a spec has them. Empty for a Keras document, and if some are frozen: `freeze` counts layers."""
    if spec.model.freeze:
        return ()
    if spec.model.preset is None:
        return spec.model.layers or ()
    return complete_layers(PRESETS[spec.model.preset].layers, len(spec.dataset.facts.classes))


def _with_layers(rows: Iterable[Change]) -> Change:
    return {"model": {"preset": None, "layers": list(rows)}}


def _layer_document(layer: Layer) -> Change:
    """Also the activation of a Dense: one that is left out would be filled in."""
    row = layer_document(layer)
    return {**row, "activation": layer.activation} if layer.type == "Dense" else row


def _widen_layer(row: Change) -> Change:
    doubled: Change = {name: 2 * row[name] for name in ("filters", "units") if name in row}
    if row["type"] == "Residual":
        doubled["layers"] = [_widen_layer(each) for each in row["layers"]]
    return row | doubled


def _set_momentum(row: Change, momentum: float) -> Change:
    if row["type"] == "Residual":
        return {**row, "layers": [_set_momentum(each, momentum) for each in row["layers"]]}
    default = BatchNormalization.model_fields["momentum"].default
    is_slow = row["type"] == "BatchNormalization" and row.get("momentum", default) > momentum
    return {**row, "momentum": momentum} if is_slow else row
