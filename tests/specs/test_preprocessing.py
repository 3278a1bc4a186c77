from dataclasses import replace
from typing import Any

import pytest

from specs.dataset import DATASETS, Dataset
from specs.errors import SpecError
from specs.experiment import parse_spec
from specs.preprocessing import PreprocessingSpec
from specs.schema import FieldError

MODEL = {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}
MNIST = DATASETS["mnist"]
IN_COLOR = replace(MNIST, image_shape=(28, 20, 3))
OF_ALL_SIZES = replace(MNIST, name="leaves", image_shape=None)
NUMBERS = replace(MNIST, name="blobs", image_shape=(2,))


@pytest.mark.parametrize(
    ("fields", "dataset", "shape"),
    [
        ({}, MNIST, (28, 28, 1)),
        ({}, IN_COLOR, (28, 20, 3)),
        ({}, NUMBERS, (2,)),
        ({"image_size": [14, 12]}, MNIST, (14, 12, 1)),
        ({"image_size": [512, 1]}, IN_COLOR, (512, 1, 3)),
        ({"color": "rgb"}, MNIST, (28, 28, 3)),
        ({"color": "grayscale"}, IN_COLOR, (28, 20, 1)),
        ({"image_size": [64, 64]}, OF_ALL_SIZES, (64, 64, 3)),
        ({"image_size": [64, 64], "color": "grayscale"}, OF_ALL_SIZES, (64, 64, 1)),
    ],
)
def test_input_shape(fields: dict[str, Any], dataset: Dataset, shape: tuple[int, ...]) -> None:
    assert PreprocessingSpec.model_validate(fields).input_shape(dataset) == shape


@pytest.mark.parametrize(
    ("fields", "dataset", "field", "fragment"),
    [
        ({}, OF_ALL_SIZES, "image_size", "the images of leaves differ in size, so give the size"),
        ({"image_size": [2, 2]}, NUMBERS, "image_size", "the samples of blobs are features, not images"),
        ({"color": "rgb"}, NUMBERS, "color", "set `color` to null"),
    ],
)
def test_options_that_do_not_fit_dataset_are_rejected(
    fields: dict[str, Any], dataset: Dataset, field: str, fragment: str
) -> None:
    with pytest.raises(FieldError) as caught:
        PreprocessingSpec.model_validate(fields).input_shape(dataset)
    assert caught.value.path == (field,)
    assert fragment in caught.value.detail


@pytest.mark.parametrize(
    ("fields", "pointer", "fragment"),
    [
        ({"image_size": 64}, "/image_size", "expected two whole numbers as [height, width], received 64"),
        ({"image_size": [64, 64, 3]}, "/image_size", "expected two whole numbers as [height, width]"),
        ({"image_size": [513, 64]}, "/image_size/0", "`image_size` must be at most 512, received 513"),
        ({"image_size": [64, 0]}, "/image_size/1", "`image_size` must be at least 1"),
        ({"resize": "crop"}, "/resize", "known: stretch, fit, fill"),
        ({"color": "gray"}, "/color", "did you mean `grayscale`?"),
    ],
)
def test_invalid_options_are_rejected(fields: dict[str, Any], pointer: str, fragment: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec({"model": MODEL, "preprocessing": fields})
    (problem,) = caught.value.problems
    assert problem.pointer == "/preprocessing" + pointer
    assert fragment in problem.detail


def test_network_has_input_of_image_size() -> None:
    spec = parse_spec({"model": MODEL, "preprocessing": {"image_size": [4, 6], "color": "rgb"}})
    assert spec.input_shape == (4, 6, 3)
    assert spec.network.parameters.total == (4 * 6 * 3 + 1) * 10
