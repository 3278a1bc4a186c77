"""The files of checkpoints, by attempt. The newest one of an experiment that has ended is its training state."""

import os
import re
import shutil
from pathlib import Path
from typing import NamedTuple

# What an experiment that continues another one starts from, as if an attempt had left it.
INITIAL_ATTEMPT = "0"
_NAME = re.compile(r"epoch-(\d{5})-step-(\d{9})\.npz")


class CheckpointFile(NamedTuple):
    """After `epoch` whole epochs and `step` batches of the next one."""

    epoch: int
    step: int
    path: Path

    @property
    def is_initial(self) -> bool:
        return self.path.parent.name == INITIAL_ATTEMPT


def checkpoint_name(epoch: int, step: int) -> str:
    return f"epoch-{epoch:05d}-step-{step:09d}.npz"


def checkpoint_files(attempts: Path) -> list[CheckpointFile]:
    """Of all attempts, newest first."""
    named = [(path, _NAME.fullmatch(path.name)) for path in attempts.glob("*/epoch-*.npz")]
    ranked = [(int(match[1]), int(match[2]), path.stat().st_mtime_ns, path) for path, match in named if match]
    return [CheckpointFile(epoch, step, path) for epoch, step, _, path in sorted(ranked, reverse=True)]


def training_state(attempts: Path) -> CheckpointFile | None:
    return next(iter(checkpoint_files(attempts)), None)


def share_state(state: CheckpointFile, attempts: Path) -> None:
    """Make `state` the one that an experiment starts from. Checkpoints never change: both have the same file, where the
    file system can do that, and each may be deleted without the other."""
    folder = attempts / INITIAL_ATTEMPT
    folder.mkdir(parents=True)
    target = folder / checkpoint_name(state.epoch, state.step)
    try:
        os.link(state.path, target)
    except OSError:
        shutil.copyfile(state.path, target)


def keep_state_only(attempts: Path, max_bytes: float) -> None:
    """Remove everything but the training state, and that too if it has more than `max_bytes`."""
    state = training_state(attempts)
    if state is None or state.path.stat().st_size > max_bytes:
        shutil.rmtree(attempts, ignore_errors=True)
        return
    for path in (*attempts.iterdir(), *state.path.parent.iterdir()):
        if path in (state.path, state.path.parent):
            continue
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
