"""Hints for fields and values that belong at another place of a document."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from specs.problem import FieldPath, shorten
from specs.spelling import closest, did_you_mean

# What other libraries call our fields.
_SYNONYMS: Mapping[str, str] = {
    "lr": "learning_rate",
    "validation_split": "validation",
    "validation_fraction": "validation",
    "test_split": "test",
    "test_size": "test",
    "random_state": "seed",
    "random_seed": "seed",
    "image_shape": "image_size",
    "input_shape": "image_size",
    "target_size": "image_size",
    **dict.fromkeys(("num_epochs", "n_epochs", "nb_epoch", "max_epochs"), "epochs"),
    **dict.fromkeys(("limit", "max_samples", "samples_per_class", "max_per_class"), "limit_per_class"),
    "class_weights": "class_weight",
    "class_names": "classes",
    "labels": "classes",
}
_CALLBACKS = ("early_stopping", "reduce_lr_on_plateau")
_SHAPES = ("input_shape", "input_dim", "batch_input_shape", "batch_size")
# Arguments of Keras that a spec does without: of which part of it, and why.
_NEEDLESS: Mapping[tuple[str, str], str] = {
    **{(part, "mode"): "what is better follows from `monitor`" for part in _CALLBACKS},
    ("layers", "name"): "layers have Keras's default names",
    ("layers", "trainable"): "`model.freeze` says which layers are not trained",
    ("layers", "dtype"): "`training.precision` decides",
    ("layers", "data_format"): "channels come last",
    **{("layers", name): "the shape follows from `dataset` and `preprocessing`" for name in _SHAPES},
    **{(part, "verbose"): "each epoch is reported" for part in ("training", *_CALLBACKS)},
    ("training", "metrics"): "loss and accuracy are always reported, and more at the end",
    ("training", "callbacks"): "`early_stopping` and `reduce_lr_on_plateau` are fields, and `keep` says which epoch is "
    "published",
    ("training", "shuffle"): "each epoch has the samples in another order",
    ("training", "steps_per_epoch"): "an epoch is all samples of the training split",
    ("training", "validation_data"): "`dataset.split` says what it is",
    **{("split", name): "the rest is the training split" for name in ("train", "training", "train_size")},
    ("split", "shuffle"): "samples are drawn at random, by `seed`",
}
# Older names of Keras for what is beside them.
_FORMER: Mapping[tuple[str, str], str] = {
    ("reduce_lr_on_plateau", "epsilon"): "min_delta",
    ("layers", "p"): "rate",
    ("layers", "nb_filter"): "filters",
    ("layers", "output_dim"): "units",
    ("layers", "border_mode"): "padding",
    ("layers", "subsample"): "strides",
}
# What takes the place of an argument that Keras no longer has.
_INSTEAD: Mapping[tuple[str, str], str] = {
    ("optimizer", "decay"): "use a schedule as `learning_rate`, such as {type: InverseTimeDecay, ...}",
}
_EVERYWHERE = frozenset({"type", "name"})
_LISTED_PLACES = 3
# A name is taken for the misspelled one of another place only if it is long and differs by a letter or two: there it
# has no more in common with that place.
_MIN_LETTERS, _ALIKE = 6, 0.8


def place_hint(name: str, path: FieldPath, known: Sequence[str], root: type[BaseModel]) -> str:
    """Return "did you mean `...`? " for the unknown field `name` at `path` of a document of `root`, where `known` are
    the fields; or another hint, or "". It never names the place at which the field is."""
    parent = next((part for part in reversed(path[:-1]) if isinstance(part, str)), "")
    if needless := _NEEDLESS.get((parent, name)):
        return f"leave it out: {needless}; "
    if instead := _INSTEAD.get((parent, name)):
        return f"{instead}; "
    if (former := _FORMER.get((parent, name))) in known:
        return f"did you mean `{former}`? "
    places = _places(root)
    exact = _SYNONYMS.get(name, name)
    here = ".".join(map(str, (*path[:-1], exact)))  # where another type of the object has it
    hint = _name([place for place in places.get(exact, {}) if place != here or exact in known])
    hint = hint or did_you_mean(name, known)
    if not hint and len(name) >= _MIN_LETTERS and (close := closest(name, places)) and _are_alike(name, close):
        hint = _name(place for place in places[close] if place != here)
    return hint


def nesting_hint(received: Any, expected: Sequence[type[BaseModel]]) -> str:
    """Return "; write {field: value}" if `received` is the value of a field of the object that was expected, or says
    what it holds."""
    fields = expected[0].model_fields if len(expected) == 1 else {}
    if received is True and fields and not any(info.is_required() for info in fields.values()):
        return "; write {} for the defaults"
    if type(received) is int and "patience" in fields:
        return f"; write {{patience: {received}}}"
    if isinstance(received, str):
        for field, info in fields.items():
            if match := closest(received, map(str, _literals(info.annotation))):
                return f"; write {{{field}: {match}}}"
        # A spec itself is more than its name.
        return f"; write {{name: {shorten(received)}}}" if "name" in fields and "training" not in fields else ""
    if isinstance(received, list | tuple) and "layers" in fields:
        return "; write {layers: [...]}"
    if isinstance(received, list | tuple) and "stratify" in fields:
        return _split_hint(received)
    return ""


def _split_hint(shares: Sequence[Any]) -> str:
    """Of the shares of training, validation and test of all samples, or of training and test."""
    if len(shares) not in (2, 3) or not all(type(share) in (int, float) and share > 0 for share in shares):
        return ""
    test = shares[-1] / sum(shares)
    if len(shares) == 2:
        return f"; write {{test: {test:.3g}}}"
    # `validation` is a share of what the test split leaves.
    return f"; write {{validation: {shares[1] / (shares[0] + shares[1]):.3g}, test: {test:.3g}}}"


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The classes of objects that an annotation allows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]


def _are_alike(name: str, other: str) -> bool:
    return SequenceMatcher(None, name.lower(), other.lower()).ratio() >= _ALIKE


def _name(places: Iterable[str]) -> str:
    named = " or ".join(f"`{place}`" for place in list(places)[:_LISTED_PLACES])
    return f"did you mean {named}? " if named else ""


@functools.cache
def _places(root: type[BaseModel]) -> Mapping[str, dict[str, None]]:
    """The dotted paths of all fields in `root` by their names, without those inside lists."""
    found: dict[str, dict[str, None]] = {}
    open_models: list[tuple[str, type[BaseModel]]] = [("", root)]
    while open_models:
        path, model = open_models.pop(0)
        for field, info in model.model_fields.items():
            if field not in _EVERYWHERE:
                found.setdefault(field, {})[f"{path}{field}"] = None
            if not _is_list(info.annotation):
                open_models += [(f"{path}{field}.", inner) for inner in models_in(info.annotation)]
    return found


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is tuple or any(map(_is_list, get_args(annotation)))


def _literals(annotation: Any) -> list[Any]:
    """The values that an annotation lists."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [value for argument in get_args(annotation) for value in _literals(argument)]
