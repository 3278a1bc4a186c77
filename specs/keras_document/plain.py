"""Checks that a Keras document holds plain JSON values only, within the limits of a document."""

import json
import math
from collections.abc import Mapping
from typing import Any

from specs import limits
from specs.errors import DocumentError
from specs.json_document import parse_json
from specs.problem import FieldPath, format_value, shorten
from specs.schema import FieldError

# A spec holds the document a few levels deep, and the spec itself must stay within DOCUMENT_DEPTH.
_DEPTH = limits.DOCUMENT_DEPTH - 4
_MAX_INTEGER = 2**63
_EXPECTED = "expected what `json.loads(model.to_json())` gives"


def plain_document(value: Any) -> Any:
    """Return the document, parsed if `value` is JSON text. Raises FieldError for anything that is not JSON."""
    document = _parse(value) if isinstance(value, str) else value
    if not isinstance(document, dict):
        raise FieldError((), f"{_EXPECTED}, received {format_value(document)}")
    _check_values(document)
    _check_text(document)
    return document


def _parse(text: str) -> Any:
    if len(text) > limits.DOCUMENT_BYTES:
        raise FieldError(
            (), f"the text has {len(text):,} characters, which exceeds the limit of {limits.DOCUMENT_BYTES:,}"
        )
    try:
        return parse_json(text)
    except DocumentError as error:
        raise FieldError((), f"{_EXPECTED}, or the text itself: {error.problems[0].detail}") from None


def _check_values(document: Mapping[str, Any]) -> None:
    """Iterative: a document that our own parser has not read may have any depth."""
    open_values: list[tuple[FieldPath, Any]] = [((), document)]
    count = 0
    while open_values:
        path, value = open_values.pop()
        count += 1
        if count > limits.DOCUMENT_NODES:
            raise FieldError((), f"has more values than the limit of {limits.DOCUMENT_NODES:,}")
        if len(path) > _DEPTH:
            raise FieldError((), f"is nested deeper than the limit of {_DEPTH} levels")
        open_values += [((*path, name), each) for name, each in _members(path, value)]


def _members(path: FieldPath, value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise FieldError(path, f"has the key {format_value(name)}; keys must be strings")
        return list(value.items())
    if isinstance(value, list):
        return list(enumerate(value))
    _check_scalar(path, value)
    return []


def _check_scalar(path: FieldPath, value: Any) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int) and abs(value) < _MAX_INTEGER:
        return
    if isinstance(value, float) and math.isfinite(value):
        return
    number = isinstance(value, int | float)
    received = "a number that is not finite or too large" if number else f"a {shorten(type(value).__name__)}"
    raise FieldError(path, f"received {received}; expected a plain JSON value")


def _check_text(document: Mapping[str, Any]) -> None:
    try:
        size = len(json.dumps(document, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        raise FieldError((), "contains a string with an unpaired surrogate; write the character itself") from None
    if size > limits.DOCUMENT_BYTES:
        raise FieldError((), f"has {size:,} bytes, which exceeds the limit of {limits.DOCUMENT_BYTES:,}")
