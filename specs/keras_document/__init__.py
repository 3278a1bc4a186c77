"""Networks from Keras's `model.to_json()`, read without Keras."""

from specs.keras_document.document import KerasModel, read_keras_model
from specs.keras_document.formats import reject_misplaced
from specs.keras_document.layer import plain_name
from specs.keras_document.plain import plain_document

__all__ = ["KerasModel", "plain_document", "plain_name", "read_keras_model", "reject_misplaced"]
