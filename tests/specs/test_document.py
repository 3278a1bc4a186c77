import json
import tracemalloc
from typing import Any

import pytest

from specs import limits
from specs.document import Syntax, parse_document
from specs.errors import DocumentError

SPEC = {"model": {"preset": "digits-cnn"}, "training": {"epochs": 3}}


def rejection(body: bytes, syntax: Syntax | None = None) -> str:
    with pytest.raises(DocumentError) as caught:
        parse_document(body, syntax)
    return str(caught.value)


def pointer_of_rejection(body: bytes, syntax: Syntax | None = None) -> str:
    with pytest.raises(DocumentError) as caught:
        parse_document(body, syntax)
    return caught.value.problems[0].pointer


@pytest.mark.parametrize("syntax", [None, "json"])
def test_json_is_parsed(syntax: Syntax | None) -> None:
    assert parse_document(json.dumps(SPEC).encode(), syntax) == SPEC


@pytest.mark.parametrize("syntax", [None, "yaml"])
@pytest.mark.parametrize(
    "body",
    [
        b"model:\n  preset: digits-cnn\ntraining:\n  epochs: 3\n",
        b"{model: {preset: digits-cnn},\n training: {epochs: 3}}",
        b"--- # a comment\nmodel: {preset: 'digits-cnn'}\ntraining: {epochs: +3}\n",
    ],
)
def test_yaml_is_parsed(body: bytes, syntax: Syntax | None) -> None:
    assert parse_document(body, syntax) == SPEC


def test_json_is_valid_as_yaml() -> None:
    assert parse_document(json.dumps(SPEC, indent=2).encode(), "yaml") == SPEC


def test_byte_order_mark_is_skipped() -> None:
    assert parse_document(b"\xef\xbb\xbf" + json.dumps(SPEC).encode()) == SPEC


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-7", 1e-7),
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-3", -3),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"),
        ("'3'", "3"),
        ('"true"', "true"),
        ("<<", "<<"),
        ("9" * 401, "9" * 401),
    ],
)
def test_yaml_scalars_follow_core_schema(text: str, value: Any) -> None:
    received = parse_document(f"a: {text}\n".encode())["a"]
    assert received == value
    assert type(received) is type(value)


@pytest.mark.parametrize("syntax", [None, "json"])
def test_duplicate_key_in_json_is_named(syntax: Syntax | None) -> None:
    assert "`epochs` is duplicated" in rejection(b'{"training": {"epochs": 1, "epochs": 2}}', syntax)


def test_duplicate_key_in_yaml_has_line_and_pointer() -> None:
    body = b"training:\n  epochs: 1\n  epochs: 2\n"
    assert "`epochs` is duplicated" in rejection(body)
    assert "line 3" in rejection(body)
    assert pointer_of_rejection(body) == "/training/epochs"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"a: {b: [1, {c: .nan}]}\n", "/a/b/1/c"),
        (b"a: [[1], [2, .inf]]\n", "/a/1/1"),
        (b"a: [1]\nb: {c: 1}\nd: .inf\n", "/d"),
    ],
)
def test_yaml_rejection_points_at_value(body: bytes, pointer: str) -> None:
    assert pointer_of_rejection(body) == pointer


@pytest.mark.parametrize("syntax", [None, "json", "yaml"])
@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", ".nan", "-.inf"])
def test_numbers_that_are_not_finite_are_rejected(literal: str, syntax: Syntax | None) -> None:
    body = f'{{"a": {literal}}}'.encode()
    try:
        outcome = parse_document(body, syntax)["a"]
    except DocumentError as error:
        outcome = str(error)
    assert isinstance(outcome, str)


@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        (b"", "received nothing"),
        (b"  \n", "received nothing"),
        (b"null", "received nothing"),
        (b"[1, 2]", "received a list"),
        (b"- 1\n- 2\n", "received a list"),
        (b"3", "received 3"),
        (b"hello", 'received "hello"'),
        (b'\xff\xfe{"a": 1}', "byte 0 is not UTF-8"),
        (b"a: caf\xe9\n", "byte 6 is not UTF-8"),
        (b'{"a": "\\ud800"}', "an unpaired surrogate"),
        (b"a: &x 1\nb: 2\n", "anchor `&x`"),
        (b"a: 1\nb: *x\n", "alias `*x`"),
        (b"a: !!python/object/apply:os.system [ls]\n", "the tag"),
        (b"a: !mine 1\n", "the tag `!mine`"),
        (b"a: !!str 1\n", "the tag"),
        (b"a: 1\n---\nb: 2\n", "second document"),
        (b"%YAML 1.1\n---\na: 1\n", "directives"),
        (b"1: a\n", "a key must be a string"),
        (b"null: a\n", "a key must be a string"),
        (b"[a]: b\n", "a key must be a string"),
        (b"? {a: 1}\n: b\n", "a key must be a string"),
        (b"a: 'x\n", "not YAML"),
        (b"a: \x00\n", "control characters"),
        (b'{"a": ' + b"9" * 500 + b"}", "500 digits"),
    ],
)
def test_invalid_documents_are_rejected(body: bytes, fragment: str) -> None:
    assert fragment in rejection(body)


