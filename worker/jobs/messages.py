"""Messages between the supervisor and its child processes: one JSON document per line, jobs in, events out."""

from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, TypeAdapter

from archives.member import Limits
from models_store.artifacts import PublishedFile
from models_store.datasets.record import Contents, FilesDone, UploadOptions
from models_store.evaluations.record import SamplesDone
from models_store.experiments.points import MetricValues, Point
from models_store.experiments.record import Progress
from models_store.experiments.stored_spec import StoredSpec
from models_store.frozen import Frozen
from models_store.jobs.failure import Failure
from specs.dataset import Dataset
from specs.evaluation import Prep
from specs.splits import EvaluatedSplit

StopReason = Literal["cancelled", "time_budget", "stopped", "shutdown", "pruned"]
EndReason = Literal["completed", "early_stopping"] | StopReason
P = TypeVar("P")
R = TypeVar("R")

# -- all kinds of jobs -----------------------------------------------------------------------------------------------


class Stop(Frozen):
    """To the child: end at the next safe point."""

    reason: StopReason


class Ready(Frozen):
    """The child waits for a job, with its imports done and nothing left of an earlier job."""

    type: Literal["ready"] = "ready"


class Accepted(Frozen):
    """The child has received the job that is `number`, from 1, of those it was given. All later events are about it."""

    type: Literal["accepted"] = "accepted"
    number: int


class Advanced(Frozen, Generic[P]):
    type: Literal["advanced"] = "advanced"
    progress: P


class Stopped(Frozen):
    """It ended early, as requested, and what it has done is on disk."""

    type: Literal["stopped"] = "stopped"
    reason: StopReason


class Failed(Frozen):
    """The job cannot be done; another attempt would fail as well."""

    type: Literal["failed"] = "failed"
    failure: Failure


class Finished(Frozen, Generic[R]):
    """The result is staged, with its manifest."""

    type: Literal["finished"] = "finished"
    result: R


# -- trainings -------------------------------------------------------------------------------------------------------


class UploadedDataset(Frozen):
    """An uploaded dataset; `folder` in the store holds its images."""

    facts: Dataset
    folder: Path


class StartingWeights(Frozen):
    """The published network of experiment `source`; `layers` maps a layer to the one of it whose weights it starts
    with, by name."""

    source: str
    file: PublishedFile
    layers: dict[str, str]


class TrainingJob(Frozen):
    """`attempts_folder` holds the folders of all attempts, for their checkpoints; only `attempt_folder` is written to,
    and the log beside `attempts_folder`.
    `models_dir` may hold files of ImageNet weights.
    `uploaded` is the dataset to train on unless it is built in, `added` those of `spec.dataset.add` that are not.
    `weights` are those to start with, or the reason why they are unavailable, which does not matter if there is a
    checkpoint to resume from. Checkpoints are at most `checkpoint_seconds` and an epoch apart. `test_hidden`: results
    on the test split are withheld at the moment.
    """

    experiment_id: str
    spec: StoredSpec
    attempts_folder: Path
    attempt_folder: Path
    datasets_dir: Path | None
    models_dir: Path | None = None
    uploaded: UploadedDataset | None = None
    added: tuple[UploadedDataset, ...] = ()
    weights: StartingWeights | str | None = None
    checkpoint_seconds: float = 0.0
    test_hidden: bool = False


class Begun(Frozen):
    """The network is built and restored: the history is exactly `points`, after `elapsed_seconds` of training."""

    type: Literal["begun"] = "begun"
    points: list[Point]
    elapsed_seconds: float


class EpochEnded(Frozen):
    """An epoch has ended, and its checkpoint is on disk."""

    type: Literal["epoch"] = "epoch"
    point: Point


class TrainingResult(Frozen):
    """`published` is the epoch whose weights are in the result; `metrics` are the published network's on the validation
    split, `test_metrics` those on the test split."""

    staged: Path
    stop_reason: Literal["completed", "early_stopping", "time_budget", "stopped"]
    published: Point
    metrics: MetricValues
    test_metrics: MetricValues


TrainingEvent = Annotated[
    Ready | Accepted | Begun | Advanced[Progress] | EpochEnded | Stopped | Finished[TrainingResult] | Failed,
    Field(discriminator="type"),
]
TRAINING_EVENT: TypeAdapter[TrainingEvent] = TypeAdapter(TrainingEvent)

# -- conversions -----------------------------------------------------------------------------------------------------


class ConversionJob(Frozen):
    """Read `archive` by its `options`, write into the empty folder `staged`. An image may have `max_pixels` pixels."""

    archive: Path
    staged: Path
    limits: Limits
    max_pixels: int
    options: UploadOptions = UploadOptions()


ConversionEvent = Annotated[Accepted | Advanced[FilesDone] | Finished[Contents] | Failed, Field(discriminator="type")]
CONVERSION_EVENT: TypeAdapter[ConversionEvent] = TypeAdapter(ConversionEvent)

# -- evaluations -----------------------------------------------------------------------------------------------------


class EvaluationJob(Frozen):
    """Evaluate the network published in `artifacts`, write into the empty folder `staged`.

    `facts` are those of the dataset; `uploaded` is the folder in the store that holds its images, None for a built-in
    dataset, whose file lies in `datasets_dir`. `hidden`: results on this split are withheld at the moment.
    """

    artifacts: Path
    staged: Path
    facts: Dataset
    split: EvaluatedSplit
    prep: Prep
    uploaded: Path | None
    datasets_dir: Path | None
    hidden: bool = False


EvaluationEvent = Annotated[
    Accepted | Advanced[SamplesDone] | Finished[MetricValues] | Failed, Field(discriminator="type")
]
EVALUATION_EVENT: TypeAdapter[EvaluationEvent] = TypeAdapter(EvaluationEvent)
