"""The split of samples into training, validation and test."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, field_validator

from specs import limits
from specs.dataset.facts import Dataset
from specs.problem import quantity
from specs.schema import FieldError, Schema

MAX_FRACTION = 0.9
_MIN_PER_CLASS = 2  # one to hold out, one to keep


@dataclass(frozen=True, slots=True)
class SplitSizes:
    """The number of samples in each split."""

    training: int
    validation: int
    test: int

    @property
    def total(self) -> int:
        return self.training + self.validation + self.test


def _is_fraction(value: Any) -> bool:
    return isinstance(value, float) and 0 < value <= MAX_FRACTION


class SplitSpec(Schema):
    """`validation` is a fraction of the samples that remain after the test split.

    `test` is a fraction of all samples, or "official" for the test split of the dataset. It defaults to the official
    split if there is one, otherwise to 0.2.
    """

    validation: float = Field(default=0.1, gt=0, le=MAX_FRACTION)
    test: Literal["official"] | float | None = None
    stratify: bool = True
    seed: int = Field(default=0, ge=0, le=limits.SEED)

    @field_validator("test", mode="before")
    @classmethod
    def _check_test(cls, value: Any) -> Any:
        if value is None or value == "official" or _is_fraction(value):
            return value
        raise ValueError(f'expected "official", or a fraction above 0 and at most {MAX_FRACTION}')

    def complete_for(self, dataset: Dataset) -> "SplitSpec":
        """Return the split with `test` filled in. Raises FieldError if "official" is given but does not exist."""
        if self.test == "official" and not dataset.has_official_test:
            raise FieldError(
                ("test",),
                f"{dataset.name} has no official test split; give a fraction such as 0.2, or leave `test` out",
            )
        if self.test is not None:
            return self
        return self.model_copy(update={"test": "official" if dataset.has_official_test else 0.2})

    def sizes(self, dataset: Dataset) -> SplitSizes:
        """The sizes of the splits. As in scikit-learn's `train_test_split`, held-out samples are rounded up."""
        test = dataset.test_samples
        remaining = dataset.training_samples
        if isinstance(self.test, float):
            test = math.ceil(self.test * dataset.samples)
            remaining = dataset.samples - test
        validation = math.ceil(self.validation * remaining)
        return SplitSizes(remaining - validation, validation, test)

    def check(self, dataset: Dataset) -> None:
        """Raise FieldError if a split would be empty, or a stratified split would lack a class."""
        sizes, classes = self.sizes(dataset), len(dataset.classes)
        if sizes.training == 0:
            raise FieldError(
                ("validation",),
                f"leaves none of {quantity(dataset.samples, 'sample')} for training; give a smaller fraction",
            )
        if sizes.test == 0:
            raise FieldError(
                ("test",), "the official test split has no samples of these classes; give a fraction such as 0.2"
            )
        if not self.stratify:
            return
        for split, size in self._new_splits(sizes):
            if size < classes:
                verb, change = ("leaves", "smaller") if split == "training" else ("holds out", "larger")
                raise FieldError(
                    ("validation" if split == "training" else split,),
                    f"{verb} {size:,} of {quantity(dataset.samples, 'sample')}, too few for {classes:,} classes; give "
                    f"a {change} fraction, or set stratify to false",
                )
        self._check_classes(dataset, sizes)

    def _new_splits(self, sizes: SplitSizes) -> Iterator[tuple[str, int]]:
        if self.test != "official":
            yield "test", sizes.test
        yield "validation", sizes.validation
        yield "training", sizes.training

    def _check_classes(self, dataset: Dataset, sizes: SplitSizes) -> None:
        """After the test split, a class keeps its share of the remaining samples, rounded up or down."""
        remaining = sizes.training + sizes.validation
        for name, count in zip(dataset.classes, dataset.training_counts, strict=True):
            if count * remaining // dataset.training_samples < _MIN_PER_CLASS:
                raise FieldError(
                    ("stratify",),
                    f"class `{name}` has {quantity(count, 'sample')}, too few for every split; add samples, leave it "
                    "out of `classes`, or set stratify to false",
                )
