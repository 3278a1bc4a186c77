from pathlib import Path

import numpy as np
import pytest

from models_store.experiments.points import Point
from worker.training import checkpoint as checkpoints
from worker.training.checkpoint import Checkpoint


def checkpoint(epoch: int, step: int = 0) -> Checkpoint:
    return Checkpoint(
        epoch=epoch,
        step=step,
        elapsed_seconds=1.5,
        epoch_seconds=0.5,
        variables=[np.array([epoch, step], np.float32), np.array([7], np.uint32)],
        stopping={"wait": 2, "best": 0.25, "best_epoch": 1, "stopped_epoch": 0},
        kept_weights=[np.array([[1, 2], [3, 4]], np.float32)],
        kept_epoch=1,
        points=[Point(epoch=each, seconds=0.1, metrics={"loss": 0.5, "val_loss": None}) for each in range(epoch)],
    )


def attempt(tmp_path: Path, number: int = 1) -> Path:
    folder = tmp_path / str(number)
    folder.mkdir()
    return folder


def test_saved_checkpoint_is_read_back(tmp_path: Path) -> None:
    saved = checkpoint(3, step=17)
    checkpoints.save(saved, attempt(tmp_path))

    loaded = checkpoints.latest(tmp_path)
    assert loaded is not None
    for name in ("epoch", "step", "elapsed_seconds", "epoch_seconds", "stopping", "points", "kept_epoch", "ended_by"):
        assert getattr(loaded, name) == getattr(saved, name)
    for name in ("variables", "kept_weights"):
        pairs = zip(getattr(loaded, name), getattr(saved, name), strict=True)
        assert all(left.dtype == right.dtype and np.array_equal(left, right) for left, right in pairs)


def test_only_the_last_two_are_kept(tmp_path: Path) -> None:
    folder = attempt(tmp_path)
    for epoch in range(1, 12):
        checkpoints.save(checkpoint(epoch), folder)

    assert [path.name for path in sorted(folder.iterdir())] == [
        "epoch-00010-step-000000000.npz",
        "epoch-00011-step-000000000.npz",
    ]


def test_newest_of_all_attempts_wins(tmp_path: Path) -> None:
    first, second = attempt(tmp_path, 1), attempt(tmp_path, 2)
    checkpoints.save(checkpoint(4), second)
    checkpoints.save(checkpoint(3), first)
    checkpoints.save(checkpoint(4, step=9), first)

    loaded = checkpoints.latest(tmp_path)
    assert loaded is not None
    assert (loaded.epoch, loaded.step) == (4, 9)


@pytest.mark.parametrize("damage", [b"", b"{}", None, "half", "bit", "last"])
def test_damaged_checkpoint_falls_back_to_the_previous(tmp_path: Path, damage: bytes | str | None) -> None:
    folder = attempt(tmp_path)
    checkpoints.save(checkpoint(1), folder)
    checkpoints.save(checkpoint(2), folder)
    newest = max(folder.iterdir())
    data = bytearray(newest.read_bytes())
    match damage:
        case "half":
            newest.write_bytes(data[: len(data) // 2])
        case "last":
            newest.write_bytes(data[:-1])
        case "bit":
            data[data.index(b"NUMPY") + 130] ^= 1
            newest.write_bytes(data)
        case None:
            newest.write_bytes(b"\0" * len(data))
        case bytes():
            newest.write_bytes(damage)

    loaded = checkpoints.latest(tmp_path)
    assert loaded is not None
    assert loaded.epoch == 1


def test_missing_checkpoint_is_none(tmp_path: Path) -> None:
    assert checkpoints.latest(tmp_path / "attempts") is None
