"""The graph of a Functional model: the inputs of each layer, and an order in which to assemble the layers."""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

from specs.keras_document.layer import Entry, takes_several
from specs.keras_document.operations import Constant
from specs.problem import FieldPath, format_value, shorten
from specs.schema import FieldError

_TENSOR = "__keras_tensor__"
_LEGACY_CONSTANT = "_CONSTANT_VALUE"  # instead of the name of a layer, in Keras 2
# Arguments of calls that mean nothing here: Keras 3 writes `training` for every layer that has it, and decides again.
_NEUTRAL_CALL_ARGUMENTS = frozenset({"training", "mask", "name"})
Inputs = tuple[int | Constant, ...]  # indices of entries, and constants among the operands of an operation


def inputs_of(entry: Entry, path: FieldPath, entries: Mapping[str, tuple[int, Entry]]) -> Inputs:
    """What `entry` receives: indices by `entries`, the entries by name. Raises FieldError; `path` leads to
    `inbound_nodes`."""
    try:
        return _received(entry, entries)
    except FieldError as error:
        raise FieldError((*path, *error.path), f"{entry.label}: {error.detail}") from None


def index_of_end(
    config: Mapping[str, Any], name: str, entries: Mapping[str, tuple[int, Entry]], path: FieldPath, label: str
) -> int:
    """The index of the single layer that `input_layers` or `output_layers` names, with or without lists around it."""
    ends = config.get(name)
    while isinstance(ends, list) and len(ends) == 1:
        ends = ends[0]
    if isinstance(ends, list) and ends and isinstance(ends[0], list):
        raise FieldError((*path, name), f"{label}.{name}: expected one, received {len(ends)}")
    try:
        return _index((), ends, entries)
    except FieldError as error:
        raise FieldError((*path, name, *error.path), f"{label}.{name}: {error.detail}") from None


def topological_order(entries: Sequence[Entry], inputs: Sequence[Sequence[int]]) -> list[int]:
    """The indices of all layers, each after those that it receives from, otherwise in document order.

    Raises FieldError with a path that starts with the index of a layer in a cycle.
    """
    waiting = [len(set(each)) for each in inputs]
    receivers: list[list[int]] = [[] for _ in entries]
    for index, received in enumerate(inputs):
        for each in set(received):
            receivers[each].append(index)
    ready = [index for index, number in enumerate(waiting) if number == 0]
    order: list[int] = []
    while ready:
        index = heapq.heappop(ready)
        order.append(index)
        for receiver in receivers[index]:
            waiting[receiver] -= 1
            if waiting[receiver] == 0:
                heapq.heappush(ready, receiver)
    if len(order) < len(entries):
        index = next(index for index, number in enumerate(waiting) if number)
        raise FieldError(
            (index, "inbound_nodes"),
            f"{entries[index].label}: receives its own output through other layers; a network must not have cycles",
        )
    return order


def unused(entries: Sequence[Entry], inputs: Sequence[Sequence[int]], output: int) -> list[FieldError]:
    """An error, with a path that starts with its index, for each layer but the output from which no layer receives, and
    for an output from which one does."""
    used = {each for received in inputs for each in received}
    errors: list[FieldError] = []
    for index, entry in enumerate(entries):
        if (index == output) == (index in used):
            problem = "is the output, but feeds other layers" if index == output else "feeds no other layer"
            errors.append(FieldError((index,), f"{entry.label}: {problem}; remove what is not needed"))
    return errors


def _received(entry: Entry, entries: Mapping[str, tuple[int, Entry]]) -> Inputs:
    nodes = entry.document.get("inbound_nodes")
    if not isinstance(nodes, list):
        raise FieldError((), f"expected a list as `inbound_nodes`, received {format_value(nodes)}")
    if entry.is_input:
        if nodes:
            raise FieldError((), "expected no `inbound_nodes`, because it is the input")
        return ()
    if len(nodes) != 1:
        problem = f"is used {len(nodes)} times; write it once for each use" if nodes else "has no input"
        raise FieldError((), problem)
    operands = _operands(nodes[0], of_operation=entry.is_operation)
    found = tuple(value if isinstance(value, Constant) else _index(path, value, entries) for path, value in operands)
    if entry.is_operation:
        if all(isinstance(each, Constant) for each in found):
            raise FieldError((0,), "expected the output of another layer among the operands")
        return found
    constants = [path for (path, _), each in zip(operands, found, strict=True) if isinstance(each, Constant)]
    if constants:
        raise FieldError(constants[0], "expected the output of another layer, received a number")
    merges = takes_several(entry)
    if not (len(found) > 1 if merges else len(found) == 1):
        expected = "at least two inputs" if merges else "one input"
        raise FieldError((), f"expected {expected}, received {len(found)}")
    return found


