"""Routes of what came out of an experiment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from analysis.misclassified import Sort, margin, mistakes, most_probable, suspects
from analysis.plots.contact_sheet import contact_sheet
from api.dependencies import ExperimentsDep, SettingsDep, StoreDep
from api.schemas import content
from api.wire.classes import class_index
from api.wire.png import png
from api.wire.sample_images import SampleImages, samples_path
from models_store.evaluations.evaluation import Evaluation
from models_store.evaluations.predictions import Predictions
from specs.splits import SplitName

router = APIRouter(tags=["evaluation"])
_MOST = 1_000
_MAX_ON_A_SHEET = 100
ClassFilter = Annotated[str | None, Query(max_length=200, description="a class, by name or by index from 0")]


class Label(BaseModel):
    label: str
    index: int


class Guess(Label):
    probability: float


class Mistake(BaseModel):
    """A wrong sample: `index` counts within its split, `sample` within the dataset. `margin` is the lead of the first
    class over the second; `suspect` says that the label is more probably wrong than the network. `image` is null
    where samples are no images."""

    index: int
    sample: int
    true: Label
    top: list[Guess]
    margin: float
    suspect: bool
    image: str | None


class MistakeList(BaseModel):
    items: list[Mistake]
    total: int
    next_cursor: None = None


@dataclass(frozen=True)
class Filter:
    """Which mistakes are asked for, in which order: query parameters."""

    true: ClassFilter = None
    predicted: ClassFilter = None
    suspect: Annotated[
        bool | None, Query(description="only where the label is more probably wrong than the network, or only others")
    ] = None
    sort: Sort = "-confidence"
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 50
    offset: Annotated[int, Query(ge=0)] = 0

    def chosen(self, labels: Sequence[str], predictions: Predictions, images: str) -> "Chosen":
        rows = mistakes(
            predictions,
            self.sort,
            None if self.true is None else class_index(self.true, labels),
            None if self.predicted is None else class_index(self.predicted, labels),
            self.suspect,
        )
        return Chosen(labels, predictions, rows[self.offset : self.offset + self.limit].tolist(), len(rows), images)


class Chosen(NamedTuple):
    """What a request is about: the answers for some samples, and the rows of the mistakes that were asked for, of
    `total`. `images` is the path below which there is the image of each sample."""

    labels: Sequence[str]
    predictions: Predictions
    rows: list[int]
    total: int
    images: str

    def true(self, row: int) -> Label:
        index = int(self.predictions.truth[row])
        return Label(label=self.labels[index], index=index)

    def top(self, row: int) -> list[Guess]:
        return [
            Guess(label=self.labels[index], index=index, probability=float(self.predictions.probabilities[row, index]))
            for index in most_probable(self.predictions, row)
        ]

    def caption(self, row: int) -> str:
        first = self.top(row)[0]
        return f"{self.true(row).label} as {first.label} {first.probability:.0%}"

    def image(self, row: int) -> str | None:
        return f"{self.images}/{row}.png" if len(self.predictions.image_rows) else None

    def listed(self) -> MistakeList:
        doubtful, leads = suspects(self.predictions), margin(self.predictions)
        items = [
            Mistake(
                index=row,
                sample=int(self.predictions.samples[row]),
                true=self.true(row),
                top=self.top(row),
                margin=float(leads[row]),
                suspect=bool(doubtful[row]),
                image=self.image(row),
            )
            for row in self.rows
        ]
        return MistakeList(items=items, total=self.total)

    def sheet(self, images: SampleImages) -> Response:
        """A hundred at most, below each its class and what it was taken for, with the probability."""
        rows = self.rows[:_MAX_ON_A_SHEET]
        pairs = ((images.image(row), self.caption(row)) for row in rows)
        return png(contact_sheet(pairs, len(rows)))


@router.get("/experiments/{experiment_id}/evaluation")
def get_evaluation(experiment_id: str, experiments: ExperimentsDep, split: SplitName = "test") -> Evaluation:
    """How good the published network is on one split: loss, accuracy, figures by class, confusion matrix (rows are
    the true classes), and whether its probabilities mean what they say, before and after its temperature. There is
    none before the experiment has succeeded."""
    return experiments.evaluation(experiment_id, split)


def chosen_mistakes(
    experiment_id: str, experiments: ExperimentsDep, wanted: Annotated[Filter, Depends()], split: SplitName = "test"
) -> Chosen:
    labels = experiments.evaluation(experiment_id, split).confusion_matrix.labels
    predictions = experiments.predictions(experiment_id, split)
    return wanted.chosen(labels, predictions, samples_path(experiment_id, split))


ChosenDep = Annotated[Chosen, Depends(chosen_mistakes)]


@router.get("/experiments/{experiment_id}/mistakes")
def list_mistakes(chosen: ChosenDep) -> MistakeList:
    """What the published network gets wrong, the surest mistakes first unless `sort` says otherwise: `margin` by its
    lead over the second class, `pair` by true and predicted class, `index` as they come. `true=4&predicted=6` is one
    cell of the confusion matrix, `suspect=true` those that are probably mislabelled."""
    return chosen.listed()


@router.get("/experiments/{experiment_id}/mistakes.png", response_class=Response, responses=content.IMAGE)
def get_mistakes_sheet(
    experiment_id: str, chosen: ChosenDep, store: StoreDep, settings: SettingsDep, split: SplitName = "test"
) -> Response:
    """The same mistakes on one sheet, a hundred at most, below each its class and what it was taken for, with the
    probability."""
    dataset = store.experiments.get(experiment_id).dataset
    return chosen.sheet(SampleImages(dataset, split, chosen.predictions, store, settings))


@router.get(
    "/experiments/{experiment_id}/samples/{split}/{index}.png", response_class=Response, responses=content.IMAGE
)
def get_sample_image(
    experiment_id: str, split: SplitName, index: int, store: StoreDep, settings: SettingsDep
) -> Response:
    """The image of one sample of a split: of a mistake as the network received it, of another one as the dataset
    has it."""
    predictions = store.experiments.predictions(experiment_id, split)
    dataset = store.experiments.get(experiment_id).dataset
    return SampleImages(dataset, split, predictions, store, settings).png(index)
