import ast
import io
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from models_store import npz
from models_store.errors import Damaged
from models_store.npz import load_npy, read_npz


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "some.npz"
    np.savez_compressed(path, first=np.arange(5), images=np.ones((2, 3), np.uint8))
    return path


def test_arrays_are_read_by_name(path: Path) -> None:
    assert read_npz(path, ["first"])["first"].tolist() == [0, 1, 2, 3, 4]
    assert sorted(read_npz(path)) == ["first", "images"]


def test_array_with_a_former_name_is_found(path: Path) -> None:
    assert read_npz(path, ["images"])["images"].shape == (2, 3)


def test_missing_array_is_damaged(path: Path) -> None:
    with pytest.raises(Damaged, match=r"some\.npz cannot be read: it has no array second"):
        read_npz(path, ["second"])


def test_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_npz(tmp_path / "none.npz")


def test_oversized_archive_is_rejected(path: Path) -> None:
    with pytest.raises(Damaged, match="it unpacks to 302 bytes, more than 301"):
        read_npz(path, max_bytes=301)


def test_pickled_object_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "pickled.npz"
    np.savez(path, first=np.array([{}], dtype=object))
    with pytest.raises(Damaged, match="allow_pickle=False"):
        read_npz(path)


@pytest.mark.parametrize("shape", [(2,), (4,), (10**18,)])
def test_false_header_is_damaged(tmp_path: Path, shape: tuple[int]) -> None:
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": "<i8", "fortran_order": False, "shape": shape})
    member.write(np.arange(3).tobytes())
    path = tmp_path / "lying.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("first.npy", member.getvalue())

    with pytest.raises(Damaged, match=r"lying\.npz cannot be read"):
        read_npz(path)


def test_truncated_archive_is_damaged(path: Path) -> None:
    whole = path.read_bytes()
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(Damaged, match=r"some\.npz"):
            read_npz(path)


def test_changed_byte_is_damaged_or_harmless(path: Path) -> None:
    whole, expected = path.read_bytes(), read_npz(path)
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            found = read_npz(path, ["first", "images"])
        except Damaged:
            continue
        assert all(np.array_equal(found[name], expected[name]) for name in expected)


@pytest.mark.skipif(sys.version_info >= (3, 11, 8), reason="this Python parses headers in threads, without a lock")
def test_headers_are_parsed_by_one_thread_at_a_time(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise SystemError, if a collection of garbage lets another thread run while one parses."""
    np.save(tmp_path / "index.npy", np.arange(5))
    parse, held = ast.literal_eval, list[bool]()

    def parse_held(header: str) -> object:
        assert isinstance(npz._ONE_PARSER, type(threading.Lock()))
        held.append(npz._ONE_PARSER.locked())
        return parse(header)

    monkeypatch.setattr(ast, "literal_eval", parse_held)
    load_npy(tmp_path / "index.npy")
    load_npy(tmp_path / "index.npy", mmap_mode="r")
    read_npz(path)
    assert held == [True] * 4
