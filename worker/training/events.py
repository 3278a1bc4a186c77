"""What a supervisor and its trainer say to each other: one JSON document a line, over two pipes."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from models_store.artifacts import PublishedFile
from models_store.experiments.record import Failure, Frozen, MetricValues, Point, Progress
from models_store.experiments.stored_spec import StoredSpec
from specs.dataset import Dataset

StopReason = Literal["cancelled", "time_budget", "shutdown"]
EndReason = Literal["completed", "early_stopping"] | StopReason


class UploadedDataset(Frozen):
    """The facts of a dataset that was uploaded, and the folder in the store that holds its images."""

    facts: Dataset
    folder: Path


class StartingWeights(Frozen):
    """The published network of experiment `source`; `layers` leads from a layer to the one of it whose weights it
    begins with, by name."""

    source: str
    file: PublishedFile
    layers: dict[str, str]


class Job(Frozen):
    """Supervisor to trainer, first line: all that a trainer needs to know.

    `attempts_folder` holds the folders of all attempts, for their checkpoints; only `attempt_folder` is written to.
    `uploaded` is the dataset to train on where it is none of the built-in ones. `weights` are those to begin with, or
    say why they are not to be had, which does not matter where there is a checkpoint to go on from.
    """

    experiment_id: str
    spec: StoredSpec
    attempts_folder: Path
    attempt_folder: Path
    datasets_dir: Path | None
    uploaded: UploadedDataset | None = None
    weights: StartingWeights | str | None = None


class Stop(Frozen):
    """Supervisor to trainer: end at the next batch boundary."""

    reason: StopReason


class Ready(Frozen):
    """TensorFlow is imported; the trainer waits for its job."""

    type: Literal["ready"] = "ready"


class Begun(Frozen):
    """The network is built and restored: the history is exactly `points`, after `elapsed_seconds` of training."""

    type: Literal["begun"] = "begun"
    points: list[Point]
    elapsed_seconds: float


class Advanced(Frozen):
    """Somewhere within an epoch, or in a later phase."""

    type: Literal["advanced"] = "advanced"
    progress: Progress


class EpochEnded(Frozen):
    """An epoch is over, and its checkpoint is on disk."""

    type: Literal["epoch"] = "epoch"
    point: Point


class Stopped(Frozen):
    """Training ended early, as asked, and its checkpoint is on disk."""

    type: Literal["stopped"] = "stopped"
    reason: StopReason


class Finished(Frozen):
    """The result is staged: model files, evaluation and manifest.

    `metrics` are the published network's on the validation split, `test_metrics` those on the test split.
    """

    type: Literal["finished"] = "finished"
    staged: Path
    stop_reason: Literal["completed", "early_stopping", "time_budget"]
    metrics: MetricValues
    test_metrics: MetricValues


class Failed(Frozen):
    """It cannot be done; another attempt would fail as well."""

    type: Literal["failed"] = "failed"
    failure: Failure


Event = Annotated[Ready | Begun | Advanced | EpochEnded | Stopped | Finished | Failed, Field(discriminator="type")]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
