"""JSON (RFC 8259), minus what two readers might understand differently."""

import json
import math
import re
from typing import Any

from specs import limits
from specs.errors import DocumentError
from specs.problem import Problem, pointer_of, shortened
from specs.yaml_document import parse_yaml

# A string that never ends is taken to the end of the text, so that no text is scanned twice.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{},:]', re.DOTALL)
_TOKENS_PER_NODE = 4  # its text, what opens it, what closes it, what stands before the next
_INTEGER_DIGITS = 400  # more than any float can hold; int() of a longer one takes time


class _DuplicateKey(DocumentError):
    """One object has a key twice."""


class NotJSONError(DocumentError):
    """The text does not follow JSON's grammar, or was rejected before it was known whether it does."""


def parse_json(text: str) -> Any:
    """Raises NotJSONError, and DocumentError for duplicate keys and numbers that are not finite."""
    _check_nesting(text)
    try:
        document = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotJSONError.saying(f"not JSON: {error.msg} at {where}") from None
    except _DuplicateKey:
        parse_yaml(text)  # JSON is YAML too, and that reader knows where in the document it is
        raise
    _reject_infinite(document)
    if "\\u" in text:
        _reject_half_characters(document)
    return document


def _check_nesting(text: str) -> None:
    """Before parsing, because the parser recurses."""
    depth, nodes = 0, 1
    for tokens, match in enumerate(_TOKEN.finditer(text)):
        token = match[0][0]
        nodes += token in "[{,:"
        depth += (token in "[{") - (token in "]}")
        if depth > limits.DOCUMENT_DEPTH:
            raise NotJSONError.saying(f"nested deeper than the cap of {limits.DOCUMENT_DEPTH} levels")
        if nodes > limits.DOCUMENT_NODES or tokens > _TOKENS_PER_NODE * limits.DOCUMENT_NODES:
            raise NotJSONError.saying(f"the document has more values than the cap of {limits.DOCUMENT_NODES:,}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in pairs:
        if name in document:
            raise _DuplicateKey.saying(f"the key `{shortened(name)}` stands twice in one object; keep one of them")
        document[name] = value
    return document


def _integer(literal: str) -> int:
    if len(literal) > _INTEGER_DIGITS:
        raise DocumentError.saying(f"a number has {len(literal):,} digits; the most are {_INTEGER_DIGITS}")
    return int(literal)


def _reject_infinite(document: Any) -> None:
    """NaN and Infinity are no JSON, though Python reads them; a number like 1e999 becomes infinite."""
    open_values: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while open_values:
        path, value = open_values.pop()
        if isinstance(value, dict):
            open_values += [((*path, name), each) for name, each in value.items()]
        elif isinstance(value, list):
            open_values += [((*path, index), each) for index, each in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            detail = f"{value} is no number to work with; give a finite one"
            raise DocumentError([Problem(pointer=pointer_of(path), detail=detail, received=str(value))])


def _reject_half_characters(document: Any) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        detail = r"a \u escape stands for half a character; write the character itself"
        raise DocumentError.saying(detail) from None
