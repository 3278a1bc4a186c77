import os
from pathlib import Path

import pytest

from models_store.experiments.checkpoints import (
    CheckpointFile,
    checkpoint_files,
    checkpoint_name,
    keep_state_only,
    share_state,
    training_state,
)


def write(attempts: Path, attempt: int, epoch: int, step: int = 0) -> Path:
    path = attempts / str(attempt) / checkpoint_name(epoch, step)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"12345678")
    return path


def test_files_are_ordered_by_epoch_and_step(tmp_path: Path) -> None:
    wanted = [write(tmp_path, 1, 3, 7), write(tmp_path, 2, 3), write(tmp_path, 1, 2, 9)]
    (tmp_path / "1" / "epoch-3.npz").write_bytes(b"")
    files = checkpoint_files(tmp_path)
    assert [each.path for each in files] == wanted
    assert training_state(tmp_path) == CheckpointFile(3, 7, wanted[0])
    assert training_state(tmp_path / "none") is None


@pytest.mark.parametrize("links", [True, False])
def test_shared_state_outlives_its_source(tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise PermissionError(1, "the file system has no hard links")

    if not links:
        monkeypatch.setattr(os, "link", unsupported)
    path = write(tmp_path / "source", 1, 3)
    state = training_state(tmp_path / "source")
    assert state is not None
    share_state(state, tmp_path / "target")
    path.unlink()
    shared = training_state(tmp_path / "target")
    assert shared is not None
    assert (shared.epoch, shared.is_initial, shared.path.read_bytes()) == (3, True, b"12345678")


def test_only_the_newest_checkpoint_is_kept(tmp_path: Path) -> None:
    write(tmp_path, 1, 2)
    write(tmp_path, 2, 2)
    kept = write(tmp_path, 2, 3)
    (tmp_path / "2" / "staged").mkdir()
    (tmp_path / "2" / "samples.npz").write_bytes(b"")
    keep_state_only(tmp_path, 8)
    assert sorted(tmp_path.rglob("*")) == [kept.parent, kept]


def test_state_above_the_limit_is_removed(tmp_path: Path) -> None:
    write(tmp_path / "attempts", 1, 2)
    keep_state_only(tmp_path / "attempts", 7)
    assert not (tmp_path / "attempts").exists()
