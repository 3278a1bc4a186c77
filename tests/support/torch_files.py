"""Writes files as PyTorch did before version 1.6, without PyTorch."""

import io
import pickle
import struct
import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


class FloatStorage:
    """Stands for PyTorch's class of that name, as does the next one."""


class LongStorage:
    pass


def _rebuild_tensor_v2(*arguments: Any) -> Any:
    raise NotImplementedError


class Storage:
    """Values, named `key`, of which tensors are views."""

    def __init__(self, key: str, values: NDArray[Any]) -> None:
        self.key = key
        self.values = values
        self.kind = LongStorage if values.dtype == np.int64 else FloatStorage

    def view(self, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> "Tensor":
        return Tensor(self, offset, shape, strides)


class Tensor:
    def __init__(self, storage: Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        hooks: OrderedDict[str, Any] = OrderedDict()
        self._arguments = (storage, offset, shape, strides, False, hooks)

    def __reduce__(self) -> Any:
        return _rebuild_tensor_v2, self._arguments


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, Storage):
            return ("storage", value.kind, value.key, "cpu", len(value.values), None)
        return None


def write_state_dict(path: Path, state: Mapping[str, NDArray[Any]]) -> None:
    storages = [Storage(str(index), array.ravel()) for index, array in enumerate(state.values())]
    tensors = {}
    for storage, (name, array) in zip(storages, state.items(), strict=True):
        strides = tuple(each // array.itemsize for each in np.zeros(array.shape, array.dtype).strides)
        tensors[name] = storage.view(0, array.shape, strides)
    path.write_bytes(torch_bytes(tensors, storages))


def torch_bytes(state: Mapping[str, Any], storages: Iterable[Storage]) -> bytes:
    """A file with `state`, in which tensors are views of `storages`."""
    stored = {storage.key: storage.values for storage in storages}
    written = io.BytesIO()
    for each in (_MAGIC, _PROTOCOL, {"little_endian": True}):
        pickle.dump(each, written, protocol=2)
    with _as_torch():
        _Pickler(written, protocol=2).dump(OrderedDict(state))
    pickle.dump(list(stored), written, protocol=2)
    for values in stored.values():
        written.write(struct.pack("<q", len(values)) + values.tobytes())
    return written.getvalue()


@contextmanager
def _as_torch() -> Iterator[None]:
    """Within the block our stand-ins are pickled by the names of PyTorch's classes."""
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    for module, member in ((torch, FloatStorage), (torch, LongStorage), (utils, _rebuild_tensor_v2)):
        member.__module__ = module.__name__
        setattr(module, member.__name__, member)
    modules = {"torch": torch, "torch._utils": utils}
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name, former in before.items():
            if former is None:
                del sys.modules[name]
            else:
                sys.modules[name] = former
