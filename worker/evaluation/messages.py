"""What an evaluation's process is told, and what it says: one JSON document a line."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from models_store.evaluations.record import SamplesDone
from models_store.experiments.record import Frozen, MetricValues
from specs.dataset import Dataset
from specs.splits import EvaluatedSplit


class EvaluationJob(Frozen):
    """Ask the network published in `artifacts`, write into the empty folder `staged`.

    `facts` are those of the dataset; `uploaded` is the folder in the store that holds its images, None where it is
    built in and its file lies in `datasets_dir`.
    """

    artifacts: Path
    staged: Path
    facts: Dataset
    split: EvaluatedSplit
    uploaded: Path | None
    datasets_dir: Path | None


class Advanced(Frozen):
    type: Literal["advanced"] = "advanced"
    progress: SamplesDone


class Evaluated(Frozen):
    """`staged` holds the figures, the predictions and their manifest."""

    type: Literal["evaluated"] = "evaluated"
    metrics: MetricValues


class Rejected(Frozen):
    """It cannot be done: trying again would change nothing."""

    type: Literal["rejected"] = "rejected"
    reason: str


EvaluationEvent = Advanced | Evaluated | Rejected
EVALUATION_EVENT: TypeAdapter[EvaluationEvent] = TypeAdapter(Annotated[EvaluationEvent, Field(discriminator="type")])
