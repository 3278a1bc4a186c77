"""The name of an experiment that was made from another one and got none of its own: what it changes."""

from collections.abc import Iterator, Mapping
from typing import Any

from specs import limits

_SEPARATOR = " · "
_DESCRIPTIVE = frozenset({"name", "notes", "tags", "based_on", "continue_from"})
# Short enough for a row of a table.
_SHOWN = 2
_MAX_VALUE = 20


def derived_name(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """`name` is that of the experiment with the document `before`. What it says of its own changes is left out, so that
    names do not grow from step to step: "digits · epochs 20"."""
    changes = list(_changes(before, after))
    words = ["continued"] if after.get("continue_from") is not None else []
    words += changes if len(changes) <= _SHOWN else [*changes[:_SHOWN], "…"]
    return _with_suffix(name.partition(_SEPARATOR)[0], ", ".join(words) or "repeated")


def seed_name(name: str, seed: int) -> str:
    """Of one of several experiments that differ in their seeds."""
    return _with_suffix(name, f"seed {seed}")


def without_seed(name: str, seed: int) -> str:
    return name.removesuffix(f"{_SEPARATOR}seed {seed}")


def _with_suffix(name: str, what: str) -> str:
    suffix = f"{_SEPARATOR}{what}"
    return f"{name[: limits.NAME_CHARACTERS - len(suffix)]}{suffix}"


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """In a few words each, the network first."""
    if before.get("model") != after.get("model"):
        yield _model_text(before.get("model") or {}, after.get("model") or {})
    for name in after:
        if name != "model" and name not in _DESCRIPTIVE:
            yield from _field_changes(name, before.get(name), after[name])


def _model_text(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if after.get("preset") not in (None, before.get("preset")):
        return f"preset {after['preset']}"
    changed = [name for name in after if after[name] != before.get(name)]
    return "layers" if {"layers", "keras"} & set(changed) else "model." + (changed or ["preset"])[0]


def _field_changes(name: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if not isinstance(after, Mapping) or not isinstance(before, Mapping):
        yield _value_text(name, after)
    elif after.get("type") != before.get("type"):
        yield _value_text(name, after.get("type", after))
    else:
        for each in after:
            yield from _field_changes(each, before.get(each), after[each])


def _value_text(name: str, value: Any) -> str:
    if value is None or value is False:
        return f"no {name}"
    if isinstance(value, int | float | str) and len(str(value)) <= _MAX_VALUE:
        return name if value is True else f"{name} {value}"
    if isinstance(value, Mapping) and isinstance(value.get("type"), str):
        return f"{name} {value['type']}"
    if name == "add" and value:
        return f"add {', '.join(str(each['name']) for each in value)}"[: 2 * _MAX_VALUE]
    return name
