"""From what Keras's `model.to_json()` writes to layers of our own. Keras itself never reads it: a document can name
any code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from specs import limits
from specs.assembly import INPUT, Source
from specs.keras_document.arguments import check_dtype, check_trainable
from specs.keras_document.graph import check_used, index_of_end, inputs_of, ordered
from specs.keras_document.layer import Entry, entry_of
from specs.layers import Merge, Shape
from specs.problem import shortened, shown
from specs.schema import FieldError

# The last three say what was built and compiled, which is ours to do, or which release wrote it.
_MEMBERS = ("class_name", "config", "module", "registered_name", "build_config", "compile_config", "keras_version")
_FUNCTIONAL = ("Functional", "Model")


@dataclass(frozen=True)
class KerasModel:
    """`sources` are its layers, each behind those that it receives from; the last one gives the answer."""

    sources: tuple[Source, ...]
    input_layer: Entry | None

    def check_input(self, input_shape: Shape) -> None:
        """Raises FieldError where the document says that it is made for other samples."""
        if self.input_layer is not None:
            self.input_layer.check_shape(input_shape)


def keras_model(document: Mapping[str, Any]) -> KerasModel:
    """Read a Sequential or Functional model of built-in layers.

    `document` holds plain values (see `plain_document`). Raises FieldError with a path from the document, for
    whatever else it is.
    """
    class_name = _class_name(document)
    config = document.get("config")
    if not isinstance(config, dict):
        raise FieldError(("config",), f"expected an object as `config`, received {shown(config)}")
    _check_config(config)
    entries = _entries(config.get("layers"))
    return _functional(entries, config) if class_name in _FUNCTIONAL else _sequential(entries)


def _class_name(document: Mapping[str, Any]) -> str:
    unknown = [name for name in document if name not in _MEMBERS]
    if unknown:
        raise FieldError((unknown[0],), f"unknown field `{shortened(unknown[0])}`; known here: {', '.join(_MEMBERS)}")
    name, registered, module = (document.get(each) for each in ("class_name", "registered_name", "module"))
    if not isinstance(name, str) or name not in ("Sequential", *_FUNCTIONAL):
        raise FieldError(("class_name",), f"expected Sequential or Functional as `class_name`, received {shown(name)}")
    if registered not in (name, None):
        detail = f"the registered name {shown(registered)} is of a class of your own; only built-in ones are taken"
        raise FieldError(("registered_name",), detail)
    if module is not None and (not isinstance(module, str) or module.split(".")[0] != "keras"):
        raise FieldError(("module",), f"the module {shown(module)} is not Keras's; only built-in models are taken")
    return name


def _check_config(config: Mapping[str, Any]) -> None:
    try:
        check_dtype(config.get("dtype"))
        check_trainable(config)
    except FieldError as error:
        raise error.below("config", where="keras.config: ") from None


def _entries(layers: Any) -> list[Entry]:
    path = ("config", "layers")
    if not isinstance(layers, list):
        raise FieldError(path, f"expected a list as `layers`, received {shown(layers)}")
    if len(layers) > limits.LAYERS + 1:
        raise FieldError(path, f"there are {len(layers):,} layers, above the cap of {limits.LAYERS}")
    entries = [entry_of(layer, index) for index, layer in enumerate(layers)]
    if all(entry.layer is None for entry in entries):
        raise FieldError(path, "there are no layers; the least is a Flatten and a Dense")
    _check_names(entries)
    return entries


def _check_names(entries: Sequence[Entry]) -> None:
    first: dict[str, Entry] = {}
    for entry in entries:
        other = first.setdefault(entry.name, entry)
        if other is not entry:
            raise entry.place.blaming(FieldError(("name",), f"has the name of {other.place.words}; choose another"))


def _sequential(entries: Sequence[Entry]) -> KerasModel:
    head = entries[0] if entries[0].layer is None else None
    sources: list[Source] = []
    for entry in entries[1:] if head else entries:
        if entry.layer is None:
            raise entry.place.blaming(FieldError(("type",), "is not the first layer; take it out"))
        if isinstance(entry.layer, Merge):
            raise entry.place.blaming(FieldError(("type",), "has one input in a row of layers; merge in a Functional"))
        sources.append(Source(entry.name, entry.layer, (len(sources) - 1,), entry.place))
    return KerasModel(tuple(sources), head)


def _functional(entries: Sequence[Entry], config: Mapping[str, Any]) -> KerasModel:
    heads = [entry for entry in entries if entry.layer is None]
    if len(heads) != 1:
        raise FieldError(("config", "layers"), f"expected one InputLayer, received {len(heads)}")
    names = {entry.name: index for index, entry in enumerate(entries)}
    inputs = [inputs_of(entry, index, names) for index, entry in enumerate(entries)]
    if entries[index_of_end(config, "input_layers", names)] is not heads[0]:
        raise FieldError(("config", "input_layers"), f"expected the InputLayer `{heads[0].name}`")
    order = ordered(entries, inputs)
    check_used(entries, inputs, index_of_end(config, "output_layers", names))
    return KerasModel(_sources(entries, inputs, order), heads[0])


def _sources(entries: Sequence[Entry], inputs: Sequence[tuple[int, ...]], order: Sequence[int]) -> tuple[Source, ...]:
    placed: dict[int, int] = {}
    sources: list[Source] = []
    for index in order:
        entry = entries[index]
        if entry.layer is None:
            placed[index] = INPUT
            continue
        received = tuple(placed[each] for each in inputs[index])
        placed[index] = len(sources)
        sources.append(Source(entry.name, entry.layer, received, entry.place))
    return tuple(sources)
