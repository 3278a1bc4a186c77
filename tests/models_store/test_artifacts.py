from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from models_store import artifacts
from models_store.errors import Damaged, NotFound
from models_store.files import sha256_of
from tests.models_store.results import stage
from tests.support.manifests import verify_manifest


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return stage(tmp_path / "artifacts")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def test_manifest_describes_every_file_but_itself(published: Path) -> None:
    manifest = artifacts.read_manifest(published)
    assert set(manifest.files) == {path.name for path in published.iterdir()} - {artifacts.MANIFEST_FILE}
    entry = manifest.files[artifacts.ONNX_FILE]
    assert (entry.bytes, entry.sha256) == (9, sha256_of(b"a network"))


def test_damaged_file_is_rejected_at_the_end_of_a_copy(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "_PIECE_BYTES", 4)
    file = artifacts.published_file(published, artifacts.ONNX_FILE)
    copy = BytesIO()

    file.copy_into(copy)
    assert copy.getvalue() == b"a network"

    for harm in (flip_a_bit, cut, empty, Path.unlink):
        harm(file.path)
        with pytest.raises(Damaged, match=artifacts.ONNX_FILE):
            file.copy_into(BytesIO())


def test_sound_result_passes_every_check(published: Path) -> None:
    artifacts.check_sizes(published)
    verify_manifest(published)
    assert artifacts.read_verified(published, artifacts.ONNX_FILE) == b"a network"


@pytest.mark.parametrize("damage", [cut, flip_a_bit, empty, Path.unlink])
def test_changed_file_is_damaged_alone(published: Path, damage: Callable[[Path], None]) -> None:
    damage(published / artifacts.ONNX_FILE)
    with pytest.raises(Damaged, match=r"model\.onnx"):
        artifacts.read_verified(published, artifacts.ONNX_FILE)
    assert artifacts.read_verified(published, artifacts.KERAS_FILE) == b"the same for Keras"


@pytest.mark.parametrize("damage", [cut, empty, Path.unlink])
def test_check_sizes_finds_missing_and_truncated_files(published: Path, damage: Callable[[Path], None]) -> None:
    damage(published / artifacts.KERAS_FILE)
    with pytest.raises(Damaged, match=r"model\.keras is missing or does not have the 18 bytes"):
        artifacts.check_sizes(published)


@pytest.mark.parametrize("content", [b"{}", b"", b"[]", b'{"files": {"model.onnx": {}}}', b'{"files": ', b"\xff"])
def test_unparsable_manifest_is_damaged(published: Path, content: bytes) -> None:
    (published / artifacts.MANIFEST_FILE).write_bytes(content)
    for check in (artifacts.read_manifest, artifacts.check_sizes):
        with pytest.raises(Damaged, match=r"manifest\.json does not parse"):
            check(published)


def test_missing_manifest_of_published_is_damaged(published: Path) -> None:
    (published / artifacts.MANIFEST_FILE).unlink()
    with pytest.raises(Damaged, match=r"manifest\.json of a published result is missing"):
        artifacts.read_manifest(published)
    with pytest.raises(NotFound, match="no published result"):
        artifacts.read_manifest(published.parent / "elsewhere")


@pytest.mark.parametrize("name", ["other", "../record.json", artifacts.MANIFEST_FILE])
def test_file_outside_manifest_is_not_found(published: Path, name: str) -> None:
    with pytest.raises(NotFound):
        artifacts.read_verified(published, name)
