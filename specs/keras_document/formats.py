"""Recognizes documents that no Keras since version 2 writes, or that are misplaced, and names them as what they are."""

from collections.abc import Iterator, Mapping
from typing import Any

from specs.schema import FieldError

_DOCUMENT = "a Keras document, as `model.to_json()` gives it"
_CONFIG = "what `model.get_config()` gives, which is a part of a Keras document; send what `model.to_json()` gives"

_KERAS_1_ARGUMENTS = frozenset(
    {"nb_filter", "nb_row", "nb_col", "border_mode", "subsample", "output_dim", "W_regularizer", "dim_ordering"}
)
_RECREATE = "build the model with Keras 2 or 3 and send what its `to_json()` gives"


def reject_misplaced(value: Any, place: str) -> None:
    """Raise FieldError for a Keras document, or a part of one, that stands where an object of a spec is expected. It
    belongs at `place`."""
    if isinstance(value, str):
        is_document = value.lstrip().startswith("{") and '"class_name"' in value and '"config"' in value
        if is_document:
            raise FieldError((), f"this is the text of {_DOCUMENT}; put it under `{place}`")
    if not isinstance(value, Mapping):
        return
    if "model_config" in value:
        raise FieldError((), f"this is the metadata of a model file; put its `model_config` under `{place}`")
    if {"class_name", "config"} <= value.keys():
        raise FieldError((), f"this is {_DOCUMENT}; put it under `{place}`")
    if "modelTopology" in value or "weightsManifest" in value:
        check_format(value)
    if _is_config(value):
        raise FieldError((), f"this is {_CONFIG} under `{place}`")


def _is_config(value: Mapping[str, Any]) -> bool:
    """Of a model: its layers are documents of their own, which those of a spec are not."""
    layers = value.get("layers")
    return isinstance(layers, list) and any(
        isinstance(layer, Mapping) and {"class_name", "config"} <= layer.keys() for layer in layers
    )


def check_format(document: Mapping[str, Any]) -> None:
    """Raise FieldError for a document of TensorFlow.js or Keras 1, and for the metadata around a model."""
    if "class_name" not in document and _is_config(document):
        raise FieldError((), f"this is {_CONFIG}")
    topology = document.get("modelTopology")
    if isinstance(topology, dict) or "weightsManifest" in document:
        inner = isinstance(topology, dict) and isinstance(topology.get("model_config"), dict)
        advice = "send its `modelTopology.model_config`, which Keras wrote" if inner else _RECREATE
        raise FieldError((), f"this is a TensorFlow.js model.json, not a Keras document; {advice}")
    if isinstance(document.get("model_config"), dict) and "class_name" not in document:
        raise FieldError((), "this is the metadata of a model file; send its `model_config`")
    version = document.get("keras_version")
    if (isinstance(version, str) and version.startswith("tfjs")) or document.get("backend") == "tensor_flow.js":
        raise FieldError((), f"TensorFlow.js wrote this document, not Keras; {_RECREATE}")
    if isinstance(version, str) and version.split(".")[0] in ("0", "1"):
        raise FieldError((), f"Keras {version} wrote this document; {_RECREATE}")
    if any(not _KERAS_1_ARGUMENTS.isdisjoint(config) for config in _layer_configs(document)):
        raise FieldError((), f"Keras 1 wrote this document: it has arguments such as `nb_filter`; {_RECREATE}")


def is_keras_2(document: Mapping[str, Any]) -> bool:
    """Whether Keras 2 wrote the document: its releases give their version, or no modules, which Keras 3 always does."""
    version = document.get("keras_version")
    return version.startswith("2.") if isinstance(version, str) else "module" not in document


def _layer_configs(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    config = document.get("config")
    layers = config.get("layers") if isinstance(config, dict) else config
    for layer in layers if isinstance(layers, list) else ():
        if isinstance(layer, dict) and isinstance(layer.get("config"), dict):
            yield layer["config"]
