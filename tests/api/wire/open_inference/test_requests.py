import base64
import math
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.wire.open_inference.requests import parse_inference
from api.wire.open_inference.tensors import InputTensor, join_elements, split_elements
from serving.errors import BadTensor
from tests.protocols.images import pixels, png
from tests.support.serving_infos import BLOBS, DIGITS, samples_of

DTYPES = {
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
}


def tensor(datatype: str, *shape: int, **more: Any) -> InputTensor:
    return InputTensor.model_validate({"name": "image", "datatype": datatype, "shape": shape, **more})


@pytest.mark.parametrize("datatype", DTYPES)
def test_bytes_and_json_give_the_same_array(datatype: str) -> None:
    array = np.arange(24, dtype=DTYPES[datatype]).reshape(2, 3, 4)

    from_bytes = tensor(datatype, 2, 3, 4).values(memoryview(array.tobytes()))
    nested, flat = (tensor(datatype, 2, 3, 4, data=each.tolist()).values(None) for each in (array, array.reshape(-1)))

    for values in (from_bytes, nested, flat):
        assert isinstance(values, np.ndarray)
        assert values.shape == (2, 3, 4)
        assert (values == array).all()


def test_bfloat16_is_the_upper_half_of_a_float32() -> None:
    array = np.array([0, 1, 255, -2.5], dtype=np.float32)
    upper = (array.view(np.uint32) >> 16).astype("<u2")

    values = tensor("BF16", 4).values(memoryview(upper.tobytes()))

    assert isinstance(values, np.ndarray)
    assert values.tolist() == array.tolist()


@given(st.lists(st.binary(max_size=50), max_size=8))
def test_joined_elements_are_split_again(elements: list[bytes]) -> None:
    assert split_elements(memoryview(join_elements(elements)), "input") == elements


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=4), st.data())
def test_truncated_elements_are_rejected(elements: list[bytes], data: st.DataObject) -> None:
    whole = join_elements(elements)
    ends = {len(join_elements(elements[:count])) for count in range(len(elements))}
    cut = data.draw(st.integers(1, len(whole) - 1).filter(lambda at: at not in ends))

    with pytest.raises(BadTensor, match="cut short"):
        split_elements(memoryview(whole)[:cut], "input")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-300, 2**65) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
parameters = st.fixed_dictionaries(
    {},
    optional={
        "binary_data_size": st.integers(-1, 70) | json_values,
        "binary_data": json_values,
        "classification": json_values,
        "shared_memory_region": json_values,
    },
)
inputs = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["image", "features", "other"]) | json_values,
        "shape": st.sampled_from([[1, 64], [1, 8, 8, 1], [1], [1, 2], [2**31 - 1, 2**31 - 1]]) | json_values,
        "datatype": st.sampled_from([*DTYPES, "BF16", "BYTES", "BOOL"]) | json_values,
    },
    optional={"data": st.just([0] * 64) | json_values, "parameters": parameters | json_values},
)
requests = st.fixed_dictionaries(
    {"inputs": st.lists(inputs, max_size=2) | json_values},
    optional={
        "id": json_values,
        "outputs": st.lists(st.fixed_dictionaries({"name": json_values}, optional={"parameters": parameters})),
        "parameters": json_values,
    },
)


@given(requests | json_values, st.binary(max_size=70), st.integers(-2, 2), st.sampled_from([DIGITS, BLOBS]))
def test_any_request_gives_samples_or_is_rejected(document: Any, behind: bytes, shift: int, info: Any) -> None:
    """Nothing but BadTensor, which is a 400, ever comes out of it."""
    try:
        text = orjson.dumps(document)
    except TypeError:  # an integer of more than 64 bits
        return
    try:
        samples = samples_of(parse_inference(text + behind, str(len(text) + shift)), info)
    except BadTensor:
        return
    assert samples.shape[1:] == info.image_shape


@given(st.binary(max_size=300), st.none() | st.text(max_size=30))
def test_random_bytes_are_rejected(body: bytes, header_length: str | None) -> None:
    with pytest.raises(BadTensor):
        parse_inference(body, header_length)


@given(
    st.sampled_from(sorted(DTYPES)),
    st.lists(st.integers(1, 5) | st.just(2**31 - 1), min_size=1, max_size=8),
    st.binary(max_size=100),
)
def test_bytes_must_fit_shape_and_datatype(datatype: str, shape: list[int], binary: bytes) -> None:
    fits = math.prod(shape) * np.dtype(DTYPES[datatype]).itemsize == len(binary)
    try:
        values = tensor(datatype, *shape).values(memoryview(binary))
    except BadTensor:
        assert not fits
    else:
        assert isinstance(values, np.ndarray)
        assert fits
        assert list(values.shape) == shape


def infer(binary: bytes = b"", header: int | None = None, **request: Any) -> Any:
    text = orjson.dumps(request)
    return samples_of(parse_inference(text + binary, str(len(text)) if binary else None), DIGITS)


BLACK = [0] * 64
IMAGE = {"name": "image", "datatype": "UINT8", "shape": [1, 64]}
FILES = {"name": "image", "datatype": "BYTES", "shape": [1]}


