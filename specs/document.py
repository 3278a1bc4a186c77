"""Parses the bytes of a request into a document of plain values, within the limits of `specs.limits`."""

import json
from typing import Any, Literal

from specs import limits
from specs.errors import DocumentError
from specs.json_document import NotJSONError, parse_json
from specs.problem import shorten
from specs.yaml_document import NotYAMLError, parse_yaml

Syntax = Literal["json", "yaml"]

_SPEC_EXAMPLE = "{model: {preset: digits-cnn}}"
_ONE_LINE_HINT = (
    "the body is a single line; if it was sent with `curl -d @file`, which strips line breaks, use "
    "`curl --data-binary @file`"
)


def parse_document(body: bytes, syntax: Syntax | None = None, example: str = _SPEC_EXAMPLE) -> dict[str, Any]:
    """Parse a mapping, such as `example`: without `syntax` as JSON if it is valid JSON, otherwise as YAML.

    YAML follows the core schema of YAML 1.2: `1e-7` is a number, `on` is a string. Raises DocumentError if the body is
    not UTF-8, not a mapping, ambiguous (duplicate keys), or exceeds a limit of size, depth or number of values.
    """
    if len(body) > limits.DOCUMENT_BYTES:
        raise DocumentError.of_document(
            f"the document has {len(body):,} bytes, which exceeds the limit of {limits.DOCUMENT_BYTES:,}"
        )
    text = _decode(body)
    document = _parse(text, syntax)
    if isinstance(document, dict):
        return document
    rejection = DocumentError.of_document(f"expected a mapping, for instance {example}, received {_describe(document)}")
    # What `curl -d @file` makes of a file still has the colons of its fields.
    raise rejection if isinstance(document, list) or ":" not in text else _add_hint(rejection, text)


def _parse(text: str, syntax: Syntax | None) -> Any:
    if syntax == "json":
        return parse_json(text)
    if syntax is None and text.lstrip().startswith(("{", "[")):
        try:
            return parse_json(text)
        except NotJSONError:
            pass  # it may be a flow mapping of YAML
    try:
        return parse_yaml(text)
    except NotYAMLError as error:
        raise _add_hint(error, text) from None


def _add_hint(error: DocumentError, text: str) -> DocumentError:
    if len(text.splitlines()) > 1 or not text.strip():
        return error
    return DocumentError.of_document(f"{error}; {_ONE_LINE_HINT}")


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError.of_document(f"byte {error.start:,} is not UTF-8; save the document as UTF-8") from None


def _describe(document: Any) -> str:
    if document is None:
        return "nothing"
    if isinstance(document, list):
        return "a list"
    return shorten(json.dumps(document, ensure_ascii=False))
