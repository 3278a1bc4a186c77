"""From bytes to a document of plain values, safe for whatever is sent."""

import json
from typing import Any, Literal

from specs import limits
from specs.errors import DocumentError
from specs.json_document import NotJSONError, parse_json
from specs.problem import shortened
from specs.yaml_document import NotYAMLError, parse_yaml

Syntax = Literal["json", "yaml"]

_ONE_LINE_HINT = (
    "the body is a single line: if it was sent with `curl -d @file`, which strips line breaks, send it with "
    "`--data-binary @file`"
)


def parse_document(body: bytes, syntax: Syntax | None = None) -> dict[str, Any]:
    """Read a mapping; without `syntax`, as JSON if it is JSON, else as YAML.

    YAML is read by the core schema of YAML 1.2: `1e-7` is a number, `on` is text. Raises DocumentError for
    what is not UTF-8, not a mapping, ambiguous (duplicate keys) or above a cap of size, depth or count.
    """
    if len(body) > limits.DOCUMENT_BYTES:
        raise DocumentError.saying(f"the document has {len(body):,} bytes, above the cap of {limits.DOCUMENT_BYTES:,}")
    text = _decoded(body)
    document = _parse(text, syntax)
    if isinstance(document, dict):
        return document
    rejection = DocumentError.saying(
        f"expected a mapping such as {{model: {{preset: digits-cnn}}}}, received {_described(document)}"
    )
    raise rejection if isinstance(document, list) else _hinted(rejection, text)


def _parse(text: str, syntax: Syntax | None) -> Any:
    if syntax == "json":
        return parse_json(text)
    if syntax is None and text.lstrip().startswith(("{", "[")):
        try:
            return parse_json(text)
        except NotJSONError:
            pass  # a flow mapping of YAML starts like this too
    try:
        return parse_yaml(text)
    except NotYAMLError as error:
        raise _hinted(error, text) from None


def _hinted(error: DocumentError, text: str) -> DocumentError:
    if len(text.splitlines()) > 1 or not text.strip():
        return error
    return DocumentError.saying(f"{error}; {_ONE_LINE_HINT}")


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError.saying(f"byte {error.start:,} is not UTF-8; save the document as UTF-8") from None


def _described(document: Any) -> str:
    if document is None:
        return "nothing"
    if isinstance(document, list):
        return "a list"
    return shortened(json.dumps(document, ensure_ascii=False))
