"""What may stand in a Keras document at all: plain JSON values, within the caps of a body."""

import json
import math
from collections.abc import Mapping
from typing import Any

from specs import limits
from specs.errors import DocumentError
from specs.json_document import parse_json
from specs.problem import shortened, shown
from specs.schema import FieldError

# It is kept a few levels below the top of the spec, which is read again under the cap of all documents.
_DEPTH = limits.DOCUMENT_DEPTH - 4
_WHOLE = 2**63
_EXPECTED = "expected what `json.loads(model.to_json())` gives"

Path = tuple[str | int, ...]


def plain_document(value: Any) -> Any:
    """The document itself, or what the JSON text of one stands for. Raises FieldError for all that is not JSON."""
    document = _parsed(value) if isinstance(value, str) else value
    if not isinstance(document, dict):
        raise FieldError((), f"{_EXPECTED}, received {shown(document)}")
    _check_values(document)
    _check_text(document)
    return document


def _parsed(text: str) -> Any:
    if len(text) > limits.DOCUMENT_BYTES:
        raise FieldError((), f"the text has {len(text):,} characters, above the cap of {limits.DOCUMENT_BYTES:,}")
    try:
        return parse_json(text)
    except DocumentError as error:
        raise FieldError((), f"{_EXPECTED}, or the text itself: {error.problems[0].detail}") from None


def _check_values(document: Mapping[str, Any]) -> None:
    """Without recursion: a document that was not read by our own parser may be of any depth."""
    open_values: list[tuple[Path, Any]] = [((), document)]
    count = 0
    while open_values:
        path, value = open_values.pop()
        count += 1
        if count > limits.DOCUMENT_NODES:
            raise FieldError((), f"has more values than the cap of {limits.DOCUMENT_NODES:,}")
        if len(path) > _DEPTH:
            raise FieldError((), f"is nested deeper than the cap of {_DEPTH} levels")
        open_values += [((*path, name), each) for name, each in _members(path, value)]


def _members(path: Path, value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise FieldError(path, f"has the key {shown(name)}; keys are text")
        return list(value.items())
    if isinstance(value, list):
        return list(enumerate(value))
    _check_scalar(path, value)
    return []


def _check_scalar(path: Path, value: Any) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int) and abs(value) < _WHOLE:
        return
    if isinstance(value, float) and math.isfinite(value):
        return
    number = isinstance(value, int | float)
    received = "a number that is not finite or too large" if number else f"a {shortened(type(value).__name__)}"
    raise FieldError(path, f"received {received}; expected a plain JSON value")


def _check_text(document: Mapping[str, Any]) -> None:
    try:
        size = len(json.dumps(document, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        raise FieldError((), "a text in it has half a character; write the character itself") from None
    if size > limits.DOCUMENT_BYTES:
        raise FieldError((), f"has {size:,} bytes, above the cap of {limits.DOCUMENT_BYTES:,}")
