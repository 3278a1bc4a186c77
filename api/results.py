"""What routes of results depend on: the results of an experiment as far as there are any, and its errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, Query

from analysis.misclassified import GivenLabels, Selection, Sort, select
from analysis.sample_images import SampleImages
from api.dependencies import ExperimentsDep, ImagesDep, StoreDep
from api.sample_corrections import given_labels
from api.wire.parameters import class_index
from models_store.errors import NotFound
from models_store.evaluations.evaluation import Evaluations
from models_store.evaluations.predictions import Predictions
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.store import Store
from specs.experiment import ExperimentSpec
from specs.splits import SplitName

_MAX_LISTED = 1_000
ClassName = Annotated[str | None, Query(max_length=200, description="a class, by name or by index from 0")]


@dataclass(frozen=True)
class MisclassifiedFilter:
    """Which misclassified samples are requested, and in which order: query parameters."""

    true: ClassName = None
    predicted: ClassName = None
    suspect: Annotated[
        bool | None, Query(description="only where the label is possibly wrong and was not confirmed, or only others")
    ] = None
    sort: Sort = "-confidence"
    limit: Annotated[int, Query(ge=1, le=_MAX_LISTED)] = 50
    offset: Annotated[int, Query(ge=0)] = 0

    def select(self, labels: tuple[str, ...], predictions: Predictions, given: GivenLabels) -> Selection:
        """Raises NotFound for an unknown class."""
        return select(
            labels,
            predictions,
            self.sort,
            self.limit,
            self.offset,
            true=class_index(self.true, labels),
            predicted=class_index(self.predicted, labels),
            suspect=self.suspect,
            given=given,
        )


def select_misclassified(
    experiment_id: str,
    experiments: ExperimentsDep,
    requested: Annotated[MisclassifiedFilter, Depends()],
    store: StoreDep,
    split: SplitName = "test",
) -> Selection:
    labels = experiments.evaluation(experiment_id, split).confusion_matrix.labels
    given = labels_given_in(datasets_of(experiments.get(experiment_id)), store)
    return requested.select(labels, experiments.predictions(experiment_id, split), given)


def labels_given_in(datasets: Sequence[str], store: Store) -> GivenLabels:
    """`datasets` are numbered one after the other."""
    return partial(given_labels, datasets=datasets, store=store)


def open_sample_images(
    experiment_id: str, experiments: ExperimentsDep, images: ImagesDep, split: SplitName = "test"
) -> SampleImages:
    datasets = datasets_of(experiments.get(experiment_id))
    return SampleImages(split, experiments.predictions(experiment_id, split), partial(images.open_all, datasets))


def datasets_of(record: Record) -> tuple[str, ...]:
    """The dataset of an experiment and those added to it."""
    return (record.dataset, *record.spec.dataset.added_names)


def find_spec(record: Record, store: Store) -> ExperimentSpec | None:
    """None if its dataset was deleted. Raises Damaged."""
    try:
        return store.spec_of(record)
    except NotFound:
        return None


def find_evaluations(experiment_id: str, experiments: ExperimentsDep) -> Evaluations:
    """Empty before the experiment has succeeded. Raises Damaged."""
    try:
        return experiments.evaluations(experiment_id)
    except NotFound:
        return {}


def find_predictions(experiment_id: str, split: SplitName, experiments: ExperimentStore) -> Predictions | None:
    """None if the experiment kept none of this split. Raises Damaged."""
    try:
        return experiments.predictions(experiment_id, split)
    except NotFound:
        return None


SelectionDep = Annotated[Selection, Depends(select_misclassified)]
SampleImagesDep = Annotated[SampleImages, Depends(open_sample_images)]
EvaluationsDep = Annotated[Evaluations, Depends(find_evaluations)]
