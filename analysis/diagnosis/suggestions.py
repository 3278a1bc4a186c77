"""Changes of a spec, as JSON merge patches."""

from collections.abc import Iterable
from typing import Any

from analysis.diagnosis.finding import Suggestion
from analysis.diagnosis.run import Run
from specs.dataset import DATASETS
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.layers import Layer, Residual
from specs.merge_patch import merged
from specs.network import completed
from specs.presets import PRESETS

Change = dict[str, Any]

# What a digit bears without becoming another one (specs/advice/augmentation.py), and what most photographs bear.
_SMALL_SHIFT = {"type": "RandomTranslation", "height_factor": 0.08, "width_factor": 0.08}
_SMALL_TURN = {"type": "RandomRotation", "factor": 0.03}
_MIRRORED = {"type": "RandomFlip", "mode": "horizontal"}
# Datasets whose images mean the same in a mirror. Of uploaded ones nobody knows.
_SYMMETRIC = frozenset({"fashion_mnist", "cifar10", "cifar100"})
_PATIENCE = 5  # epochs: short enough to save time, long enough for the jumps of a small validation split
_DROPOUT = 0.5  # what Srivastava et al. 2014 find best for dense layers, over a wide range of tasks


def suggestion(run: Run, *options: tuple[str, Change | None]) -> Suggestion | None:
    """The first of the options, each a sentence and its change, that makes a valid spec; None if none does."""
    for sentence, change in options:
        if change is not None and is_valid(run.spec, change):
            return Suggestion(sentence=sentence, patch={"based_on": run.experiment_id, **change})
    return None


def is_valid(spec: ExperimentSpec, change: Change) -> bool:
    source = spec.dataset.source
    try:
        parse_spec(merged(spec.document(), change), {**DATASETS, source.name: source})
    except SpecError:
        return False
    return True


def training(**fields: Any) -> Change:
    return {"training": fields}


def stopping_early(spec: ExperimentSpec) -> Change | None:
    """None where it does so, and goes back to the best epoch, already."""
    stopping = spec.training.early_stopping
    if stopping is None:
        return training(early_stopping={"monitor": "val_loss", "patience": _PATIENCE, "restore_best_weights": True})
    return None if stopping.restore_best_weights else training(early_stopping={"restore_best_weights": True})


def augmenting(spec: ExperimentSpec) -> Change | None:
    """None where there are no images, or they are changed already."""
    if spec.augmentation is not None or not spec.dataset.facts.has_images:
        return None
    first = _MIRRORED if spec.dataset.name in _SYMMETRIC else _SMALL_TURN
    return {"augmentation": {"layers": [first, _SMALL_SHIFT]}}


def dropping_out(spec: ExperimentSpec) -> Change | None:
    """Dropout before the last Dense; None where some is dropped already, or the network is a Keras document."""
    layers = _layers(spec)
    dense = [place for place, layer in enumerate(layers) if layer.type == "Dense"]
    if not dense or any(node.type in ("Dropout", "SpatialDropout2D") for node in spec.network().layers):
        return None
    rows = [_written(layer) for layer in layers]
    return _with_layers([*rows[: dense[-1]], {"type": "Dropout", "rate": _DROPOUT}, *rows[dense[-1] :]])


def widening(spec: ExperimentSpec) -> Change | None:
    """Twice the filters and units in all layers but the last Dense; None where there are none, or where weights are
    taken over, which would not fit any more."""
    if spec.model.weights_from is not None:
        return None
    layers = _layers(spec)
    dense = [place for place, layer in enumerate(layers) if layer.type == "Dense"]
    rows = [_written(layer) for layer in layers]
    wider = [_widened(row) for row in rows]
    if dense:
        wider[dense[-1]] = rows[dense[-1]]
    return None if wider == rows else _with_layers(wider)


def scaling_rate(spec: ExperimentSpec, factor: float) -> Change:
    """Every learning rate that the spec names, times `factor`."""
    rate = spec.training.optimizer.learning_rate
    if isinstance(rate, int | float):
        return training(optimizer={"learning_rate": _times(rate, factor)})
    fields = rate.model_dump(mode="json", exclude_none=True)
    named = ("initial_learning_rate", "warmup_target", "end_learning_rate", "max_learning_rate")
    scaled: dict[str, Any] = {name: _times(fields[name], factor) for name in named if name in fields}
    if "values" in fields:
        scaled["values"] = [_times(each, factor) for each in fields["values"]]
    return training(optimizer={"learning_rate": scaled})


def scaling_pixels(spec: ExperimentSpec) -> Change | None:
    """None where pixels do not come as 0-255, or the network scales them itself."""
    is_raw = spec.preprocessing.scale == "none" and spec.dataset.facts.has_images
    scales_itself = any(layer.type == "Rescaling" for layer in spec.network().layers)
    return {"preprocessing": {"scale": "unit"}} if is_raw and not scales_itself else None


def _times(rate: float, factor: float) -> float:
    return float(f"{rate * factor:.3g}")


def _layers(spec: ExperimentSpec) -> tuple[Layer, ...]:
    """As they are written in a spec. None for a Keras document, and where some are frozen: who froze them counted."""
    if spec.model.freeze:
        return ()
    if spec.model.preset is None:
        return spec.model.layers or ()
    return completed(PRESETS[spec.model.preset].layers, len(spec.dataset.facts.classes))


def _with_layers(rows: Iterable[Change]) -> Change:
    return {"model": {"preset": None, "layers": list(rows)}}


def _written(layer: Layer) -> Change:
    """Without what is as by default; but an activation that is left out would be filled in."""
    row = {"type": layer.type, **layer.model_dump(mode="json", exclude_defaults=True)}
    if isinstance(layer, Residual):
        row["layers"] = [_written(each) for each in layer.layers]
    elif layer.type == "Dense":
        row["activation"] = layer.activation
    return row


def _widened(row: Change) -> Change:
    doubled: Change = {name: 2 * row[name] for name in ("filters", "units") if name in row}
    if row["type"] == "Residual":
        doubled["layers"] = [_widened(each) for each in row["layers"]]
    return row | doubled
