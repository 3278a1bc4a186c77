"""How samples are divided into a training, a validation and a test split."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, field_validator

from specs import limits
from specs.dataset.facts import Dataset
from specs.schema import FieldError, Schema

LARGEST_FRACTION = 0.9
_MIN_OF_A_CLASS = 2  # one for what is held out, one for what remains


@dataclass(frozen=True, slots=True)
class SplitSizes:
    """Samples in each split."""

    training: int
    validation: int
    test: int

    @property
    def total(self) -> int:
        return self.training + self.validation + self.test


def _is_share(value: Any) -> bool:
    return isinstance(value, float) and 0 < value <= LARGEST_FRACTION


class SplitSpec(Schema):
    """How the samples are divided. `validation` is a share of what remains after the test split.

    `test` is a share of the whole, or "official" for the split that the dataset comes with. Left out, it is
    the official split where there is one and 0.2 elsewhere.
    """

    validation: float = Field(default=0.1, gt=0, le=LARGEST_FRACTION)
    test: Literal["official"] | float | None = None
    stratify: bool = True
    seed: int = Field(default=0, ge=0, le=limits.SEED)

    @field_validator("test", mode="before")
    @classmethod
    def _known_test(cls, value: Any) -> Any:
        if value is None or value == "official" or _is_share(value):
            return value
        raise ValueError(f'expected "official", or a share above 0 and at most {LARGEST_FRACTION}')

    def filled_for(self, dataset: Dataset) -> "SplitSpec":
        """With `test` said. Raises FieldError where there is no official split."""
        if self.test == "official" and not dataset.has_official_test:
            raise FieldError(
                ("test",),
                f"{dataset.name} has no official test split; give a share instead, such as 0.2, or leave it out",
            )
        if self.test is not None:
            return self
        return self.model_copy(update={"test": "official" if dataset.has_official_test else 0.2})

    def sizes(self, dataset: Dataset) -> SplitSizes:
        """Rounded as scikit-learn's `train_test_split` does: what is held out is rounded up."""
        test = dataset.test_samples
        remaining = dataset.training_samples
        if isinstance(self.test, float):
            test = math.ceil(self.test * dataset.samples)
            remaining = dataset.samples - test
        validation = math.ceil(self.validation * remaining)
        return SplitSizes(remaining - validation, validation, test)

    def check(self, dataset: Dataset) -> None:
        """Raise FieldError where a split would be empty, or one cut by class would lack a class."""
        sizes, classes = self.sizes(dataset), len(dataset.classes)
        if sizes.training == 0:
            raise FieldError(
                ("validation",), f"leaves none of {dataset.samples:,} samples for training; give a smaller share"
            )
        if sizes.test == 0:
            raise FieldError(
                ("test",), "the official test split has no sample of these classes; give a share instead, such as 0.2"
            )
        if not self.stratify:
            return
        for split, size in self._cut(sizes):
            if size < classes:
                verb, change = ("leaves", "smaller") if split == "training" else ("holds out", "larger")
                raise FieldError(
                    ("validation" if split == "training" else split,),
                    f"{verb} {size} of {dataset.samples:,} samples, too few to have all {classes} "
                    f"classes in it; give a {change} share, or set stratify to false",
                )
        self._check_classes(dataset, sizes)

    def _cut(self, sizes: SplitSizes) -> Iterator[tuple[str, int]]:
        if self.test != "official":
            yield "test", sizes.test
        yield "validation", sizes.validation
        yield "training", sizes.training

    def _check_classes(self, dataset: Dataset, sizes: SplitSizes) -> None:
        """What remains of a class after the test split is its share of the whole, rounded up or down."""
        remaining = sizes.training + sizes.validation
        for name, count in zip(dataset.classes, dataset.training_counts, strict=True):
            if count * remaining // dataset.training_samples < _MIN_OF_A_CLASS:
                raise FieldError(
                    ("stratify",),
                    f"class `{name}` has {count:,} {'sample' if count == 1 else 'samples'}, too few to have some in "
                    "every split; take more samples of it, leave it out of `classes`, or set stratify to false",
                )
