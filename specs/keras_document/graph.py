"""The graph of a Functional model: the inputs of each layer, and an order in which to assemble the layers."""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

from specs.keras_document.layer import KerasLayer
from specs.layers import Merge
from specs.problem import FieldPath, format_value, shorten
from specs.schema import FieldError

_TENSOR = "__keras_tensor__"


def inputs_of(entry: KerasLayer, index: int, names: Mapping[str, int]) -> tuple[int, ...]:
    """The indices, by `names`, of the layers that `entry`, at `index`, receives from."""
    path = ("config", "layers", index, "inbound_nodes")
    try:
        return _received(entry, names)
    except FieldError as error:
        raise FieldError((*path, *error.path), f"{entry.label}: {error.detail}") from None


def index_of_end(config: Mapping[str, Any], name: str, names: Mapping[str, int]) -> int:
    """The index of the single layer that `input_layers` or `output_layers` names, with or without a list around it."""
    ends = config.get(name)
    if isinstance(ends, list) and len(ends) == 1:
        ends = ends[0]
    if isinstance(ends, list) and ends and isinstance(ends[0], list):
        raise FieldError(("config", name), f"keras.config.{name}: expected one, received {len(ends)}")
    try:
        return _index((), ends, names)
    except FieldError as error:
        raise FieldError(("config", name, *error.path), f"keras.config.{name}: {error.detail}") from None


def topological_order(entries: Sequence[KerasLayer], inputs: Sequence[tuple[int, ...]]) -> list[int]:
    """The indices of all layers, each after those that it receives from, otherwise in document order."""
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
            ("config", "layers", index, "inbound_nodes"),
            f"{entries[index].label}: receives its own output through other layers; a network must not have cycles",
        )
    return order


def check_used(entries: Sequence[KerasLayer], inputs: Sequence[tuple[int, ...]], output: int) -> None:
    """Raise FieldError unless the output is the only layer from which no layer receives."""
    used = {each for received in inputs for each in received}
    for index, entry in enumerate(entries):
        if (index == output) == (index in used):
            problem = "is the output, but feeds other layers" if index == output else "feeds no other layer"
            detail = f"{entry.label}: {problem}; remove what is not needed"
            raise FieldError(("config", "layers", index), detail)


def _received(entry: KerasLayer, names: Mapping[str, int]) -> tuple[int, ...]:
    nodes = entry.inbound
    if not isinstance(nodes, list):
        raise FieldError((), f"expected a list as `inbound_nodes`, received {format_value(nodes)}")
    if entry.layer is None:
        if nodes:
            raise FieldError((), "expected no `inbound_nodes`, because it is the input")
        return ()
    if len(nodes) != 1:
        problem = f"is used {len(nodes)} times; write it once for each use" if nodes else "has no input"
        raise FieldError((), problem)
    found = tuple(_index(path, history, names) for path, history in _histories(nodes[0]))
    merges = isinstance(entry.layer, Merge)
    if not (len(found) > 1 if merges else len(found) == 1):
        expected = "at least two inputs" if merges else "one input"
        raise FieldError((), f"expected {expected}, received {len(found)}")
    return found


def _histories(node: Any) -> list[tuple[FieldPath, Any]]:
    """The path below `inbound_nodes` and the value of each history [layer, node, tensor]."""
    if isinstance(node, list):
        return [_legacy_history((0, index), each) for index, each in enumerate(node)]
    args = node.get("args") if isinstance(node, dict) else None
    if not isinstance(args, list) or len(args) != 1:
        raise FieldError((0,), "expected an object with one argument in `args`")
    kwargs = node.get("kwargs") or {}
    if not isinstance(kwargs, dict) or any(value is not None for value in kwargs.values()):
        raise FieldError((0, "kwargs"), f"call arguments are not supported, received {format_value(kwargs)}")
    if isinstance(args[0], list):
        return [_history((0, "args", 0, index), each) for index, each in enumerate(args[0])]
    return [_history((0, "args", 0), args[0])]


def _legacy_history(path: FieldPath, value: Any) -> tuple[FieldPath, Any]:
    """The form written before Keras 3: [layer, node, tensor, arguments]."""
    if isinstance(value, list) and len(value) == 4:
        if value[3] != {}:
            raise FieldError((*path, 3), f"call arguments are not supported, received {format_value(value[3])}")
        return path, value[:3]
    return path, value


def _history(path: FieldPath, tensor: Any) -> tuple[FieldPath, Any]:
    config = tensor.get("config") if isinstance(tensor, dict) else None
    if not isinstance(config, dict) or tensor.get("class_name") != _TENSOR:
        raise FieldError(path, f"expected the output of another layer, a {_TENSOR}, received {format_value(tensor)}")
    return (*path, "config", "keras_history"), config.get("keras_history")


def _index(path: FieldPath, history: Any, names: Mapping[str, int]) -> int:
    if not isinstance(history, list) or len(history) != 3 or not isinstance(history[0], str):
        raise FieldError(path, f"expected [name of a layer, 0, 0], received {format_value(history)}")
    name, node, tensor = history
    if name not in names:
        raise FieldError(path, f"unknown layer `{shorten(name)}`")
    if node != 0 or tensor != 0:
        raise FieldError(
            path, f"refers to call {format_value(node)}, output {format_value(tensor)} of `{name}`; expected 0 and 0"
        )
    return names[name]
