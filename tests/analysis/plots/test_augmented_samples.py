"""The samples and copies of a plot of augmentation."""

from typing import Any

import numpy as np
import pytest

from analysis.plots.augmented_samples import Share, augment_samples
from models_store.experiments.training_samples import Samples
from specs.experiment import ExperimentSpec, parse_spec

FLIPPED = [{"type": "RandomFlip"}]
DISTORTED = [{"type": "ElasticDistortion", "sigma": 100.0}]


def spec_of(side: int, layers: list[dict[str, Any]] | None) -> ExperimentSpec:
    return parse_spec(
        {
            "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
            "preprocessing": {"image_size": [side, side], "color": "rgb"},
            "augmentation": {"layers": layers} if layers else None,
        }
    )


def samples(count: int, side: int) -> Samples:
    images = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    return Samples(images, tuple(str(number % 10) for number in range(count)))


def test_copies_are_in_the_row_of_their_sample() -> None:
    given = samples(8, 8)
    sheet = augment_samples(spec_of(8, FLIPPED), given)

    assert (len(sheet.rows), len(sheet.columns), sheet.note) == (6, 8, None)
    for row, image, label in zip(sheet.rows, given.images, given.labels, strict=False):
        assert np.array_equal(row[0].image, image)
        assert row[0].label == (Share("", label),)
        assert {cell.label for cell in row[1:]} == {()}
        for cell in row[1:]:
            assert any(np.array_equal(cell.image, image[::down, ::across]) for down in (1, -1) for across in (1, -1))


def test_all_samples_are_shown_without_augmentation() -> None:
    sheet = augment_samples(spec_of(8, None), samples(10, 8))

    assert [len(row) for row in sheet.rows] == [8, 2]
    assert (sheet.columns, sheet.note) == ([], None)


@pytest.mark.parametrize(
    ("layers", "shown"), [(FLIPPED, (6, 8)), (DISTORTED, (2, 5)), (DISTORTED * 20, (2, 2))], ids=["flip", "one", "many"]
)
def test_slow_layers_get_fewer_copies(
    layers: list[dict[str, Any]], shown: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Counted:
        def __init__(self, *_: Any) -> None: ...

        def __call__(self, images: Any, labels: Any, _: Any) -> Any:
            made.append(len(images))
            return images, labels

    monkeypatch.setattr("analysis.plots.augmented_samples.Augmentation", Counted)
    sheet = augment_samples(spec_of(512, layers), samples(8, 512))

    assert (len(sheet.rows), len(sheet.columns)) == shown
    assert (sheet.note is None) == (layers == FLIPPED)
    if layers != FLIPPED:
        assert made == [2] * (shown[1] - 1)
        times = "once" if shown[1] == 2 else f"{shown[1] - 1} times"
        assert sheet.note == f"2 samples, each copied {times}: more would take too long at this size"
