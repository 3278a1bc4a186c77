"""The name of an experiment that was made from another one and got none of its own: what it changes."""

from collections.abc import Iterator, Mapping
from typing import Any

from specs import limits

_SEPARATOR = " · "
_REPRODUCED = "reproduced"
_IMPROVED = "improved"
_DESCRIPTIVE = frozenset({"name", "notes", "tags", "based_on", "continue_from"})
# Its members are labels of classes.
_FREE = frozenset({"class_weight"})
# What documents leave out.
_USUAL_TRAINING = {"devices": 1}
# Short enough for a row of a table.
_SHOWN = 2
_MAX_VALUE, _MAX_WORDS = 20, 30


def derived_name(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """`name` is that of the experiment with the document `before`. What that changed itself is left out, so that names
    do not grow from step to step: "digits · epochs 20"."""
    changes = [_shorten(each) for each in _changes(before, after)]
    words = ["continued"] if after.get("continue_from") is not None else []
    words += changes if len(changes) <= _SHOWN else [*changes[:_SHOWN], "…"]
    is_derived = before.get("based_on") is not None or before.get("continue_from") is not None
    return _with_suffix(name.partition(_SEPARATOR)[0] if is_derived else name, ", ".join(words) or "repeated")


def reproduced_name(name: str) -> str:
    """Of an experiment that runs the one of that name again, as it was."""
    return _with_suffix(name.removesuffix(f"{_SEPARATOR}{_REPRODUCED}"), _REPRODUCED)


def improved_name(name: str) -> str:
    """Of an experiment that fine-tunes the one of that name."""
    return _with_suffix(name.removesuffix(f"{_SEPARATOR}{_IMPROVED}"), _IMPROVED)


def seed_name(name: str, seed: int) -> str:
    """Of one of several experiments that differ in their seeds."""
    return _with_suffix(name, f"seed {seed}")


def without_seed(name: str, seed: int) -> str:
    return name.removesuffix(f"{_SEPARATOR}seed {seed}")


def _with_suffix(name: str, what: str) -> str:
    suffix = f"{_SEPARATOR}{what}"
    return f"{name[: limits.NAME_CHARACTERS - len(suffix)]}{suffix}"


def _shorten(words: str) -> str:
    return words if len(words) <= _MAX_WORDS else f"{words[: _MAX_WORDS - 1]}…"


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """In a few words each, the network first."""
    if before.get("model") != after.get("model"):
        yield _model_text(before.get("model") or {}, after.get("model") or {})
    if before.get("training") != after.get("training"):
        yield from _field_changes("training", *({**_USUAL_TRAINING, **each["training"]} for each in (before, after)))
    for name in after:
        if name not in _DESCRIPTIVE | {"model", "training"}:
            yield from _field_changes(name, before.get(name), after[name])


def _model_text(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if after.get("preset") not in (None, before.get("preset")):
        return f"preset {after['preset']}"
    changed = [name for name in after if after[name] != before.get(name)]
    return "layers" if {"layers", "keras"} & set(changed) else "model." + (changed or ["preset"])[0]


def _field_changes(name: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if name in _FREE or not isinstance(after, Mapping) or not isinstance(before, Mapping):
        yield _value_text(name, after)
    elif after.get("type") != before.get("type"):
        yield _value_text(name, after.get("type", after))
    else:
        for each in {**before, **after}:
            yield from _field_changes(each, before.get(each), after.get(each))


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