def _operands(node: Any, *, of_operation: bool) -> list[tuple[FieldPath, Any]]:
    """The path below `inbound_nodes` and the value of each operand: a history [layer, node, tensor], or a Constant."""
    if isinstance(node, list):
        return _legacy_operands(node, of_operation=of_operation)
    args = node.get("args") if isinstance(node, dict) else None
    if not isinstance(args, list) or not (args if of_operation else len(args) == 1):
        raise FieldError((0,), "expected an object with one argument in `args`")
    _check_call_arguments((0, "kwargs"), node.get("kwargs") or {})
    if of_operation:
        return [_operand((0, "args", index), each) for index, each in enumerate(args)]
    if isinstance(args[0], list):
        return [_history((0, "args", 0, index), each) for index, each in enumerate(args[0])]
    return [_history((0, "args", 0), args[0])]


def _operand(path: FieldPath, value: Any) -> tuple[FieldPath, Any]:
    if isinstance(value, dict):
        return _history(path, value)
    try:
        return path, Constant(value)
    except FieldError as error:
        raise error.with_prefix(*path) from None


def _check_call_arguments(path: FieldPath, arguments: Any) -> None:
    if not isinstance(arguments, dict):
        raise FieldError(path, f"call arguments are not supported, received {format_value(arguments)}")
    other = {
        name: value
        for name, value in arguments.items()
        if value is not None and (name not in _NEUTRAL_CALL_ARGUMENTS or not isinstance(value, bool | str))
    }
    if other:
        raise FieldError(path, f"call arguments are not supported, received {format_value(other)}")


def _legacy_operands(node: list[Any], *, of_operation: bool) -> list[tuple[FieldPath, Any]]:
    """The form written before Keras 3: [layer, node, tensor, arguments], or without the list around a single one."""
    is_single = bool(node) and isinstance(node[0], str)
    operands: list[tuple[FieldPath, Any]] = []
    for index, each in enumerate([node] if is_single else node):
        path: FieldPath = (0,) if is_single else (0, index)
        if not isinstance(each, list) or len(each) != 4:
            operands.append((path, each))
            continue
        name, _, value, arguments = each
        operands.append(_operand((*path, 2), value) if name == _LEGACY_CONSTANT else (path, each[:3]))
        if of_operation and isinstance(arguments, dict) and "y" in arguments:
            second = arguments["y"]
            arguments = {name: value for name, value in arguments.items() if name != "y"}
            place = (*path, 3, "y")
            operands.append((place, second[:3]) if isinstance(second, list) else _operand(place, second))
        _check_call_arguments((*path, 3), arguments)
    return operands


def _history(path: FieldPath, tensor: Any) -> tuple[FieldPath, Any]:
    config = tensor.get("config") if isinstance(tensor, dict) else None
    if not isinstance(config, dict) or tensor.get("class_name") != _TENSOR:
        raise FieldError(path, f"expected the output of another layer, a {_TENSOR}, received {format_value(tensor)}")
    return (*path, "config", "keras_history"), config.get("keras_history")


def _index(path: FieldPath, history: Any, entries: Mapping[str, tuple[int, Entry]]) -> int:
    if not isinstance(history, list) or len(history) != 3 or not isinstance(history[0], str):
        raise FieldError(path, f"expected [name of a layer, 0, 0], received {format_value(history)}")
    name, node, tensor = history
    if name not in entries:
        raise FieldError(path, f"unknown layer `{shorten(name)}`")
    index, entry = entries[name]
    # A model inside a model has been called once before, by itself.
    if type(node) is not int or node not in ((0, 1) if entry.is_model else (0,)) or tensor != 0:
        raise FieldError(
            path, f"refers to call {format_value(node)}, output {format_value(tensor)} of `{name}`; expected 0 and 0"
        )
    return index
