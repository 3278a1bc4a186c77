import base64
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from api.wire.body import BadRequestBody
from api.wire.samples import JsonSamples, parse_samples
from serving.preparation import FeatureSample, ImageSample

IMAGE = base64.b64encode(b"image").decode()


def read(document: Any) -> Any:
    return parse_samples("application/json", orjson.dumps(document))


def test_images_and_features_are_parsed_from_json() -> None:
    assert read({"image": f"data:image/png;base64,{IMAGE}"}) == [ImageSample("image 0", b"image")]
    assert read({"images": [IMAGE, ""]}) == [ImageSample("image 0", b"image"), ImageSample("image 1", b"")]
    assert read({"features": [1, 2.5]}) == [FeatureSample("sample 0", [1.0, 2.5])]
    assert read({"features": [[1], [2]]}) == [FeatureSample("sample 0", [1.0]), FeatureSample("sample 1", [2.0])]


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"image": IMAGE, "images": [IMAGE]},
        {"image": "no base64"},
        {"images": [1]},
        {"photo": IMAGE},
        {"features": []},
        {"features": [[]]},
        {"features": [1e7]},
        {"features": [True]},
        {"features": [1] * 1001},
        {"features": [[1]] * 10_001},
    ],
)
def test_other_json_is_rejected_with_an_example(document: Any) -> None:
    with pytest.raises(BadRequestBody, match=r'expected \{"image": "<base64>"\}'):
        read(document)


def test_too_many_images_are_rejected_undecoded() -> None:
    with pytest.raises(BadRequestBody, match="received 101 images, more than the limit of 100"):
        read({"images": ["no base64"] * 101})


@pytest.mark.parametrize("document", [{"images": [1] * 500}, {"features": ["x"] * 500}, {"features": [["x"]] * 500}])
def test_many_wrong_values_give_few_errors(document: Any) -> None:
    with pytest.raises(ValidationError) as rejected:
        JsonSamples.model_validate_json(orjson.dumps(document))
    assert rejected.value.error_count() < 5
