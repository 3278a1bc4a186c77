"""Fields of experiments that tables are filtered and sorted by: those of the summary, metrics, and the spec's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from models_store.experiments.summary import ExperimentSummary
from specs.experiment import ExperimentSpec

Value = str | float | bool | datetime | None
# Absent values after all others; then numbers and times, then texts; then by id, which is by time.
SortKey = tuple[bool, bool, float | str, str]
# Not of use in a comparison: objects, and lists of objects.
_OBJECTS = {"metrics", "sparkline", "progress", "error"}
SUMMARY_FIELDS = tuple(name for name in ExperimentSummary.model_fields if name not in _OBJECTS)
ALIASES = {"tag": "tags"}
_MAX_DEPTH = 8


def values_at(document: Any, path: str) -> tuple[Value, ...]:
    """The values at a dotted path in a document of JSON; in a list, those of all elements, or of the one with that
    number. None where there is nothing, and for an object or list that is there."""
    found = list(_walk(document, path.split(".")))
    return tuple(None if isinstance(each, dict | list) else each for each in found) or (None,)


def spec_values(document: Any, path: str) -> tuple[Value, ...]:
    """The same in the document of a spec; where that leaves a field out, which one from before there was the field does
    as well, its default. An empty document, that of a damaged record, has none."""
    values = values_at(document, path)
    default = spec_defaults().get(path)
    if default is None or values != (None,) or not document:
        return values
    *parents, name = path.split(".")
    is_left_out = any(isinstance(each, dict) and name not in each for each in _walk(document, parents))
    return (default,) if is_left_out else values


def sort_key(values: Sequence[Value], row_id: str) -> SortKey:
    """Of the row `row_id`, in the order of a field with these `values`, of which the first counts."""
    value = values[0]
    match value:
        case None:
            return True, False, 0.0, row_id
        case datetime():
            return False, False, value.timestamp(), row_id
        case str():
            return False, True, value, row_id
    return False, False, float(value), row_id


def _walk(value: Any, steps: list[str]) -> Iterator[Any]:
    if isinstance(value, list) and not (steps and steps[0].isdecimal()):
        for each in value:
            yield from _walk(each, steps)
    elif not steps:
        yield value
    elif isinstance(value, list):
        if int(steps[0]) < len(value):
            yield from _walk(value[int(steps[0])], steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from _walk(value[steps[0]], steps[1:])


@cache
def spec_fields() -> frozenset[str]:
    """The dotted paths of all fields that a spec may have; elements of lists have no step of their own."""
    schema = ExperimentSpec.model_json_schema()
    return frozenset(_paths(schema, schema["$defs"], ()))


@cache
def spec_defaults() -> Mapping[str, Value]:
    """The defaults of fields by their dotted paths, without objects and lists, and what only some kinds of an object
    have, such as an argument of an optimizer."""
    schema = ExperimentSpec.model_json_schema()
    return dict(_defaults(schema, schema["$defs"], ()))


def _defaults(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], steps: tuple[str, ...]
) -> Iterator[tuple[str, Value]]:
    if (reference := schema.get("$ref")) is not None:
        yield from _defaults(definitions[reference.rpartition("/")[2]], definitions, steps)
    choices = [each for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())) if each != {"type": "null"}]
    if len(choices) == 1:
        yield from _defaults(choices[0], definitions, steps)
    for name, member in schema.get("properties", {}).items():
        if isinstance(default := member.get("default"), str | int | float):
            yield ".".join((*steps, name)), default
        yield from _defaults(member, definitions, (*steps, name))


def _paths(schema: Mapping[str, Any], definitions: Mapping[str, Any], steps: tuple[str, ...]) -> Iterator[str]:
    if len(steps) > _MAX_DEPTH:
        return
    if (reference := schema.get("$ref")) is not None:
        yield from _paths(definitions[reference.rpartition("/")[2]], definitions, steps)
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *_items(schema)):
        yield from _paths(choice, definitions, steps)
    for name, member in schema.get("properties", {}).items():
        yield ".".join((*steps, name))
        yield from _paths(member, definitions, (*steps, name))


def _items(schema: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    items = schema.get("items")
    return (*schema.get("prefixItems", ()), *([items] if isinstance(items, dict) else []))
