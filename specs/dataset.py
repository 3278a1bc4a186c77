"""The data sets that can be trained on, and how they are split."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from specs import caps
from specs.schema import FieldError, Schema

DatasetName = Literal["digits", "mnist"]
LARGEST_FRACTION = 0.9
_DIGITS = tuple("0123456789")


@dataclass(frozen=True, slots=True)
class Dataset:
    """The facts of a data set. `image_shape` is (height, width, channels); labels are in class order."""

    name: str
    image_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    training_samples: int
    test_samples: int

    @property
    def has_official_test(self) -> bool:
        return self.test_samples > 0

    @property
    def samples(self) -> int:
        return self.training_samples + self.test_samples


DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {
        "digits": Dataset("digits", (8, 8, 1), _DIGITS, 1_797, 0),
        "mnist": Dataset("mnist", (28, 28, 1), _DIGITS, 60_000, 10_000),
    }
)


@dataclass(frozen=True, slots=True)
class PartSizes:
    """Samples in each part."""

    training: int
    validation: int
    test: int

    @property
    def total(self) -> int:
        return self.training + self.validation + self.test


def _is_share(value: Any) -> bool:
    return isinstance(value, float) and 0 < value <= LARGEST_FRACTION


class Split(Schema):
    """How the samples are divided. `validation` is a share of what remains after the test part.

    `test` is a share of the whole, or "official" for the part that the data set comes with. Left out, it is
    the official part where there is one and 0.2 elsewhere.
    """

    validation: float = Field(default=0.1, gt=0, le=LARGEST_FRACTION)
    test: Literal["official"] | float | None = None
    stratify: bool = True
    seed: int = Field(default=0, ge=0, le=caps.SEED)

    @field_validator("test", mode="before")
    @classmethod
    def _known_test(cls, value: Any) -> Any:
        if value is None or value == "official" or _is_share(value):
            return value
        raise ValueError(f'expected "official", or a share above 0 and at most {LARGEST_FRACTION}')


class DatasetSpec(Schema):
    """Which data set, and how it is split."""

    name: DatasetName = "digits"
    split: Split = Field(default_factory=Split)

    @field_validator("split")
    @classmethod
    def _filled_split(cls, split: Split, info: ValidationInfo) -> Split:
        name = info.data.get("name")
        if name is None:
            return split
        official = DATASETS[name].has_official_test
        if split.test == "official" and not official:
            raise FieldError(
                ("test",),
                f"{name} has no official test part; give a share instead, such as 0.2, or leave it out",
            )
        if split.test is not None:
            return split
        return split.model_copy(update={"test": "official" if official else 0.2})

    @model_validator(mode="after")
    def _parts_hold_every_class(self) -> Self:
        sizes, classes = self.part_sizes(), len(self.facts.classes)
        for part in ("test", "validation"):
            held_out = getattr(sizes, part)
            if self.split.stratify and held_out < classes:
                raise FieldError(
                    ("split", part),
                    f"holds out {held_out} of {self.facts.samples:,} samples, too few to have all {classes} "
                    "classes in it; give a larger share, or set stratify to false",
                )
        return self

    @property
    def facts(self) -> Dataset:
        return DATASETS[self.name]

    def part_sizes(self) -> PartSizes:
        """Rounded as scikit-learn's `train_test_split` does: what is held out is rounded up."""
        facts, test = self.facts, self.split.test
        if isinstance(test, float):
            test_size = math.ceil(test * facts.samples)
            remaining = facts.samples - test_size
        else:
            test_size, remaining = facts.test_samples, facts.training_samples
        validation_size = math.ceil(self.split.validation * remaining)
        return PartSizes(remaining - validation_size, validation_size, test_size)
