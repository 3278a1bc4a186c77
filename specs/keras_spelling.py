"""Keras's own spellings of optimizers, losses and schedules: other names, and what `serialize` returns."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from specs.explanation import errors_of
from specs.keras_objects import function_name, is_of_keras
from specs.merge_patch import merge_patch
from specs.problem import FieldPath, format_value, shorten
from specs.schema import FieldError, Findings, Schema
from specs.spelling import did_you_mean

_MEMBERS = frozenset({"class_name", "config", "module", "registered_name", "build_config", "compile_config", "type"})
Neutral = Mapping[str, tuple[Any, ...]]


def keras_spelling(
    what: str, types: Iterable[type[Schema]], names: Mapping[str, str] | None = None, neutral: Neutral | None = None
) -> Callable[[Any], Any]:
    """A validator that turns Keras's other spellings of an object of one of `types` into ours.

    These are its name alone, in any case, with underscores, or one of `names`, which lead to types; the same as
    `type`; and the `class_name` and `config` of a serialized object. There `neutral` are arguments that no type has,
    with the values that change nothing here. What stands beside `config` is merged into it, so that a merge patch with
    our fields changes a serialized object as well.

    The validator raises FieldError or FieldErrors.
    """
    return _Spelling(what, types, names or {}, neutral or {})


class _Spelling:
    def __init__(self, what: str, types: Iterable[type[Schema]], names: Mapping[str, str], neutral: Neutral) -> None:
        self._what, self._names, self._neutral = what, names, neutral
        self._types = {each.__name__: each for each in types}
        self._by_spelling = {_plain(name): name for name in self._types} | {_plain(each): names[each] for each in names}

    def __call__(self, value: Any) -> Any:
        function = function_name(value)
        if function is not None:
            return {"type": self._type_of(function, ("config",))}
        if isinstance(value, str):
            return {"type": self._type_of(value, ())}
        if not isinstance(value, Mapping):
            return value
        if "class_name" in value:
            return self._read(value)
        kind = value.get("type")
        return {**value, "type": self._by_spelling.get(_plain(kind), kind)} if isinstance(kind, str) else value

    def _type_of(self, name: Any, path: FieldPath) -> str:
        spelled = self._by_spelling.get(_plain(name)) if isinstance(name, str) else None
        if spelled is None:
            hint = did_you_mean(name, [*self._types, *self._names]) if isinstance(name, str) else ""
            known = ", ".join(self._types)
            raise FieldError(path, f"unknown {self._what} {format_value(name)}; {hint}known: {known}")
        return spelled

    def _read(self, value: Mapping[str, Any]) -> Schema | None:
        kind = self._type_of(value["class_name"], ("class_name",))
        _check_origin(self._what, value)
        beside = {name: each for name, each in value.items() if name not in _MEMBERS}
        if "type" in value and self._type_of(value["type"], ("type",)) != kind:
            detail = f"`type` {format_value(value['type'])} differs from `class_name`; leave one of them out"
            raise FieldError(("type",), detail)
        config = value.get("config", {})
        if not isinstance(config, Mapping):
            raise FieldError(("config",), f"expected an object as `config`, received {format_value(config)}")
        findings, model = Findings(), self._types[kind]
        arguments: dict[str, Any] = {}
        for name, each in config.items():
            with findings.collect(lambda error: error.with_prefix("config")):
                arguments |= self._argument(name, each, model)
        arguments = merge_patch(arguments, beside)
        try:
            read = model.model_validate(arguments)
        except ValidationError as error:
            findings.add(*(_below_config(each, beside) for each in errors_of(error, arguments, model)))
            read = None
        findings.check()
        return read

    def _argument(self, name: str, value: Any, model: type[Schema]) -> dict[str, Any]:
        known = [field for field in model.model_fields if field != "type"]
        if name in known:
            return {name: value}
        if name == "name":
            return {}
        if name not in self._neutral:
            detail = f"unknown argument `{shorten(name)}` of {model.__name__}; {did_you_mean(name, known)}known here: "
            raise FieldError((name,), f"{detail}{', '.join(known) or 'none'}")
        if not any(value == each and type(value) is type(each) for each in self._neutral[name]):
            expected = format_value(self._neutral[name][0])
            raise FieldError((name,), f"`{name}` {format_value(value)} is not supported; expected {expected}")
        return {}


def _below_config(error: FieldError, beside: Mapping[str, Any]) -> FieldError:
    return error.with_prefix("config") if error.path and error.path[0] not in beside else error


def _check_origin(what: str, value: Mapping[str, Any]) -> None:
    name, module, registered = value["class_name"], value.get("module"), value.get("registered_name")
    if not is_of_keras(module):
        raise FieldError(("module",), f"the {what} of module {format_value(module)} is not one of Keras's own")
    if registered not in (name, None):
        detail = f"the registered name {format_value(registered)} is a custom class; expected a {what} of Keras's own"
        raise FieldError(("registered_name",), detail)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
