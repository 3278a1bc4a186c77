"""Reads the arrays of a `state_dict` that PyTorch has saved, without PyTorch, and without running what it names."""

import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_LENGTH_BYTES = 8


class NotAStateDict(ValueError):
    """The file has another format, or names something other than the few classes of a `state_dict`."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view of a storage, as `torch._utils._rebuild_tensor_v2` describes it; strides count values."""

    key: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_state_dict(path: Path) -> dict[str, Array]:
    """The arrays by name, in the shapes of PyTorch, of a file in its format from before version 1.6.

    Raises NotAStateDict.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except NotAStateDict:
        raise
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise NotAStateDict(f"{path.name} is not a state_dict of PyTorch: {error}") from error


def _read(file: BufferedReader) -> dict[str, Array]:
    if (_load(file)[0], _load(file)[0]) != (_MAGIC, _PROTOCOL):
        raise NotAStateDict("it is not in PyTorch's format from before version 1.6")
    _load(file)  # the sizes of types on the machine that has written it
    tensors, storages = _load(file)
    arrays = {}
    for key in _load(file)[0]:
        dtype = storages[key]
        count = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        data = file.read(count * dtype.itemsize)
        arrays[key] = np.frombuffer(data, dtype, count)
    return {name: _view(tensor, arrays[tensor.key]) for name, tensor in tensors.items()}


def _view(tensor: _Tensor, values: Array) -> Array:
    """Raises ValueError if the tensor does not lie within its storage."""
    last = tensor.offset + sum((side - 1) * stride for side, stride in zip(tensor.shape, tensor.strides, strict=True))
    if min(tensor.offset, *tensor.shape, *tensor.strides, 0) < 0 or last >= len(values):
        raise ValueError("a tensor reaches beyond its storage")
    strides = [stride * values.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, strides, writeable=False)


def _load(file: BufferedReader) -> tuple[Any, dict[str, np.dtype[Any]]]:
    """The next object, and the types of the storages that it refers to."""
    unpickler = _Unpickler(file)
    return unpickler.load(), unpickler.storages


def _rebuild_tensor(key: str, offset: int, size: Any, stride: Any, *_: Any) -> _Tensor:
    return _Tensor(key, offset, tuple(size), tuple(stride))


_KNOWN: dict[tuple[str, str], Callable[..., Any] | np.dtype[Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "LongStorage"): np.dtype("<i8"),
}


class _Unpickler(pickle.Unpickler):
    """Knows nothing but `_KNOWN`: a pickle can name any function of any module, and have it called."""

    def __init__(self, file: BufferedReader) -> None:
        super().__init__(file)
        self.storages: dict[str, np.dtype[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise NotAStateDict(f"it names {module}.{name}, which no state_dict needs; it is not loaded") from None

    def persistent_load(self, reference: Any) -> str:
        """The key of a storage, in place of the storage, which follows later."""
        kind, dtype, key, *_ = reference
        if kind != "storage" or not isinstance(dtype, np.dtype):
            raise NotAStateDict("it refers to something other than a storage")
        self.storages[key] = dtype
        return str(key)
