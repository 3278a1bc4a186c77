"""A bounded JSON reader (RFC 8259) that rejects what two readers might understand differently."""

import json
import math
import re
from typing import Any

from specs import limits
from specs.errors import DocumentError
from specs.problem import FieldPath, Problem, pointer_of, shorten
from specs.yaml_document import parse_yaml

# An unterminated string extends to the end of the text, so that no text is scanned twice.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{},:]', re.DOTALL)
_TOKENS_PER_NODE = 4  # its text, an opening and a closing bracket, a separator
_INTEGER_DIGITS = 400  # longer than any float; int() of longer ones takes time


class _DuplicateKey(DocumentError):
    """An object has a duplicate key."""


class NotJSONError(DocumentError):
    """The text is not valid JSON, or exceeds a limit that is checked before parsing."""


def parse_json(text: str) -> Any:
    """Parse `text`. Raises NotJSONError, and DocumentError for duplicate keys and numbers that are not finite."""
    _check_nesting(text)
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotJSONError.of_document(f"not JSON: {error.msg} at {where}") from None
    except _DuplicateKey:
        parse_yaml(text)  # JSON is YAML too, and that reader knows the line and the pointer
        raise
    _reject_infinite(document)
    if "\\u" in text:
        _reject_surrogates(document)
    return document


def _check_nesting(text: str) -> None:
    """Check the limits before parsing, because the parser recurses."""
    depth, nodes = 0, 1
    for tokens, match in enumerate(_TOKEN.finditer(text)):
        token = match[0][0]
        nodes += token in "[{,:"
        depth += (token in "[{") - (token in "]}")
        if depth > limits.DOCUMENT_DEPTH:
            raise NotJSONError.of_document(f"nested deeper than the limit of {limits.DOCUMENT_DEPTH} levels")
        if nodes > limits.DOCUMENT_NODES or tokens > _TOKENS_PER_NODE * limits.DOCUMENT_NODES:
            raise NotJSONError.of_document(f"the document has more values than the limit of {limits.DOCUMENT_NODES:,}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in pairs:
        if name in document:
            raise _DuplicateKey.of_document(f"the key `{shorten(name)}` is duplicated in one object; keep one of them")
        document[name] = value
    return document


def _integer(literal: str) -> int:
    if len(literal) > _INTEGER_DIGITS:
        detail = f"a number has {len(literal):,} digits, which exceeds the limit of {_INTEGER_DIGITS}"
        raise DocumentError.of_document(detail)
    return int(literal)


def _reject_infinite(document: Any) -> None:
    """Python's parser accepts NaN and Infinity, which are not JSON, and reads 1e999 as infinity."""
    open_values: list[tuple[FieldPath, Any]] = [((), document)]
    while open_values:
        path, value = open_values.pop()
        if isinstance(value, dict):
            open_values += [((*path, name), each) for name, each in value.items()]
        elif isinstance(value, list):
            open_values += [((*path, index), each) for index, each in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            detail = f"{value} is not a finite number; send a finite one"
            raise DocumentError([Problem(pointer=pointer_of(path), detail=detail, received=str(value))])


def _reject_surrogates(document: Any) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        detail = r"a \u escape is an unpaired surrogate; write the character itself"
        raise DocumentError.of_document(detail) from None
