"""Reads a model and the models inside it into one sequence of layers, with all errors of the document."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from specs import limits
from specs.assembly import INPUT, NamedLayer
from specs.keras_document.arguments import check_dtype
from specs.keras_document.classes import SEQUENTIAL
from specs.keras_document.graph import Inputs, index_of_end, inputs_of, topological_order, unused
from specs.keras_document.layer import (
    Entry,
    axis_in,
    declared_shape,
    is_trainable,
    name_layers,
    parts_of,
    plain_name,
    read_entry,
    takes_several,
)
from specs.keras_document.operations import Constant, operation_layer
from specs.keras_document.parts import PREVIOUS, Part, replace_hard_sigmoid
from specs.problem import FieldPath, format_value
from specs.schema import FieldError, Findings

_ADVICE = "for instance a Flatten and a Dense"


class ModelReader:
    """Collects `layers`, each after those that it receives from; the last one is the output. `input_entry` is the first
    one that declares the shape of a sample, `declared`."""

    def __init__(self, *, keras_2: bool) -> None:
        self._keras_2 = keras_2
        self.findings = Findings()
        self.declared: tuple[int | None, ...] | None = None
        self.input_entry: Entry | None = None
        self._layers: list[NamedLayer] = []
        self._models: list[tuple[str, ...]] = []  # of each layer: the names of the models that it is in

    def read(self, class_name: str, config: Any) -> None:
        """Raises FieldErrors with paths from the document."""
        self._model(class_name, config, ("config",), "keras.config", INPUT, trainable=True, inside=())
        if len(self._layers) > limits.LAYERS:
            detail = f"has {len(self._layers):,} layers, which exceeds the limit of {limits.LAYERS:,}"
            self.findings.add(FieldError(("config",), detail))
        self.findings.check()

    @property
    def layers(self) -> tuple[NamedLayer, ...]:
        """With distinct names: where they are not, the names of the models inside the model come first."""
        counts = Counter(layer.name for layer in self._layers)
        taken = {name for name, count in counts.items() if count == 1}
        named: list[NamedLayer] = []
        for layer, models in zip(self._layers, self._models, strict=True):
            name = layer.name
            if counts[name] > 1:
                name = _free_name("_".join([*map(plain_name, models), name]), taken)
                taken.add(name)
            named.append(replace(layer, name=name))
        return tuple(named)

    def _model(
        self,
        class_name: str,
        config: Any,
        path: FieldPath,
        label: str,
        received: int,
        *,
        trainable: bool,
        inside: tuple[str, ...],
    ) -> int:
        """Append the layers of a model that receives from layer `received`; return the index of its output."""
        place = _Place(path, label, inside)
        entries = self._entries(config, place, is_sequential=class_name == SEQUENTIAL)
        if isinstance(config, dict):
            with self.findings.collect(lambda error: error.with_prefix(*path, label=f"{label}: ")):
                check_dtype(config.get("dtype"))
            trainable = trainable and config.get("trainable") is not False
        if class_name == SEQUENTIAL:
            return self._sequential(entries, place, received, trainable=trainable)
        return self._functional(entries, config, place, received, trainable=trainable)

    def _entries(self, config: Any, place: "_Place", *, is_sequential: bool) -> list[Entry | None]:
        """The entries, None for those at fault. Before Keras 2.2.3 the `config` of a Sequential was the list itself."""
        layers, path, label = config, place.path, place.label
        if isinstance(config, dict):
            layers, path, label = config.get("layers"), (*path, "layers"), f"{label}.layers"
        place.layers, place.layers_label = path, label
        if not isinstance(layers, list):
            expected = "a list as `layers`" if isinstance(config, dict) else "an object as `config`"
            self.findings.add(FieldError(path, f"expected {expected}, received {format_value(layers)}"))
            return []
        if len(layers) > limits.LAYERS + 1:
            detail = f"received {len(layers):,} layers, which exceeds the limit of {limits.LAYERS:,}"
            self.findings.add(FieldError(path, detail))
            return []
        entries: list[Entry | None] = []
        # Nothing refers to the layers of a Sequential by name: those without one have Keras's default names.
        for index, document in enumerate(name_layers(layers) if is_sequential else layers):
            entry = None
            with self.findings.collect():
                entry = read_entry(document, (*path, index), f"{label}[{index}]")
            entries.append(entry)
        if all(entry is not None and entry.is_input for entry in entries):
            self.findings.add(FieldError(path, f"expected at least one layer, {_ADVICE}"))
        self._check_names(entries)
        return entries

    def _check_names(self, entries: Sequence[Entry | None]) -> None:
        first: dict[str, Entry] = {}
        for entry in entries:
            other = first.setdefault(entry.name, entry) if entry is not None else None
            if entry is not None and other is not None and other is not entry:
                detail = f"has the same name as {other.label}; rename one of them"
                self.findings.add(entry.location.locate(FieldError(("name",), detail)))

    def _sequential(self, entries: Sequence[Entry | None], place: "_Place", received: int, *, trainable: bool) -> int:
        last = received
        for index, entry in enumerate(entries):
            if entry is None:
                continue
            if entry.is_input and index > 0:
                self._reject(entry, "type", "must be the first layer; remove this one")
            elif takes_several(entry) or entry.is_operation:
                self._reject(entry, "type", "has only one input in a Sequential; use a Functional")
            else:
                last = self._append(entry, (last,), place, trainable=trainable)
        return last

    def _functional(
        self, entries: Sequence[Entry | None], config: Any, place: "_Place", received: int, *, trainable: bool
    ) -> int:
        read = [(index, entry) for index, entry in enumerate(entries) if entry is not None]
        heads = [entry for _, entry in read if entry.is_input]
        complete = len(read) == len(entries) > 0 and isinstance(config, dict)
        if complete and len(heads) != 1:
            detail = f"expected one InputLayer, received {len(heads)}"
            self.findings.add(FieldError(place.layers, detail))
        names = {entry.name: (index, entry) for index, entry in read}
        inputs: dict[int, Inputs] = {}
        for index, entry in read if complete else ():
            with self.findings.collect():
                inputs[index] = inputs_of(entry, (*place.layers, index, "inbound_nodes"), names)
        order = list(range(len(entries)))
        output: int | None = None
        if complete and len(inputs) == len(entries) and len(heads) == 1:
            output, order = self._order([entry for _, entry in read], inputs, config, names, place, heads[0])
        positions: dict[int, int] = {}
        for index in order:
            each_entry = entries[index]
            if each_entry is None or (each_entry.is_operation and index not in inputs):
                continue  # which operation is possible depends on its operands
            sources = inputs.get(index, ())
            operands = tuple(each if isinstance(each, Constant) else positions.get(each, received) for each in sources)
            operands = (received,) if each_entry.is_input else operands or (received,)
            positions[index] = self._append(each_entry, operands, place, trainable=trainable)
        return received if output is None else positions[output]

    def _order(
        self,
        entries: list[Entry],
        inputs: Mapping[int, Inputs],
        config: Mapping[str, Any],
        names: Mapping[str, tuple[int, Entry]],
        place: "_Place",
        head: Entry,
    ) -> tuple[int | None, list[int]]:
        """The index of the output, None if the graph is at fault, and an order of the layers."""
        known = len(self.findings.errors)
        sources = [[each for each in inputs[index] if isinstance(each, int)] for index in range(len(entries))]
        order, output = list(range(len(entries))), None
        with self.findings.collect():
            if entries[index_of_end(config, "input_layers", names, place.path, place.label)] is not head:
                raise FieldError((*place.path, "input_layers"), f"expected the InputLayer `{head.name}`")
        with self.findings.collect(lambda error: error.with_prefix(*place.layers)):
            order = topological_order(entries, sources)
        with self.findings.collect():
            output = index_of_end(config, "output_layers", names, place.path, place.label)
        if output is not None and len(self.findings.errors) == known:
            self.findings.add(*(each.with_prefix(*place.layers) for each in unused(entries, sources, output)))
        return (output if len(self.findings.errors) == known else None), order

    def _append(self, entry: Entry, operands: tuple[int | Constant, ...], place: "_Place", *, trainable: bool) -> int:
        """Append the layers of `entry`; return the index of the last one."""
        received = next((each for each in operands if isinstance(each, int)), INPUT)
        with self.findings.collect():
            self._declare(entry, received)
        if entry.is_input:
            return received
        own = True
        with self.findings.collect():
            own = is_trainable(entry)
        if entry.is_model:
            path, label = entry.location.path, f"{entry.location.label}: config"
            return self._model(
                entry.class_name,
                entry.config,
                path,
                label,
                received,
                trainable=trainable and own,
                inside=(*place.inside, entry.name),
            )
        parts: tuple[Part, ...] = ()
        axis: int | None = None
        with self.findings.collect():
            parts = self._parts(entry, operands)
            parts = tuple(replace_hard_sigmoid(parts)) if self._keras_2 else parts
        with self.findings.collect():
            axis = axis_in(entry)
        sources = tuple(each for each in operands if isinstance(each, int))
        for part in parts:
            inputs = sources if part.takes is None else tuple(self._source(each, sources) for each in part.takes)
            name = f"{plain_name(entry.name)}{part.suffix}"
            layer = NamedLayer(
                name, part.layer, inputs, entry.location, trainable=trainable and own, axis=axis, channels=part.channels
            )
            self._layers.append(layer)
            self._models.append(place.inside)
        return len(self._layers) - 1 if parts else received

    def _source(self, taken: int, sources: Sequence[int]) -> int:
        """A graph at fault may lack the operands that a part takes."""
        if taken == PREVIOUS:
            return len(self._layers) - 1
        return sources[taken] if taken < len(sources) else sources[0]

    def _parts(self, entry: Entry, operands: tuple[int | Constant, ...]) -> tuple[Part, ...]:
        if not entry.is_operation:
            return parts_of(entry)
        constants = [each if isinstance(each, Constant) else None for each in operands]
        findings = Findings()
        parts: tuple[Part, ...] = ()
        with findings.collect(entry.location.locate):
            parts = (Part(operation_layer(entry.document, constants)),)
        findings.check()
        return parts

    def _declare(self, entry: Entry, received: int) -> None:
        """Keep the shape that the first layer declares. A model inside the model cannot declare another one."""
        shape = declared_shape(entry) if entry.is_input or received == INPUT else None
        if shape is not None and received == INPUT and self.input_entry is None:
            self.declared, self.input_entry = shape, entry

    def _reject(self, entry: Entry, field: str, detail: str) -> None:
        self.findings.add(entry.location.locate(FieldError((field,), detail)))


class _Place:
    """Where a model is: the paths to its `config` and its layers, and the models that it is in."""

    def __init__(self, path: FieldPath, label: str, inside: tuple[str, ...]) -> None:
        self.path, self.label, self.inside = path, label, inside
        self.layers: FieldPath = path
        self.layers_label = label


def _free_name(name: str, taken: set[str]) -> str:
    free, number = name, 1
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
