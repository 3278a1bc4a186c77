"""Facts of a dataset that are known without reading it: shape, classes, sample counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from specs.problem import shorten
from specs.spelling import did_you_mean

# Names of uploaded datasets, which are also folder names.
NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,49}$"
# Corrections of predictions are collected in the dataset with this suffix.
CORRECTIONS_SUFFIX = "-corrections"


@dataclass(frozen=True, slots=True)
class Dataset:
    """`training_counts`, `test_counts` and `validation_counts` are samples per class, in the order of `classes`; the
    latter two are empty for a dataset without such an official split.

    `image_shape` is (height, width, channels), None if the images differ in size, or (features,) if the samples are
    features. `digit_form` is set if the images are digits, light on black: centered by mass in the image, or filling
    its height. `imaging.preparation` brings any image of a digit into that form. `published_max` is the value of white
    where the dataset is published; it is scaled to 255 here.
    """

    name: str
    image_shape: tuple[int, ...] | None
    classes: tuple[str, ...]
    training_counts: tuple[int, ...]
    test_counts: tuple[int, ...] = ()
    digit_form: Literal["centered", "filling"] | None = None
    published_max: int = 255
    validation_counts: tuple[int, ...] = ()

    @property
    def has_images(self) -> bool:
        return self.image_shape is None or len(self.image_shape) == 3

    @property
    def dtype(self) -> Literal["uint8", "float32"]:
        """The dtype of the samples; images are uint8 0-255."""
        return "uint8" if self.has_images else "float32"

    @property
    def has_official_test(self) -> bool:
        return self.test_samples > 0

    @property
    def has_official_validation(self) -> bool:
        return self.validation_samples > 0

    @property
    def training_samples(self) -> int:
        return sum(self.training_counts)

    @property
    def test_samples(self) -> int:
        return sum(self.test_counts)

    @property
    def validation_samples(self) -> int:
        return sum(self.validation_counts)

    @property
    def samples(self) -> int:
        return self.training_samples + self.test_samples + self.validation_samples

    def with_classes(self, classes: Sequence[str]) -> "Dataset":
        """A copy with only these classes, in this order."""
        indices = [self.classes.index(name) for name in classes]
        return replace(
            self,
            classes=tuple(classes),
            training_counts=tuple(self.training_counts[index] for index in indices),
            test_counts=tuple(self.test_counts[index] for index in indices) if self.test_counts else (),
            validation_counts=tuple(self.validation_counts[index] for index in indices)
            if self.validation_counts
            else (),
        )

    def pool(self, *, test: bool, validation: bool) -> "Dataset":
        """A copy without these official splits: their samples are added to the training samples, to be split."""
        pooled = [*filter(None, (self.test_counts if test else (), self.validation_counts if validation else ()))]
        if not pooled:
            return self
        counts = zip(self.training_counts, *pooled, strict=True)
        return replace(
            self,
            training_counts=tuple(map(sum, counts)),
            test_counts=() if test else self.test_counts,
            validation_counts=() if validation else self.validation_counts,
        )

    def with_limit(self, per_class: int) -> "Dataset":
        """A copy with at most `per_class` training samples per class; official splits stay complete."""
        return replace(self, training_counts=tuple(min(count, per_class) for count in self.training_counts))


def unknown_dataset(name: str, known: Iterable[str]) -> str:
    """The message that rejects `name`."""
    names = list(known)
    return f"unknown dataset `{shorten(name)}`; {did_you_mean(name, names)}known: {', '.join(names)}"
