import orjson
import pytest

from api.wire.tensorflow_serving import parse_classify, parse_predict
from serving.errors import BadTensor
from tests.protocols.images import b64, pixels
from tests.support.serving_infos import BLOBS, DIGITS, samples_of

BLACK = [0] * 64


@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        (b"", "does not parse as JSON"),
        (b"[1, 2]", "not a JSON object; send for example"),
        (b"{}", 'expected either "instances" or "inputs"'),
        (b'{"instances": [], "inputs": []}', "instances: List should have at least 1 item"),
        (b'{"instances": [[1]], "inputs": [[1]]}', 'expected either "instances" or "inputs"'),
        (b'{"instances": 5}', "/instances: Input should be a valid list, received 5"),
        (b'{"instances": [[NaN]]}', "does not parse as JSON"),
        (b'{"signature_name": "other", "instances": [[1]]}', "/signature_name: Input should be 'serving_default'"),
        ({"instances": [1.0, 2.0, 5.0]}, "received shape [3]; the model of digits takes [n, 8, 8, 1] or [n, 8, 8] or"),
        ({"instances": [BLACK, BLACK[1:]]}, "instances is ragged"),
        ({"instances": [[*BLACK[1:], "7"]]}, 'instances holds "7"; expected numbers only'),
        ({"instances": [[*BLACK[1:], None]]}, "instances holds null"),
        ({"instances": [[*BLACK[1:], True]]}, "instances holds true"),
        ({"instances": [[*BLACK[1:], 256]]}, "whole numbers from 0 to 255, received 256"),
        ({"instances": [[*BLACK[1:], -1]]}, "received -1"),
        ({"instances": [[*BLACK[1:], 0.5]]}, "received 0.5; the network scales them itself"),
        ({"instances": [BLACK] * 1001}, "received 1,001 samples; a request holds from 1 to 1,000"),
        ({"instances": [b64(1)] * 101}, "received 101 images; a request holds from 1 to 100"),
        ({"instances": [b64(1), BLACK]}, 'instances/1 is a list of 64 items; expected {"b64"'),
        ({"instances": [BLACK, b64(1)]}, "instances is ragged"),
        ({"instances": [{"b64": 5}]}, 'instances/0 is {"b64": 5}; expected {"b64"'),
        ({"instances": [{"b64": "???"}]}, "instances/0 is not valid base64"),
        ({"instances": [{"b64": "eA=="}]}, "image 0: "),
        ({"instances": [{"pixels": BLACK}]}, 'instances/0 has the members ["pixels"]; the model\'s one input is `imag'),
        ({"instances": ["text"]}, 'instances holds "text"'),
        ({"inputs": {"b64": "eA=="}}, "inputs is "),
        ({"inputs": {"image": 5}}, "inputs is 5; expected a list with one value for each sample"),
        ({"inputs": {"image": []}}, "received shape [0]"),
        ({"inputs": {"image": BLACK, "more": 1}}, "the model's one input is `image`"),
    ],
)
def test_invalid_request_is_rejected_with_expectation(body: object, fragment: str) -> None:
    with pytest.raises(BadTensor) as rejected:
        samples_of(parse_predict(body if isinstance(body, bytes) else orjson.dumps(body)), DIGITS)

    assert fragment in str(rejected.value)


@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        ({"instances": [[1, 2, 3]]}, "received shape [1, 3]; the model of blobs takes [n, 2]"),
        ({"instances": [[1, 1e7]]}, "features are numbers from -1e6 to 1e6, received 10000000.0"),
        ({"instances": [b64(1)]}, "the model of blobs takes 2 numbers a sample, received images"),
        ({"instances": [{"image": [1, 2]}]}, "the model's one input is `features`"),
    ],
)
def test_invalid_features_are_rejected(body: object, fragment: str) -> None:
    with pytest.raises(BadTensor) as rejected:
        samples_of(parse_predict(orjson.dumps(body)), BLOBS)

    assert fragment in str(rejected.value)


@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        ({"examples": []}, "/examples: List should have at least 1 item"),
        ({"examples": [5]}, "/examples/0: Input should be a valid dictionary"),
        ({"examples": [{}]}, "examples/0 has the members []; the model's one input is `image`"),
        ({"examples": [{"image": BLACK}, {"image": b64(1)}]}, "examples is ragged"),
    ],
)
def test_invalid_examples_are_rejected(body: object, fragment: str) -> None:
    with pytest.raises(BadTensor) as rejected:
        samples_of(parse_classify(orjson.dumps(body)), DIGITS)

    assert fragment in str(rejected.value)


def test_flat_example_is_reshaped() -> None:
    body = orjson.dumps({"examples": [{"image": pixels(8).reshape(-1).tolist()}]})

    assert (samples_of(parse_classify(body), DIGITS) == pixels(8)).all()
