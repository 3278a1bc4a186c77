"""Which layer of a Functional model receives from which, and in what order they can be put together."""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

from specs.keras_document.layer import Entry
from specs.layers import Merge
from specs.problem import shortened, shown
from specs.schema import FieldError

Path = tuple[str | int, ...]
_TENSOR = "__keras_tensor__"


def inputs_of(entry: Entry, index: int, names: Mapping[str, int]) -> tuple[int, ...]:
    """The indices, by `names`, of the entries that `entry`, which stands at `index`, receives from."""
    path = ("config", "layers", index, "inbound_nodes")
    try:
        return _received(entry, names)
    except FieldError as error:
        raise FieldError((*path, *error.path), f"{entry.place.words}: {error.detail}") from None


def index_of_end(config: Mapping[str, Any], name: str, names: Mapping[str, int]) -> int:
    """The index of the entry which `input_layers` or `output_layers` names; one only, with or without a list around."""
    ends = config.get(name)
    if isinstance(ends, list) and len(ends) == 1:
        ends = ends[0]
    if isinstance(ends, list) and ends and isinstance(ends[0], list):
        raise FieldError(("config", name), f"keras.config.{name}: expected one, received {len(ends)}")
    try:
        return _index((), ends, names)
    except FieldError as error:
        raise FieldError(("config", name, *error.path), f"keras.config.{name}: {error.detail}") from None


def ordered(entries: Sequence[Entry], inputs: Sequence[tuple[int, ...]]) -> list[int]:
    """The indices of all entries, each behind those that it receives from, otherwise as they stand."""
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
            f"{entries[index].place.words}: receives, over other layers, from itself; a network has no cycles",
        )
    return order


def check_used(entries: Sequence[Entry], inputs: Sequence[tuple[int, ...]], output: int) -> None:
    """Raises FieldError unless the output, and nothing else, leads nowhere."""
    used = {each for received in inputs for each in received}
    for index, entry in enumerate(entries):
        if (index == output) == (index in used):
            problem = (
                "is the output, but other layers receive from it" if index == output else "is received by no layer"
            )
            raise FieldError(
                ("config", "layers", index), f"{entry.place.words}: {problem}; take out what is not needed"
            )


def _received(entry: Entry, names: Mapping[str, int]) -> tuple[int, ...]:
    nodes = entry.inbound
    if not isinstance(nodes, list):
        raise FieldError((), f"expected a list as `inbound_nodes`, received {shown(nodes)}")
    if entry.layer is None:
        if nodes:
            raise FieldError((), "expected no `inbound_nodes`, because it is the input")
        return ()
    if len(nodes) != 1:
        calls = f"is used {len(nodes)} times; write it once for each use" if nodes else "receives nothing"
        raise FieldError((), calls)
    found = tuple(_index(path, history, names) for path, history in _histories(nodes[0]))
    merges = isinstance(entry.layer, Merge)
    if not (len(found) > 1 if merges else len(found) == 1):
        expected = "two inputs or more" if merges else "one input"
        raise FieldError((), f"expected {expected}, received {len(found)}")
    return found


def _histories(node: Any) -> list[tuple[Path, Any]]:
    """Where each history [layer, node, tensor] stands below `inbound_nodes`, and what it is."""
    if isinstance(node, list):
        return [_listed((0, index), each) for index, each in enumerate(node)]
    args = node.get("args") if isinstance(node, dict) else None
    if not isinstance(args, list) or len(args) != 1:
        raise FieldError((0,), "expected an object with one argument in `args`")
    kwargs = node.get("kwargs") or {}
    if not isinstance(kwargs, dict) or any(value is not None for value in kwargs.values()):
        raise FieldError((0, "kwargs"), f"arguments of a call are not supported, received {shown(kwargs)}")
    if isinstance(args[0], list):
        return [_history((0, "args", 0, index), each) for index, each in enumerate(args[0])]
    return [_history((0, "args", 0), args[0])]


def _listed(path: Path, value: Any) -> tuple[Path, Any]:
    """As releases before Keras 3 wrote it: [layer, node, tensor, arguments]."""
    if isinstance(value, list) and len(value) == 4:
        if value[3] != {}:
            raise FieldError((*path, 3), f"arguments of a call are not supported, received {shown(value[3])}")
        return path, value[:3]
    return path, value


def _history(path: Path, tensor: Any) -> tuple[Path, Any]:
    config = tensor.get("config") if isinstance(tensor, dict) else None
    if not isinstance(config, dict) or tensor.get("class_name") != _TENSOR:
        raise FieldError(path, f"expected what another layer puts out, a {_TENSOR}, received {shown(tensor)}")
    return (*path, "config", "keras_history"), config.get("keras_history")


def _index(path: Path, history: Any, names: Mapping[str, int]) -> int:
    if not isinstance(history, list) or len(history) != 3 or not isinstance(history[0], str):
        raise FieldError(path, f"expected [name of a layer, 0, 0], received {shown(history)}")
    name, node, tensor = history
    if name not in names:
        raise FieldError(path, f"there is no layer `{shortened(name)}`")
    if node != 0 or tensor != 0:
        raise FieldError(
            path, f"asks for call {shown(node)}, output {shown(tensor)} of `{name}`; each layer has one, 0"
        )
    return names[name]
