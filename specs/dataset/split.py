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
# Where the dataset has no official split.
_DEFAULTS = {"test": 0.2, "validation": 0.1}


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
    """`test` is a fraction of all samples, `validation` a fraction of those that remain after the test split; or
    "official" for that split of the dataset. They default to the official split if there is one, otherwise to 0.2 and
    0.1.
    """

    validation: Literal["official"] | float | None = None
    test: Literal["official"] | float | None = None
    stratify: bool = True
    seed: int = Field(default=0, ge=0, le=limits.SEED)

    @field_validator("test", "validation", mode="before")
    @classmethod
    def _check_share(cls, value: Any) -> Any:
        if value is None or value == "official" or _is_fraction(value):
            return value
        raise ValueError(f'expected "official", or a fraction above 0 and at most {MAX_FRACTION}')

    def complete_for(self, dataset: Dataset) -> "SplitSpec":
        """Return the split with `test` and `validation` filled in. Raises FieldError if "official" is given but does
        not exist."""
        has_official = {"test": dataset.has_official_test, "validation": dataset.has_official_validation}
        for split, default in _DEFAULTS.items():
            if getattr(self, split) == "official" and not has_official[split]:
                raise FieldError(
                    (split,),
                    f"{dataset.name} has no official {split} split; give a fraction such as {default}, or leave "
                    f"`{split}` out",
                )
        missing = [split for split in _DEFAULTS if getattr(self, split) is None]
        return self.model_copy(
            update={split: "official" if has_official[split] else _DEFAULTS[split] for split in missing}
        )

    def sizes(self, dataset: Dataset) -> SplitSizes:
        """The sizes of the splits. As in scikit-learn's `train_test_split`, held-out samples are rounded up."""
        test, validation = dataset.test_samples, dataset.validation_samples
        remaining = dataset.training_samples
        if isinstance(self.test, float):
            test = math.ceil(self.test * remaining)
            remaining -= test
        if isinstance(self.validation, float):
            validation = math.ceil(self.validation * remaining)
            remaining -= validation
        return SplitSizes(remaining, validation, test)

    def check(self, dataset: Dataset) -> None:
        """Raise FieldError if a split would be empty, or a stratified split would lack a class."""
        sizes, classes = self.sizes(dataset), len(dataset.classes)
        if sizes.training == 0:
            raise FieldError(
                ("validation",),
                f"leaves none of {quantity(dataset.samples, 'sample')} for training; give a smaller fraction",
            )
        for split, default in _DEFAULTS.items():
            if getattr(sizes, split) == 0:
                raise FieldError(
                    (split,),
                    f"the official {split} split has no samples of these classes; give a fraction such as {default}",
                )
        if not self.stratify or self.test == self.validation == "official":
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
        if self.validation != "official":
            yield "validation", sizes.validation
        yield "training", sizes.training

    def _check_classes(self, dataset: Dataset, sizes: SplitSizes) -> None:
        """After the test split, a class keeps its share of the remaining samples, rounded up or down."""
        remaining = sizes.training + (0 if self.validation == "official" else sizes.validation)
        for name, count in zip(dataset.classes, dataset.training_counts, strict=True):
            if count * remaining // dataset.training_samples < _MIN_PER_CLASS:
                raise FieldError(
                    ("stratify",),
                    f"class `{name}` has {quantity(count, 'sample')}, too few for every split; add samples, leave it "
                    "out of `classes`, or set stratify to false",
                )
