"""The split of samples into training, validation and test."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, PrivateAttr, field_validator

from specs import limits
from specs.dataset.facts import Dataset
from specs.problem import quantity
from specs.schema import FieldError, Schema

MAX_FRACTION = 0.9
_MIN_PER_CLASS = 2  # one to hold out, one to keep
_PRECISION = 1_000  # of a fraction that is filled in
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
    0.1. What is left out suits small datasets: the fractions are then larger, or the splits not stratified.
    """

    validation: Literal["official"] | float | None = None
    test: Literal["official"] | float | None = None
    stratify: bool = True
    seed: int = Field(default=0, ge=0, le=limits.SEED)
    _left_out: frozenset[str] = PrivateAttr(frozenset())

    @field_validator("test", "validation", mode="before")
    @classmethod
    def _check_share(cls, value: Any) -> Any:
        if value is None or value == "official" or _is_fraction(value):
            return value
        percent = _percent_in(value)
        hint = f", such as {percent / 100:g} for {percent:g} %" if percent is not None else ""
        raise ValueError(f'expected "official", or a fraction above 0 and at most {MAX_FRACTION}{hint}')

    def complete_for(self, dataset: Dataset) -> "SplitSpec":
        """Return the split with `test` and `validation` filled in. Raises FieldError if "official" is given but does
        not exist, or has no samples of the classes of `dataset`."""
        counts = {"test": dataset.test_counts, "validation": dataset.validation_counts}
        has_official = {split: any(counts[split]) for split in counts}
        for split, default in _DEFAULTS.items():
            if getattr(self, split) == "official" and not has_official[split]:
                found = f"{dataset.name} has no official {split} split"
                if counts[split]:
                    found = f"the official {split} split has no samples of these classes"
                advice = f"give a fraction such as {default}, or set `{split}` to null"
                raise FieldError((split,), f"{found}; {advice}")
        missing = [split for split in _DEFAULTS if getattr(self, split) is None]
        completed = self.model_copy(
            update={split: "official" if has_official[split] else _DEFAULTS[split] for split in missing}
        )
        completed._left_out = frozenset({*missing, "stratify"} - (self.model_fields_set - set(missing)))  # noqa: SLF001 - of a copy
        return completed

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

    def fit_to(self, dataset: Dataset, larger: Iterable[tuple[str, Dataset]] = ()) -> "SplitSpec":
        """Return the split with what was left out changed, if need be, to suit a small dataset: larger fractions, or no
        stratification. Raises FieldError if a split would be empty, or a stratified split would lack a class. `larger`
        are changes, in words, after which there are more samples."""
        fitting = self._find_fitting(dataset)
        if fitting is None:
            raise self._rejection(dataset, larger)
        fitted = fitting.model_copy()
        fitted._left_out = frozenset()  # noqa: SLF001 - of a copy
        return fitted

    def _find_fitting(self, dataset: Dataset) -> "SplitSpec | None":
        return next((each for each in self._candidates(dataset) if each.violation(dataset) is None), None)

    def _candidates(self, dataset: Dataset) -> Iterator["SplitSpec"]:
        yield self
        larger = self
        for split in _DEFAULTS:
            if split in self._left_out:
                larger = larger.with_room(split, dataset)
        yield larger
        given = [
            split for split in _DEFAULTS if split not in self._left_out and isinstance(getattr(self, split), float)
        ]
        if "stratify" in self._left_out and not given:
            yield self.model_copy(update={"stratify": False})

    def with_room(self, split: str, dataset: Dataset) -> "SplitSpec":
        """A copy with a fraction that holds out a sample for each class, if that is at most the largest fraction."""
        fraction, pool = getattr(self, split), dataset.training_samples
        if split == "validation" and isinstance(self.test, float):
            pool -= math.ceil(self.test * pool)
        classes = len(dataset.classes)
        if not isinstance(fraction, float) or math.ceil(fraction * pool) >= classes or pool * MAX_FRACTION < classes:
            return self
        needed = math.ceil(classes / pool * _PRECISION) / _PRECISION
        return self.model_copy(update={split: min(MAX_FRACTION, needed)})

    def violation(self, dataset: Dataset) -> FieldError | None:
        """What is wrong with the split, without advice."""
        sizes, classes = self.sizes(dataset), len(dataset.classes)
        if sizes.training <= 0:
            at_fault = "test" if isinstance(self.test, float) and sizes.validation <= 1 < sizes.test else "validation"
            return FieldError((at_fault,), f"leaves none of {quantity(dataset.samples, 'sample')} for training")
        if not self.stratify or self.test == self.validation == "official":
            return None
        for split, size in self._new_splits(sizes):
            if size < classes:
                verb = "leaves" if split == "training" else "holds out"
                return FieldError(
                    ("validation" if split == "training" else split,),
                    f"{verb} {size:,} of {quantity(dataset.samples, 'sample')}, too few for {classes:,} classes",
                )
        return self._small_class(dataset, sizes)

    def _rejection(self, dataset: Dataset, larger: Iterable[tuple[str, Dataset]]) -> FieldError:
        """What is wrong, with advice that helps: each change is tried before it is suggested."""
        error = self.violation(dataset)
        if error is None:
            raise ValueError("the split suits the dataset")
        (split,) = error.path
        larger = list(larger)
        advice = [text for text, changed in larger if self._find_fitting(changed)][:1]
        if split == "stratify":
            advice += [
                *([] if larger else ["add samples"]),
                *(["leave it out of `classes`"] if len(dataset.classes) > 2 else []),
            ]
        for changes in (self._changes(str(split), dataset), self._joint_changes(dataset)):
            advice += [text for text, changed in changes if changed.violation(dataset) is None]
            if advice:
                return FieldError(error.path, f"{error.detail}; {', or '.join(advice)}")
        return FieldError(error.path, f"{error.detail}; {larger[-1][0] if larger else 'add samples'}")

    def _changes(self, split: str, dataset: Dataset) -> Iterator[tuple[str, "SplitSpec"]]:
        """Changes that may help, in words."""
        if split in _DEFAULTS:
            larger = self.with_room(split, dataset)
            default = larger.model_copy(update={split: _DEFAULTS[split]})
            for changed in (larger, default, default.with_room(split, dataset)):
                if getattr(changed, split) != getattr(self, split):
                    yield f"give a fraction such as {getattr(changed, split):g}", changed
                    if changed.violation(dataset) is None:
                        break
        if self.stratify:
            yield "set stratify to false", self.model_copy(update={"stratify": False})

    def _joint_changes(self, dataset: Dataset) -> Iterator[tuple[str, "SplitSpec"]]:
        """Of both fractions, and of `stratify` as well."""
        given = [split for split in _DEFAULTS if isinstance(getattr(self, split), float)]
        changed = self.model_copy(update={split: _DEFAULTS[split] for split in given})
        for split in given:
            changed = changed.with_room(split, dataset)
        if not given:
            return
        text = "set " + " and ".join(f"{split} to {getattr(changed, split):g}" for split in given)
        yield text, changed
        if self.stratify and changed.violation(dataset) is not None:
            yield f"{text}, and stratify to false", changed.model_copy(update={"stratify": False})

    def _new_splits(self, sizes: SplitSizes) -> Iterator[tuple[str, int]]:
        if self.test != "official":
            yield "test", sizes.test
        if self.validation != "official":
            yield "validation", sizes.validation
        yield "training", sizes.training

    def _small_class(self, dataset: Dataset, sizes: SplitSizes) -> FieldError | None:
        """After the test split, a class keeps its share of the remaining samples, rounded up or down."""
        remaining = sizes.training + (0 if self.validation == "official" else sizes.validation)
        for name, count in zip(dataset.classes, dataset.training_counts, strict=True):
            if count * remaining // dataset.training_samples < _MIN_PER_CLASS:
                return FieldError(
                    ("stratify",),
                    f"class `{name}` has {quantity(count, 'sample')}, too few for every split",
                )
        return None


def _percent_in(value: Any) -> float | None:
    """What may be meant as a percentage, as 20 or "20%", of those that are fractions."""
    text = str(value).removesuffix("%").strip()
    number = int(text) if isinstance(value, int | str) and re.fullmatch("[0-9]{1,2}", text) else 0
    return number if 1 < number <= 100 * MAX_FRACTION else None
