"""Networks as Keras's `model.to_json()` writes them, taken without Keras."""

from specs.keras_document.document import KerasModel, keras_model
from specs.keras_document.plain import plain_document

__all__ = ["KerasModel", "keras_model", "plain_document"]
