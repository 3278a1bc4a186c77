"""What a network's answers are held against: Keras's losses for one class out of several.

`auto` is the cross-entropy, and right for nearly everybody. Whether the network answers with probabilities or with
logits is seen from its last layer, and is no argument here.
"""

from typing import Annotated, Literal

from pydantic import Field, Tag

from specs.schema import Schema, by_type_or

# At 1 every label is the same, and nothing can be learned.
_Smoothing = Annotated[float, Field(ge=0, lt=1)]


class SparseCategoricalCrossentropy(Schema):
    type: Literal["SparseCategoricalCrossentropy"] = "SparseCategoricalCrossentropy"


class CategoricalCrossentropy(Schema):
    """`label_smoothing` spreads that share of each label over all classes evenly."""

    type: Literal["CategoricalCrossentropy"] = "CategoricalCrossentropy"
    label_smoothing: _Smoothing = 0.0


class CategoricalFocalCrossentropy(Schema):
    """Cross-entropy in which samples that are learned already count less (Lin et al. 2017)."""

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


Loss = Annotated[
    Annotated[Literal["auto"], Tag("auto")]
    | Annotated[SparseCategoricalCrossentropy, Tag("SparseCategoricalCrossentropy")]
    | Annotated[CategoricalCrossentropy, Tag("CategoricalCrossentropy")]
    | Annotated[CategoricalFocalCrossentropy, Tag("CategoricalFocalCrossentropy")]
    | Annotated[MeanSquaredError, Tag("MeanSquaredError")]
    | Annotated[MeanAbsoluteError, Tag("MeanAbsoluteError")]
    | Annotated[KLDivergence, Tag("KLDivergence")]
    | Annotated[CategoricalHinge, Tag("CategoricalHinge")],
    by_type_or("auto"),
]
