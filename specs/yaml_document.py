"""A bounded YAML reader: the core schema of YAML 1.2, one document, without anchors, aliases, tags and directives.

Built on the events of libyaml: see docs/decisions/0037-yaml-reader.md.
"""

import math
import re
from typing import Any

import yaml

from specs import limits
from specs.errors import DocumentError
from specs.problem import Problem, pointer_of, shorten

# https://yaml.org/spec/1.2.2/#103-core-schema
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGERS = (
    (re.compile(r"[-+]?[0-9]+"), 10),
    (re.compile(r"0o[0-7]+"), 8),
    (re.compile(r"0x[0-9a-fA-F]+"), 16),
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NUMBER_CHARACTERS = 400  # longer than any float; converting longer ones would take time
_EXPECTED_KEY = "a key must be a string; put it in quotes"
_DIRECTIVE = re.compile(r"^%", re.MULTILINE)


class NotYAMLError(DocumentError):
    """The text is not valid YAML."""


def parse_yaml(text: str) -> Any:
    """Parse one document. Raises DocumentError, which names the line."""
    # libyaml compares each %TAG with all before it: a megabyte of them would take seconds.
    if _DIRECTIVE.search(text):
        raise DocumentError.of_document("a line starts with `%`; directives are not supported, remove it")
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.handle(event)
    except yaml.MarkedYAMLError as error:
        where = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise NotYAMLError.of_document(f"not YAML: {error.problem or error.context}{where}") from None
    except yaml.YAMLError as error:
        raise NotYAMLError.of_document(f"not YAML: {getattr(error, 'reason', error)}") from None
    return builder.document


class _Builder:
    """Builds the document from parser events, without recursion and within the limits."""

    def __init__(self) -> None:
        self.document: Any = None
        self._documents = 0
        self._nodes = 0
        self._open: list[dict[str, Any] | list[Any]] = []
        self._keys: list[str | None] = []  # per open collection: the key of a mapping whose value is being read

    def handle(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._rejection(event, "a second document starts here; send one document at a time")
        elif isinstance(event, yaml.AliasEvent):
            raise self._rejection(event, f"the alias `*{event.anchor}` is not supported; write the value itself")
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._keys.pop()
            self._finish_value()
        elif isinstance(event, yaml.NodeEvent):
            self._add_node(event)

    def _add_node(self, event: yaml.NodeEvent) -> None:
        self._check_node(event)
        if isinstance(event, yaml.ScalarEvent):
            self._add_scalar(event, self._scalar(event))
            return
        collection: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._append(event, collection)
        self._open.append(collection)
        self._keys.append(None)

    def _check_node(self, event: yaml.NodeEvent) -> None:
        self._nodes += 1
        if self._nodes > limits.DOCUMENT_NODES:
            raise self._rejection(event, f"more values than the limit of {limits.DOCUMENT_NODES:,}")
        if len(self._open) == limits.DOCUMENT_DEPTH and isinstance(event, yaml.CollectionStartEvent):
            raise self._rejection(event, f"nested deeper than the limit of {limits.DOCUMENT_DEPTH} levels")
        if event.anchor is not None:
            raise self._rejection(event, f"the anchor `&{event.anchor}` is not supported; remove it")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._rejection(event, f"the tag `{shorten(tag)}` is not supported; remove it")

    def _add_scalar(self, event: yaml.ScalarEvent, value: Any) -> None:
        if self._open and isinstance(self._open[-1], dict) and self._keys[-1] is None:
            self._keys[-1] = self._key(event, value, self._open[-1])
            return
        self._append(event, value)
        self._finish_value()

    def _append(self, event: yaml.NodeEvent, value: Any) -> None:
        if not self._open:
            self.document = value
            return
        collection, key = self._open[-1], self._keys[-1]
        if isinstance(collection, list):
            collection.append(value)
        elif key is not None:
            collection[key] = value
        else:
            raise self._rejection(event, _EXPECTED_KEY)

    def _finish_value(self) -> None:
        if self._keys:
            self._keys[-1] = None

    def _key(self, event: yaml.NodeEvent, value: Any, mapping: dict[str, Any]) -> str:
        if not isinstance(value, str):
            raise self._rejection(event, _EXPECTED_KEY)
        if value in mapping:
            detail = f"the key `{shorten(value)}` is duplicated in one mapping; keep one of them"
            self._keys[-1] = value
            raise self._rejection(event, detail)
        return value

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        plain, text = event.implicit[0], event.value
        if not plain or len(text) > _NUMBER_CHARACTERS:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        for pattern, base in _INTEGERS:
            if pattern.fullmatch(text):
                return int(text, base)
        if _FLOAT.fullmatch(text):
            return self._float(event, text)
        if _NOT_FINITE.fullmatch(text):
            raise self._rejection(event, f"{text} is not a finite number; send a finite one")
        return text

    def _float(self, event: yaml.Event, text: str) -> float:
        number = float(text)
        if not math.isfinite(number):
            raise self._rejection(event, f"the number {shorten(text)} is too large")
        return number

    def _rejection(self, event: yaml.Event, detail: str) -> DocumentError:
        return DocumentError([Problem(pointer=self._pointer(), detail=f"{detail} (line {_line(event)})")])

    def _pointer(self) -> str:
        """The pointer of the next node; if that node is a key, the pointer of its mapping."""
        path = [
            len(collection) if isinstance(collection, list) else key
            for collection, key in zip(self._open, self._keys, strict=True)
        ]
        # All lists but the innermost one already contain the collection that is open in them.
        inside = [part - 1 if isinstance(part, int) else part for part in path[:-1]]
        return pointer_of(part for part in (*inside, *path[-1:]) if part is not None)


def _line(marked: Any) -> int:
    return int(marked.start_mark.line) + 1
