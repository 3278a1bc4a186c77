"""Translates pydantic's validation errors into problems with pointers and advice."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from specs import limits
from specs.misplacement import models_in, nesting_hint, place_hint
from specs.problem import FieldPath, Problem, format_value, pointer_of, received_value, shorten
from specs.schema import FieldError, FieldErrors
from specs.spelling import did_you_mean

_SENTENCES: Mapping[str, str] = {
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "string_type": "expected a string",
    "bool_type": "expected true or false",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "model_type": "expected an object with named fields",
    "model_attributes_type": "expected an object with named fields",
    "finite_number": "expected a finite number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must not be empty",  # no list has a higher minimum
    "too_long": "must have at most {max_length} items",
}
_NO_OBJECT = ("model_type", "model_attributes_type")
_LISTED_TYPES = 3


def problems_of(error: ValidationError, document: Any, root: type[BaseModel]) -> list[Problem]:
    """The problems of `document`, which `root` rejected with `error`: distinct, at most `limits.PROBLEMS`."""
    return [
        Problem(pointer=pointer_of(each.path), detail=each.detail, received=received_value(_at(document, each.path)))
        for each in errors_of(error, document, root)
    ]


def errors_of(error: ValidationError, document: Any, root: type[BaseModel]) -> list[FieldError]:
    """As `problems_of`, with paths from `document`."""
    found: dict[tuple[str, str], FieldError] = {}
    for details in error.errors(include_url=False, include_input=False):
        for each in _errors(details, document, root):
            found.setdefault((pointer_of(each.path), each.detail), each)
            if len(found) == limits.PROBLEMS:
                return list(found.values())
    return list(found.values())


def _errors(details: ErrorDetails, document: Any, root: type[BaseModel]) -> Sequence[FieldError]:
    path = _path_in(document, details, root)
    error = details.get("ctx", {}).get("error")
    if isinstance(error, FieldErrors):
        return error.with_prefix(*path).errors
    if isinstance(error, FieldError):
        return [error.with_prefix(*path)]
    return [_error(details, path, document, root)]


def _error(details: ErrorDetails, path: FieldPath, document: Any, root: type[BaseModel]) -> FieldError:
    kind, received = details["type"], _at(document, path)
    if kind == "extra_forbidden":
        return FieldError(path, _unknown_field(details, path, root))
    if kind in ("missing", "string_pattern_mismatch"):
        return FieldError(path, _describe(details, root, received))
    if kind == "union_tag_not_found":
        return FieldError((*path, "type"), f"`type` is missing; known: {', '.join(_types(details['loc'], root))}")
    if kind == "union_tag_invalid":
        path = (*path, "type")
        return FieldError(path, _unknown_name(_types(details["loc"], root), path, _at(document, path)))
    if kind == "literal_error":
        return FieldError(path, _unknown_name(_names(details, path, root), path, received))
    if kind == "value_error":
        return FieldError(path, f"{details['ctx']['error']}, received {format_value(received)}")
    nesting = nesting_hint(received, _candidates(details["loc"], root)) if kind in _NO_OBJECT else ""
    return FieldError(path, f"{_sentence(details, path, received)}{nesting}")


def _path_in(document: Any, details: ErrorDetails, root: type[BaseModel]) -> FieldPath:
    """The path in the document: pydantic's location without the tags of unions and without missing members."""
    path: list[str | int] = []
    value = document
    last = len(details["loc"]) - 1
    # The validator of an object rejects the object itself, so that the last part may be its tag; otherwise the last
    # part is a field.
    tags = last + 1 if details["type"] == "value_error" else last
    for position, part in enumerate(details["loc"]):
        is_tag = position < tags and _is_tag(part, details["loc"][:position], root)
        if not is_tag and _has(value, part):
            path.append(part)
            value = value[part]
        elif not is_tag and position == last and details["type"] in ("missing", "value_error"):
            path.append(part)
    return tuple(path)


def _is_tag(part: str | int, location: FieldPath, root: type[BaseModel]) -> bool:
    """Whether `part` of pydantic's location is the type of the object at `location`. The document may spell it as Keras
    does."""
    candidates = _candidates(location, root) if isinstance(part, str) else []
    return len(candidates) > 1 and part in (model.model_fields["type"].default for model in candidates)


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)


