import base64
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from api.wire.samples import BadRequestBody, JsonSamples, SentFeatures, SentImage, read_samples

IMAGE = base64.b64encode(b"image").decode()


def read(document: Any) -> Any:
    return read_samples("application/json", orjson.dumps(document))


def test_images_and_features_are_read_from_json() -> None:
    assert read({"image": f"data:image/png;base64,{IMAGE}"}) == [SentImage("image 0", b"image")]
    assert read({"images": [IMAGE, ""]}) == [SentImage("image 0", b"image"), SentImage("image 1", b"")]
    assert read({"features": [1, 2.5]}) == [SentFeatures("sample 0", [1.0, 2.5])]
    assert read({"features": [[1], [2]]}) == [SentFeatures("sample 0", [1.0]), SentFeatures("sample 1", [2.0])]


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
def test_what_is_none_of_these_is_told_what_is_read(document: Any) -> None:
    with pytest.raises(BadRequestBody, match=r'expected \{"image": "<base64>"\}'):
        read(document)


def test_too_many_images_are_rejected_before_any_is_decoded() -> None:
    with pytest.raises(BadRequestBody, match="101 images are more than the 100"):
        read({"images": ["no base64"] * 101})


@pytest.mark.parametrize("document", [{"images": [1] * 500}, {"features": ["x"] * 500}, {"features": [["x"]] * 500}])
def test_of_many_wrong_values_only_the_first_ones_are_told(document: Any) -> None:
    with pytest.raises(ValidationError) as rejected:
        JsonSamples.model_validate_json(orjson.dumps(document))
    assert rejected.value.error_count() < 5
