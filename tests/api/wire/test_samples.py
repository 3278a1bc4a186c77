import base64
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from PIL import Image
from pydantic import ValidationError

from api.wire.body import BadRequestBody
from api.wire.samples import JsonSamples, parse_samples
from serving.preparation import FeatureSample, ImageSample
from tests.support.image_files import encoded

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
        {"image": "no base64!"},
        {"images": []},
        {"image": None},
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


@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        ({"image": "a.b"}, "/image", "the text is not valid base64: it contains `.`"),
        ({"images": [IMAGE, "AAAAA"]}, "/images/1", "the text is not valid base64: 5 characters without padding"),
        (
            {"imgae": IMAGE},
            "/imgae",
            "unknown field `imgae`; did you mean `image`? known here: image, images, features",
        ),
        ({"image": IMAGE, "dataset": "mnist"}, "/dataset", "it belongs in the URL, as in ?dataset=..."),
        (
            {"image": IMAGE, "images": [IMAGE]},
            "",
            "expected one of `image`, `images` and `features`, received image and",
        ),
        ({}, "", "expected one of `image`, `images` and `features`, received none"),
        ({"image": 5}, "/image", "expected a string, received 5"),
        ({"image": None}, "/image", "expected a base64 string, received null"),
        ({"images": None}, "/images", "expected a list of base64 strings, received null"),
        ({"features": None}, "/features", "expected a list of numbers, received null"),
        ({"images": []}, "/images", "`images` must not be empty, received []"),
        ({"images": "AAAA"}, "/images", 'expected a list, received "AAAA"'),
        ({"features": []}, "/features", "`features` must not be empty, received []"),
        ({"features": [[]]}, "/features/0", "`features` must not be empty, received []"),
        ({"features": {}}, "/features", "expected a list, received {}"),
        ({"image": " https://example.org/7.png"}, "/image", "the text is an address, which is not fetched; send"),
        ({"images": ["\nb'AAAA'"]}, "/images/0", "the text is how Python prints bytes"),
        ({"features": [1, "2"]}, "/features/1", 'expected a number, received "2", which is a string; write it without'),
        ({"features": [[1, 2], [1, 2e7]]}, "/features/1/1", "`features` must be at most 1,000,000, received 2"),
        ([IMAGE], "", "expected an object"),
    ],
)
def test_mistake_in_json_is_pointed_to(document: Any, pointer: str, detail: str) -> None:
    with pytest.raises(BadRequestBody) as rejected:
        read(document)
    (problem,) = rejected.value.problems
    assert (problem.pointer, problem.detail[: len(detail)]) == (pointer, detail)


def test_broken_json_is_rejected_with_its_position() -> None:
    with pytest.raises(BadRequestBody, match=r"does not parse as JSON: .* line 1 column"):
        parse_samples("application/json", b'{"image": }')


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0"
FORM = b'--b-1\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PNG + b"\r\n--b-1--\r\n"
CONTENT_TYPES = ["", "text/plain", "application/x-www-form-urlencoded", "application/json", "image/png"]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_body_is_recognized_by_its_content(content_type: str) -> None:
    document = orjson.dumps({"image": IMAGE})

    for body in (document, b" \n" + document, b"\xef\xbb\xbf" + document):
        assert parse_samples(content_type, body) == [ImageSample("image 0", b"image")]
    assert parse_samples(content_type, FORM) == [ImageSample("a.png", PNG)]
    assert parse_samples(content_type, PNG) == [ImageSample("body", PNG)]
    assert parse_samples("multipart/form-data", PNG) == [ImageSample("body", PNG)]


@pytest.mark.parametrize("data", [PNG, JPEG, b"RIFF\x10\0\0\0WEBPVP8 ", b"GIF89a\x08\0\x08\0"])
def test_curl_file_without_line_breaks_is_explained(data: bytes) -> None:
    stripped = data.translate(None, b"\r\n\0")

    with pytest.raises(BadRequestBody, match=r"lost its line breaks .* `curl --data-binary @seven.png`"):
        parse_samples("application/x-www-form-urlencoded", stripped)


def form_of(*parts: tuple[str, bytes]) -> bytes:
    written = [f"--b-1\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data for head, data in parts]
    return b"\r\n".join(written) + b"\r\n--b-1--\r\n"


def test_unnamed_file_is_read_and_empty_input_ignored() -> None:
    empty = ('name="file"; filename=""', b"")
    body = form_of(('name="file"', PNG), empty, ("name=\"file\"; filename*=UTF-8''vier.png", PNG))

    assert parse_samples("multipart/form-data; boundary=b-1", body) == [
        ImageSample("image", PNG),
        ImageSample("vier.png", PNG),
    ]
    with pytest.raises(BadRequestBody, match="no image: send one or more files"):
        parse_samples("multipart/form-data; boundary=b-1", form_of(empty))


@pytest.mark.parametrize(
    ("head", "data", "sentence"),
    [
        ('name="file"', b"four.png", 'the form field `file` holds text, not a file: "four.png"'),
        ('name="top"', b"5", r"unknown form field `top`: it belongs in the URL, as in \?top="),
        ('name="flie"; filename="a.png"', PNG, "unknown form field `flie`; did you mean `file`?"),
    ],
)
def test_wrong_field_of_a_form_is_explained(head: str, data: bytes, sentence: str) -> None:
    with pytest.raises(BadRequestBody, match=sentence):
        parse_samples("multipart/form-data; boundary=b-1", form_of((head, data)))


def test_too_many_images_are_rejected_undecoded() -> None:
    with pytest.raises(BadRequestBody, match=r"received 101 images, more than the limit of 100 .*predict:batch"):
        read({"images": ["no base64"] * 101})


@pytest.mark.parametrize("document", [{"images": [1] * 500}, {"features": ["x"] * 500}, {"features": [["x"]] * 500}])
def test_many_wrong_values_give_few_errors(document: Any) -> None:
    with pytest.raises(ValidationError) as rejected:
        JsonSamples.model_validate_json(orjson.dumps(document))
    assert rejected.value.error_count() < 5


FOUR = encoded(Image.new("L", (8, 8)))
IN_BASE64 = base64.b64encode(FOUR)
ALONE = "the body is an image in base64 alone"


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        (urlencode({"image": IN_BASE64}).encode(), "the body is a form of text with the field `image`, as `curl -d`"),
        (b"file=four.png", "the body is a form of text with the field `file`"),
        (IN_BASE64, ALONE),
        (b"\n" + base64.encodebytes(FOUR), ALONE),
        (b"data:image/png;base64," + IN_BASE64, ALONE),
    ],
    ids=["image", "file", "base64", "lines", "data URL"],
)
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_image_as_text_is_told_how_to_be_sent(body: bytes, mistake: str, content_type: str) -> None:
    with pytest.raises(BadRequestBody) as rejected:
        parse_samples(content_type, body)

    assert str(rejected.value).startswith(mistake)
    assert str(rejected.value).endswith(
        '; send it as JSON, {"image": "<base64>"}, or images in the field `file`, as in curl -F file=@seven.png'
    )


@pytest.mark.parametrize("body", [b"four.png", b"hello", b"", FOUR, b"%PDF-1.7"])
def test_other_body_is_left_to_the_decoder(body: bytes) -> None:
    assert parse_samples("application/x-www-form-urlencoded", body) == [ImageSample("body", body)]
