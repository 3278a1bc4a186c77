"""Checkpoints: everything that a later attempt needs to resume at the exact step, in one atomically written file.

Keras's `BackupAndRestore` loses callback state, history and the order of samples, and writes in place. A checkpoint
holds every variable of model, optimizer and metrics (the seeds of Dropout, the moving averages of the weights, the
learning rate and the loss scale are variables too), the state of the callbacks, and the history. The order of samples
and their augmentation need no state: they depend on seed and epoch, as a schedule's rates depend on the step.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import TypeAdapter

from models_store.errors import Damaged
from models_store.experiments.checkpoints import CheckpointFile, checkpoint_files, checkpoint_name
from models_store.experiments.points import Point
from models_store.files import open_atomic
from models_store.npz import read_npz
from worker.jobs.messages import EndReason

_KEPT = 2
_POINTS: TypeAdapter[list[Point]] = TypeAdapter(list[Point])
Arrays = list[NDArray[Any]]

log = logging.getLogger(__name__)


@dataclass
class Checkpoint:
    """`epoch` and `step` are those of the next batch; `step` is 0 at the beginning of an epoch.

    `variables` are those of model, optimizer and metrics, in Keras's order. `kept_epoch` is the one that would be
    published if the training ended now, with its weights; None and empty before the first epoch has ended. `ended_by`
    is set after the last epoch. `learning_rate` is that of the spec, as JSON. `is_initial` if it was made by another
    experiment, which this one continues.
    """

    epoch: int
    step: int
    elapsed_seconds: float
    epoch_seconds: float
    variables: Arrays
    stopping: dict[str, Any]
    kept_weights: Arrays
    kept_epoch: int | None = None
    plateau: dict[str, Any] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    ended_by: EndReason | None = None
    learning_rate: Any = None
    is_initial: bool = False

    def continued(self) -> "Checkpoint":
        """To train on from the end of another experiment: with all of its own time, and all the patience if that was
        exhausted."""
        stopping = {**self.stopping, "wait": 0} if self.ended_by == "early_stopping" else self.stopping
        return replace(self, ended_by=None, elapsed_seconds=0.0, stopping=stopping)


def save(checkpoint: Checkpoint, folder: Path) -> None:
    """Write it durably, then remove all but the last two. Raises StorageFull and keeps the earlier ones."""
    state = {
        "epoch": checkpoint.epoch,
        "step": checkpoint.step,
        "elapsed_seconds": checkpoint.elapsed_seconds,
        "epoch_seconds": checkpoint.epoch_seconds,
        "stopping": checkpoint.stopping,
        "kept_epoch": checkpoint.kept_epoch,
        "plateau": checkpoint.plateau,
        "ended_by": checkpoint.ended_by,
        "learning_rate": checkpoint.learning_rate,
        "points": [point.model_dump() for point in checkpoint.points],
    }
    arrays: dict[str, Any] = {f"variable_{index}": array for index, array in enumerate(checkpoint.variables)}
    arrays |= {f"best_{index}": array for index, array in enumerate(checkpoint.kept_weights)}
    arrays["state"] = np.frombuffer(orjson.dumps(state), dtype=np.uint8)
    with open_atomic(folder / checkpoint_name(checkpoint.epoch, checkpoint.step)) as file:
        np.savez(file, **arrays)
    for old in sorted(folder.glob("epoch-*.npz"))[:-_KEPT]:
        old.unlink(missing_ok=True)


def latest(attempts: Path) -> Checkpoint | None:
    """The newest sound checkpoint of all attempts; damaged ones are skipped."""
    for file in checkpoint_files(attempts):
        try:
            return _load(file)
        except (Damaged, OSError, ValueError, KeyError, TypeError) as error:
            log.warning("checkpoint %s is damaged (%r); trying the one before it", file.path.name, error)
    return None


def _load(file: CheckpointFile) -> Checkpoint:
    arrays = read_npz(file.path)
    state = orjson.loads(arrays["state"].tobytes())
    points = _POINTS.validate_python(state.pop("points"))
    # Version 0.2 kept the weights by early stopping's metric, or else by the validation loss.
    state.setdefault("kept_epoch", state["stopping"].get("best_epoch") if points else None)
    return Checkpoint(
        **state,
        points=points,
        is_initial=file.is_initial,
        variables=_numbered(arrays, "variable"),
        kept_weights=_numbered(arrays, "best"),
    )


def _numbered(arrays: Mapping[str, NDArray[Any]], name: str) -> Arrays:
    count = sum(key.startswith(f"{name}_") for key in arrays)
    return [arrays[f"{name}_{index}"] for index in range(count)]
