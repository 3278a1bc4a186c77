"""The request to evaluate a trained network on another dataset."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import PrivateAttr, ValidationError, ValidationInfo, model_validator

from specs.dataset import Dataset, unknown_dataset
from specs.errors import SpecError
from specs.explanation import problems_of
from specs.problem import shorten
from specs.schema import FieldError, Schema
from specs.splits import EvaluatedSplit

Prep = Literal["auto", "none"]

_LISTED = 20


class EvaluationSpec(Schema):
    """The dataset, and which of its samples: all, or one of its own splits. `prep` is as for `POST /predict`: with
    "auto" a network of digits sees the digit that is found in each image, with "none" images are only resized.

    The validation context is `{"datasets": {name: Dataset}}`.
    """

    dataset: str
    split: EvaluatedSplit = "all"
    prep: Prep = "auto"
    _facts: Dataset = PrivateAttr()

    @model_validator(mode="after")
    def _set_facts(self, info: ValidationInfo) -> Self:
        known: Mapping[str, Dataset] = (info.context or {})["datasets"]
        if self.dataset not in known:
            raise FieldError(("dataset",), unknown_dataset(self.dataset, known))
        self._facts = known[self.dataset]
        missing = (self.split == "test" and not self._facts.has_official_test) or (
            self.split == "validation" and not self._facts.has_official_validation
        )
        if missing:
            raise FieldError(
                ("split",),
                f"{self.dataset} has no official {self.split} split; leave `split` out to use all samples",
            )
        return self

    @property
    def facts(self) -> Dataset:
        """The whole dataset."""
        return self._facts


def parse_evaluation(document: Any, datasets: Mapping[str, Dataset]) -> EvaluationSpec:
    """Validate `document`. `datasets` are the existing ones, by name. Raises SpecError with all problems found."""
    try:
        return EvaluationSpec.model_validate(document, context={"datasets": datasets})
    except ValidationError as error:
        raise SpecError(problems_of(error, document, EvaluationSpec)) from None


def incompatibility(dataset: Dataset, labels: Sequence[str], takes_images: bool) -> str | None:
    """Why a network with the classes `labels` cannot be evaluated on `dataset`, as a sentence; None if it can.

    Classes are matched by name. The dataset may lack classes of the network, but not the other way round.
    """
    if dataset.has_images != takes_images:
        samples, expected = ("images", "features") if dataset.has_images else ("features", "images")
        return f"the samples of {dataset.name} are {samples}, but the network expects {expected}; name another dataset"
    known = set(labels)
    unknown = [name for name in dataset.classes if name not in known]
    if not unknown:
        return None
    return (
        f"the network does not know {len(unknown)} of the {len(dataset.classes)} classes of {dataset.name}: "
        f"{_format_names(unknown)}; it knows {_format_names(labels)}; classes are matched by name, so name a dataset "
        "whose classes are all among these"
    )


def _format_names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(map(shorten, names[:_LISTED])) + more
