"""Files that PyTorch has saved: their arrays, and nothing of what else they name."""

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.torch_files import Storage, torch_bytes, write_state_dict
from worker.training.torch_state import NotAStateDict, read_state_dict


def test_arrays_are_read_as_they_were_written(tmp_path: Path) -> None:
    state = {
        "conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
        "bn.num_batches_tracked": np.array(7),
        "bn.bias": np.array([0.5, -1.5], np.float32),
    }
    path = tmp_path / "state.pth"
    write_state_dict(path, state)
    read = read_state_dict(path)

    assert read.keys() == state.keys()
    for name, array in state.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def test_transposed_tensor_is_a_view_of_its_storage(tmp_path: Path) -> None:
    path = tmp_path / "state.pth"
    storage = Storage("0", np.arange(7, dtype=np.float32))
    path.write_bytes(torch_bytes({"a": storage.view(1, (3, 2), (1, 3))}, [storage]))
    np.testing.assert_array_equal(read_state_dict(path)["a"], [[1, 4], [2, 5], [3, 6]])


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(1, (2, 3), (3, 1)), (0, (2, 3), (4, 1)), (-1, (1,), (1,)), (0, (2,), (-1,)), (0, (10**9,), (1,))],
)
def test_tensor_beyond_its_storage_is_rejected(tmp_path: Path, offset: int, shape: Any, strides: Any) -> None:
    path = tmp_path / "state.pth"
    storage = Storage("0", np.arange(6, dtype=np.float32))
    path.write_bytes(torch_bytes({"a": storage.view(offset, shape, strides)}, [storage]))
    with pytest.raises(NotAStateDict, match="beyond its storage"):
        read_state_dict(path)


class _Harm:
    """Unpickled, it would make a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._folder),)


def test_functions_that_it_names_are_not_called(tmp_path: Path) -> None:
    path, folder = tmp_path / "state.pth", tmp_path / "made"
    path.write_bytes(torch_bytes({"a": _Harm(folder)}, []))
    with pytest.raises(NotAStateDict, match="mkdir, which no state_dict needs; it is not loaded"):
        read_state_dict(path)
    assert not folder.exists()


@pytest.mark.parametrize(
    "content", [b"", b"no pickle", pickle.dumps({"a": 1}), b"PK\x03\x04", pickle.dumps(OrderedDict())]
)
def test_other_files_are_rejected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.pth"
    path.write_bytes(content)
    with pytest.raises(NotAStateDict):
        read_state_dict(path)


def test_truncated_file_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "state.pth"
    write_state_dict(path, {"a": np.arange(100, dtype=np.float32)})
    whole = path.read_bytes()
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        with pytest.raises(NotAStateDict):
            read_state_dict(path)
