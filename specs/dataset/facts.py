"""What is known of a dataset without reading it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from specs.problem import shorten
from specs.spelling import did_you_mean

# What an uploaded dataset may be called; it is also the name of a folder.
NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,49}$"
# Right answers to predictions go to the dataset that is called so after its source.
CORRECTIONS_SUFFIX = "-corrections"


@dataclass(frozen=True, slots=True)
class Dataset:
    """The facts of a dataset. `training_counts` and `test_counts` are samples by class, in the order of `classes`;
    `test_counts` is empty where it comes without a test split of its own.

    `image_shape` is (height, width, channels); None where the images differ in size; (features,) where the samples
    are numbers in a row and no images. `digit_form` is how it shows digits, light on black, if it does: centred in
    the image, or filling its height; any image of a digit can be brought into that form (`imaging.preparation`).
    """

    name: str
    image_shape: tuple[int, ...] | None
    classes: tuple[str, ...]
    training_counts: tuple[int, ...]
    test_counts: tuple[int, ...] = ()
    digit_form: Literal["centred", "filling"] | None = None

    @property
    def has_images(self) -> bool:
        return self.image_shape is None or len(self.image_shape) == 3

    @property
    def dtype(self) -> Literal["uint8", "float32"]:
        """Of a sample: images are bytes 0-255."""
        return "uint8" if self.has_images else "float32"

    @property
    def has_official_test(self) -> bool:
        return self.test_samples > 0

    @property
    def training_samples(self) -> int:
        return sum(self.training_counts)

    @property
    def test_samples(self) -> int:
        return sum(self.test_counts)

    @property
    def samples(self) -> int:
        return self.training_samples + self.test_samples

    def with_classes(self, classes: Sequence[str]) -> "Dataset":
        """Only these classes, in this order."""
        places = [self.classes.index(name) for name in classes]
        return replace(
            self,
            classes=tuple(classes),
            training_counts=tuple(self.training_counts[place] for place in places),
            test_counts=tuple(self.test_counts[place] for place in places) if self.test_counts else (),
        )

    def pooled(self) -> "Dataset":
        """Without a test split: its samples are among those to be split."""
        if not self.test_counts:
            return self
        counts = zip(self.training_counts, self.test_counts, strict=True)
        return replace(self, training_counts=tuple(map(sum, counts)), test_counts=())

    def with_limit(self, per_class: int) -> "Dataset":
        """With at most `per_class` samples of each class to be split; the test split stays whole."""
        return replace(self, training_counts=tuple(min(count, per_class) for count in self.training_counts))


def unknown_dataset(name: str, known: Iterable[str]) -> str:
    """The sentence that rejects `name`."""
    names = list(known)
    return f"unknown dataset `{shorten(name)}`; {did_you_mean(name, names)}known: {', '.join(names)}"
