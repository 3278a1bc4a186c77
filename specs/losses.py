"""Keras's losses for single-label classification.

`auto` is cross-entropy, which suits nearly every experiment. `from_logits` is not an argument: the last layer of the
network decides.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Tag

from specs.keras_spelling import Neutral, keras_spelling
from specs.schema import Schema, by_type_or

# At 1 all labels are equal and nothing can be learned.
_Smoothing = Annotated[float, Field(ge=0, lt=1)]


class SparseCategoricalCrossentropy(Schema):
    type: Literal["SparseCategoricalCrossentropy"] = "SparseCategoricalCrossentropy"


class CategoricalCrossentropy(Schema):
    """`label_smoothing` is the share of each label that is spread evenly over all classes."""

    type: Literal["CategoricalCrossentropy"] = "CategoricalCrossentropy"
    label_smoothing: _Smoothing = 0.0


class BinaryCrossentropy(Schema):
    """For a network whose output is one unit. `label_smoothing` is as in CategoricalCrossentropy of two classes."""

    type: Literal["BinaryCrossentropy"] = "BinaryCrossentropy"
    label_smoothing: _Smoothing = 0.0


class CategoricalFocalCrossentropy(Schema):
    """Cross-entropy that down-weights well-classified samples (Lin et al. 2017)."""

    type: Literal["CategoricalFocalCrossentropy"] = "CategoricalFocalCrossentropy"
    alpha: float = Field(default=0.25, ge=0, le=1)
    gamma: float = Field(default=2.0, ge=0, le=100)
    label_smoothing: _Smoothing = 0.0


class MeanSquaredError(Schema):
    type: Literal["MeanSquaredError"] = "MeanSquaredError"


class MeanAbsoluteError(Schema):
    type: Literal["MeanAbsoluteError"] = "MeanAbsoluteError"


class KLDivergence(Schema):
    type: Literal["KLDivergence"] = "KLDivergence"


class CategoricalHinge(Schema):
    type: Literal["CategoricalHinge"] = "CategoricalHinge"


_TYPES = (
    *(SparseCategoricalCrossentropy, CategoricalCrossentropy, BinaryCrossentropy, CategoricalFocalCrossentropy),
    *(MeanSquaredError, MeanAbsoluteError, KLDivergence, CategoricalHinge),
)
_NAMES = {
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "kld": "KLDivergence",
    "kullback_leibler_divergence": "KLDivergence",
    "bce": "BinaryCrossentropy",
}
# The last layer decides about `from_logits`; Keras 2 writes "auto".
_NEUTRAL: Neutral = {
    "reduction": ("sum_over_batch_size", "auto", "mean"),
    "from_logits": (False, True),
    "axis": (-1,),
    "ignore_class": (None,),
    "dtype": (None, "float32"),
}
_spelling = keras_spelling("loss", _TYPES, _NAMES, _NEUTRAL)


def _spell(value: Any) -> Any:
    return value if value == "auto" else _spelling(value)


Loss = Annotated[
    Annotated[Literal["auto"], Tag("auto")]
    | Annotated[SparseCategoricalCrossentropy, Tag("SparseCategoricalCrossentropy")]
    | Annotated[CategoricalCrossentropy, Tag("CategoricalCrossentropy")]
    | Annotated[BinaryCrossentropy, Tag("BinaryCrossentropy")]
    | Annotated[CategoricalFocalCrossentropy, Tag("CategoricalFocalCrossentropy")]
    | Annotated[MeanSquaredError, Tag("MeanSquaredError")]
    | Annotated[MeanAbsoluteError, Tag("MeanAbsoluteError")]
    | Annotated[KLDivergence, Tag("KLDivergence")]
    | Annotated[CategoricalHinge, Tag("CategoricalHinge")],
    by_type_or("auto"),
    BeforeValidator(_spell),
]