@pytest.mark.parametrize("body", [b'{"a": 1,}', b"{a: 1}", b"a: 1\n", b'{"a" 1}'])
def test_json_syntax_is_strict(body: bytes) -> None:
    assert "not JSON: " in rejection(body, "json")
    assert "line 1, column" in rejection(body, "json")


@pytest.mark.parametrize(
    "body",
    [
        b"name: x  dataset:    name: digits",
        b"# a comment name: x",
        b"name: x training:  epochs: 3",
    ],
)
def test_yaml_without_line_breaks_gets_hint(body: bytes) -> None:
    assert "--data-binary @file" in rejection(body)


@pytest.mark.parametrize("body", [b"a: b\nc: d: e\n", b"", b"[1, 2]", b"a: &x 1"])
def test_other_mistakes_get_no_hint(body: bytes) -> None:
    assert "--data-binary" not in rejection(body)


def nested(levels: int) -> bytes:
    return b'{"a": ' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize("syntax", [None, "json", "yaml"])
def test_depth_is_limited(syntax: Syntax | None) -> None:
    assert "a" in parse_document(nested(limits.DOCUMENT_DEPTH), syntax)
    assert "limit of 32 levels" in rejection(nested(limits.DOCUMENT_DEPTH + 1), syntax)


@pytest.mark.parametrize("syntax", [None, "json", "yaml"])
def test_number_of_values_is_limited(syntax: Syntax | None) -> None:
    # the mapping, its key and the list count too
    fitting = {"a": [1] * (limits.DOCUMENT_NODES - 3)}
    assert parse_document(json.dumps(fitting).encode(), syntax) == fitting
    above = {"a": [1] * (limits.DOCUMENT_NODES - 2)}
    assert "limit of 100,000" in rejection(json.dumps(above).encode(), syntax)


def test_size_is_limited() -> None:
    body = b"a: " + b"x" * (limits.DOCUMENT_BYTES - 3)
    assert len(parse_document(body)["a"]) == limits.DOCUMENT_BYTES - 3
    assert "2,000,001 bytes, which exceeds the limit of 2,000,000" in rejection(body + b"x")


def test_brackets_in_strings_are_not_nesting() -> None:
    text = "[" * 100 + '\\"' + "{" * 100
    assert parse_document(json.dumps({"a": text}).encode()) == {"a": text}
    assert parse_document(b"{a: '" + b"[" * 100 + b"'}") == {"a": "[" * 100}


HOSTILE = {
    "brackets": b"[" * limits.DOCUMENT_BYTES,
    "braces": b"{" * limits.DOCUMENT_BYTES,
    "objects": b'{"a":' * (limits.DOCUMENT_BYTES // 5),
    "empty lists": b"[" + b"[]," * 330_000,
    "sequences": b"- " * 500_000,
    "complex keys": b"? " * 500_000,
    "unfinished text": b'{"' + b'\\"' * 499_000,
    "quotes": b'"' * limits.DOCUMENT_BYTES,
    "colons": b":" * limits.DOCUMENT_BYTES,
    "anchors": b"&a " * 330_000,
    "exclamation marks": b"!" * limits.DOCUMENT_BYTES,
    "tag directives": b"".join(b"%%TAG !a%d! x\n" % number for number in range(60_000)),
    "almost a number": b"a: " + b"1" * 900_000 + b"x",
    "digits": b'{"a": ' + b"1" * 900_000 + b"}",
    "documents": b"---\n" * 250_000,
    "keys": b"".join(b"a%d: b\n" % number for number in range(80_000)),
}


@pytest.mark.parametrize("syntax", [None, "json", "yaml"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_use_bounded_memory(name: str, syntax: Syntax | None) -> None:
    tracemalloc.start()
    try:
        outcome = str(len(parse_document(HOSTILE[name], syntax)))
    except DocumentError as error:
        outcome = str(error)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0 < len(outcome) < 1_000
    assert peak < 50_000_000