def _at(document: Any, path: FieldPath) -> Any:
    for part in path:
        if not _has(document, part):
            return None
        document = document[part]
    return document


def _unknown_field(details: ErrorDetails, path: FieldPath, root: type[BaseModel]) -> str:
    name, location = str(details["loc"][-1]), details["loc"][:-1]
    known = [field.alias or name for name, field in _fields(location, root).items()]
    hint = place_hint(name, path, known, root)
    others = _types_with(name, location, root)
    owners = f"; `{shorten(name)}` is a field of {' or '.join(others)}" if others else ""
    return f"unknown field `{shorten(name)}`; {hint}known here: {', '.join(known) or 'none'}{owners}"


def _types_with(name: str, location: FieldPath, root: type[BaseModel]) -> list[str]:
    """Other types that the object at pydantic's `location` might have, and that have the field `name`."""
    if not location or not _is_tag(location[-1], location[:-1], root):
        return []
    models = _candidates(location[:-1], root)
    return [str(model.model_fields["type"].default) for model in models if name in model.model_fields][:_LISTED_TYPES]


def _unknown_name(known: list[str], path: FieldPath, received: Any) -> str:
    name = shorten(received) if isinstance(received, str) else format_value(received)
    what = [part for part in path if isinstance(part, str) and part != "name"][-1]
    return f"unknown {what} `{name}`; {did_you_mean(name, known)}known: {', '.join(known)}"


def _names(details: ErrorDetails, path: FieldPath, root: type[BaseModel]) -> list[str]:
    """The values allowed at `path`: names, and objects by their type."""
    names = re.findall(r"'([^']*)'", str(details.get("ctx", {}).get("expected", "")))
    return names + [f"{{type: {name}}}" for name in _types(path, root)]


def _describe(details: ErrorDetails, root: type[BaseModel], received: Any) -> str:
    name = next(part for part in reversed(details["loc"]) if isinstance(part, str))
    names = [part for part in details["loc"] if isinstance(part, str)]
    field = _fields(tuple(names[:-1]), root).get(name)
    expected = f"expected {field.description}" if field and field.description else "it has no default"
    if details["type"] == "missing":
        return f"`{name}` is missing; {expected}"
    return f"{expected}, received {format_value(received)}"


def _sentence(details: ErrorDetails, path: FieldPath, received: Any) -> str:
    context = {name: _number(value) for name, value in details.get("ctx", {}).items()}
    template = _SENTENCES.get(details["type"])
    sentence = template.format_map(context) if template else details["msg"]
    field = next((f"`{part}` " for part in reversed(path) if isinstance(part, str)), "")
    lead = field if sentence.startswith("must") else ""
    return f"{lead}{sentence}, received {format_value(received)}{_quotes_hint(details['type'], received)}"


def _number(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and value < 1e15 else f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else value


def _quotes_hint(kind: str, received: Any) -> str:
    if kind == "string_type" and isinstance(received, int | float):
        return f", which is no string; write it in quotes: {format_value(str(format_value(received)))}"
    if kind not in ("int_type", "float_type", "bool_type") or not isinstance(received, str):
        return ""
    return ", which is a string; write it without quotes"


def _types(location: FieldPath, root: type[BaseModel]) -> list[str]:
    """The values allowed as `type` of the object at pydantic's `location`."""
    return [str(model.model_fields["type"].default) for model in _candidates(location, root)]


def _fields(location: FieldPath, root: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """The fields of the object at pydantic's `location`; empty if its class is ambiguous."""
    candidates = _candidates(location, root)
    return candidates[0].model_fields if len(candidates) == 1 else {}


def _candidates(location: FieldPath, root: type[BaseModel]) -> list[type[BaseModel]]:
    """The possible classes of the object at pydantic's `location`; several if its `type` decides."""
    candidates: list[type[BaseModel]] = [root]
    for part in location:
        if isinstance(part, int):
            continue
        if len(candidates) > 1:
            candidates = [model for model in candidates if model.model_fields["type"].default == part]
        elif candidates:
            field = candidates[0].model_fields.get(part)
            candidates = models_in(field.annotation) if field else []
    return candidates