@pytest.mark.parametrize(
    ("sent", "binary", "fragment"),
    [
        ({}, b"", "/inputs: Field required"),
        ({"inputs": []}, b"", "/inputs: List should have at least 1 item"),
        (
            {"inputs": [{**IMAGE, "name": "x", "data": BLACK}]},
            b"",
            'received the inputs ["x"]; the model of digits has',
        ),
        ({"inputs": [{**IMAGE, "data": BLACK}] * 2}, b"", "has one input, `image`"),
        ({"inputs": [{**IMAGE, "datatype": "BOOL", "data": BLACK}]}, b"", 'has datatype "BOOL"; expected one of UINT8'),
        ({"inputs": [{**IMAGE, "shape": [1, -1], "data": BLACK}]}, b"", "/inputs/0/shape/1: Input should be greater"),
        ({"inputs": [{**IMAGE, "shape": [0, 2**31 - 1, 2**31 - 1, 2**31 - 1], "data": []}]}, b"", "/shape/0: Input"),
        ({"inputs": [{**IMAGE, "shape": [1, 64.0], "data": BLACK}]}, b"", "/inputs/0/shape/1: Input should be a valid"),
        ({"inputs": [{**IMAGE, "shape": [], "data": BLACK}]}, b"", "/inputs/0/shape: List should have at least 1 item"),
        ({"inputs": [{**IMAGE, "shape": [2, 64], "data": BLACK}]}, b"", "holds 64 numbers; shape [2, 64] has 128"),
        ({"inputs": [{**IMAGE, "shape": [64], "data": BLACK}]}, b"", "received shape [64]; the model of digits takes"),
        ({"inputs": [{**IMAGE, "data": [*BLACK[1:], "7"]}]}, b"", 'input image holds "7"; expected numbers only'),
        ({"inputs": [{**IMAGE, "data": [*BLACK[1:], None]}]}, b"", "input image holds null"),
        ({"inputs": [{**IMAGE, "data": [[0] * 32, 0]}]}, b"", "input image is ragged"),
        ({"inputs": [IMAGE]}, b"", "has neither `data` nor the parameter `binary_data_size`"),
        ({"inputs": [IMAGE]}, b"\0" * 64, "64 bytes follow the JSON, where the parameters `binary_data_size` and"),
        ({"inputs": [{**IMAGE, "parameters": {"binary_data_size": 64}}]}, b"\0" * 63, "make it 64"),
        (
            {"inputs": [{**IMAGE, "parameters": {"binary_data_size": 63}}]},
            b"\0" * 63,
            "63 bytes; shape [1, 64] of UINT8",
        ),
        (
            {"inputs": [{**IMAGE, "parameters": {"shared_memory_region": "r"}}]},
            b"",
            "shared memory is not supported",
        ),
        ({"inputs": [{**FILES, "data": [5]}]}, b"", "input image holds 5; expected base64 of an image, as text"),
        ({"inputs": [{**FILES, "data": ["???"]}]}, b"", "input image/0 is not valid base64"),
        ({"inputs": [{**FILES, "data": ["eA==", "eA=="]}]}, b"", "holds 2 elements; shape [1] has 1"),
        ({"inputs": [{**FILES, "shape": [2, 2], "data": ["eA=="]}]}, b"", "expected [n] or [n, 1] for n image files"),
        ({"inputs": [{**FILES, "shape": [101], "data": ["eA=="]}]}, b"", "received 101 images"),
        ({"inputs": [{**FILES, "parameters": {"binary_data_size": 6}}]}, b"\2\0\0\0no", "image 0: "),
        ({"inputs": [{**IMAGE, "data": BLACK}], "outputs": [{"name": "x"}]}, b"", 'the outputs ["x"] were asked for'),
        (
            {
                "inputs": [{**IMAGE, "data": BLACK}],
                "outputs": [{"name": "probabilities", "parameters": {"shared_memory_region": "r"}}],
            },
            b"",
            "shared memory is not supported; take",
        ),
    ],
)
def test_invalid_request_is_rejected_with_expectation(sent: Any, binary: bytes, fragment: str) -> None:
    with pytest.raises(BadTensor) as rejected:
        infer(binary, **sent)

    assert fragment in str(rejected.value)


@pytest.mark.parametrize("header_length", ["", "-1", "1e1", "64.0", "9" * 30, "66", "٣"])
def test_invalid_header_length_is_rejected(header_length: str) -> None:
    with pytest.raises(BadTensor, match="Inference-Header-Content-Length is"):
        parse_inference(b"{}" + b" " * 62, header_length)


def test_null_members_count_as_absent() -> None:
    image = {**IMAGE, "data": BLACK, "parameters": None}

    assert not infer(id=None, parameters=None, inputs=[image], outputs=None, model_name="digits").any()


def test_files_in_bytes_and_base64_are_equal() -> None:
    sent = [png(3), png(9)]
    joined = join_elements(sent)
    in_bytes = {**FILES, "shape": [2], "parameters": {"binary_data_size": len(joined)}}
    texts = [base64.b64encode(each).decode() for each in sent]

    assert (infer(joined, inputs=[in_bytes]) == pixels(3, 9)).all()
    assert (infer(inputs=[{**FILES, "shape": [2], "data": texts}]) == pixels(3, 9)).all()
    assert (infer(inputs=[{**FILES, "shape": [2, 1], "data": [[text] for text in texts]}]) == pixels(3, 9)).all()
