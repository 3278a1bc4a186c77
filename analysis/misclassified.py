"""Misclassified samples: which a network gets wrong, ordered and filtered, with what it took them for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from models_store.corrections.correction import GivenLabel
from models_store.evaluations.predictions import Predictions
from models_store.predictions.class_probability import ClassProbability

Sort = Literal["index", "-index", "confidence", "-confidence", "margin", "-margin", "pair", "-pair"]
# From a row of the split to the URL of its image.
ImageUrl = Callable[[int], str | None]
# From the numbers of samples to the labels that some of them were given since.
GivenLabels = Callable[[Iterable[int]], Mapping[int, GivenLabel]]
# What confident learning asks of a network, as it takes its word against that of the labels; and the share of a guess
# (one over the number of classes) that is left to a wrong label. Of 5 % planted in CIFAR-10, a network that is right
# about six in ten images then reports three right for each two others (benchmarks/suspect_labels.py).
_SKILLED, _KNOWN, _UNLIKELY = 0.5, 0.35, 0.2


class Label(BaseModel):
    label: str
    index: int


class Misclassified(BaseModel):
    """A misclassified sample: `index` counts within its split, `sample` within the dataset, as
    `GET /datasets/{name}/samples` does; `file` is what the upload calls it, null if the dataset is built in. `top` are
    the most probable classes and `margin` is the lead of the first over the second. `suspect` if the label is
    possibly wrong (`suspects`) and nobody has confirmed it. `image` is a URL, null if samples are not images.
    `corrected` is another label that the sample was given since, null if none; `confirmed` if it was given its own."""

    index: int
    sample: int
    file: str | None
    true: Label
    top: list[ClassProbability]
    margin: float
    suspect: bool
    image: str | None
    corrected: str | None
    confirmed: bool


class Selection(NamedTuple):
    """Some of the misclassified samples of a split: `rows` of `total`. `labels` are the names of all classes."""

    labels: Sequence[str]
    predictions: Predictions
    rows: list[int]
    total: int
    given: GivenLabels

    def true(self, row: int) -> Label:
        return true_label(self.labels, self.predictions, row)

    def top(self, row: int) -> list[ClassProbability]:
        return [
            class_probability(self.labels, self.predictions, row, index)
            for index in most_probable(self.predictions, row)
        ]

    @property
    def numbers(self) -> list[int]:
        """Of the samples within the dataset."""
        return [int(self.predictions.samples[row]) for row in self.rows]

    def samples(self, image_url: ImageUrl, files: Sequence[str | None]) -> list[Misclassified]:
        """`files` are the names of the dataset's samples; empty if they have none."""
        is_suspect, leads = suspects(self.predictions), margin(self.predictions)
        given = self.given(self.numbers)
        has_images = len(self.predictions.image_rows) > 0
        return [
            Misclassified(
                index=row,
                sample=number,
                file=files[number] if files else None,
                true=self.true(row),
                top=self.top(row),
                margin=float(leads[row]),
                suspect=bool(is_suspect[row]) and not is_confirmed,
                image=image_url(row) if has_images else None,
                corrected=_other_than(self.true(row).label, given.get(number)),
                confirmed=is_confirmed,
            )
            for row, number in zip(self.rows, self.numbers, strict=True)
            for is_confirmed in [_is_confirmed(self.true(row).label, given.get(number))]
        ]


def _none_given(numbers: Iterable[int]) -> Mapping[int, GivenLabel]:
    return {}


def select(
    labels: Sequence[str],
    predictions: Predictions,
    sort: Sort = "-confidence",
    limit: int | None = None,
    offset: int = 0,
    true: int | None = None,
    predicted: int | None = None,
    suspect: bool | None = None,
    given: GivenLabels = _none_given,
) -> Selection:
    """The misclassified samples of class `true`, that were predicted as `predicted`, whose label is `suspect`, or all.
    Of two that are equal by `sort` the more confident error comes first. A label that was `given` as it was is not
    suspect."""
    rows = predictions.misclassified
    if true is not None:
        rows = rows[predictions.truth[rows] == true]
    if predicted is not None:
        rows = rows[predictions.predicted[rows] == predicted]
    if suspect is not None:
        rows = rows[_doubted(labels, predictions, rows, given) == suspect]
    keys = _keys(predictions, sort.removeprefix("-"))[rows]
    ordered = rows[np.lexsort((-confidence(predictions)[rows], -keys if sort.startswith("-") else keys))]
    chosen = ordered[offset:] if limit is None else ordered[offset : offset + limit]
    return Selection(labels, predictions, chosen.tolist(), len(rows), given)


def _doubted(
    labels: Sequence[str], predictions: Predictions, rows: NDArray[np.intp], given: GivenLabels
) -> NDArray[np.bool_]:
    """(rows,) True where the label is suspect, and nobody has confirmed it."""
    doubted = suspects(predictions)[rows]
    numbers = predictions.samples[rows]
    known = given(numbers[doubted].tolist())
    for place in np.flatnonzero(doubted):
        label = labels[int(predictions.truth[rows[place]])]
        doubted[place] = not _is_confirmed(label, known.get(int(numbers[place])))
    return doubted


def _other_than(label: str, given: GivenLabel | None) -> str | None:
    return None if given is None or given.label == label else given.label


def _is_confirmed(label: str, given: GivenLabel | None) -> bool:
    return given is not None and given.confirmed and given.label == label


def true_label(labels: Sequence[str], predictions: Predictions, row: int) -> Label:
    index = int(predictions.truth[row])
    return Label(label=labels[index], index=index)


def class_probability(labels: Sequence[str], predictions: Predictions, row: int, index: int) -> ClassProbability:
    """The predicted probability of class `index`."""
    return ClassProbability(label=labels[index], index=index, probability=float(predictions.probabilities[row, index]))


def confidence(predictions: Predictions) -> NDArray[np.float64]:
    """(samples,) the probability of the predicted class."""
    return np.asarray(predictions.probabilities.max(axis=1).astype(np.float64))


def margin(predictions: Predictions) -> NDArray[np.float64]:
    """(samples,) the lead of the most probable class over the second."""
    two = np.partition(predictions.probabilities, -2, axis=1)[:, -2:].astype(np.float64)
    return np.asarray(two[:, 1] - two[:, 0])


def suspects(predictions: Predictions) -> NDArray[np.bool_]:
    """(samples,) True where the label is more probably wrong than the network: another class is at least as probable
    for the sample as that class is on average for the samples with its label.

    The off-diagonal of the confident joint of Northcutt, Jiang and Chuang 2021, Confident Learning: Estimating
    Uncertainty in Dataset Labels, section 3.1, whose theorem asks for a network that is right about most samples of
    each class: nothing is suspect for one that corrects less than half of the errors of guessing, nor in classes that
    it does not know. The label itself must be improbable, or it is a hard sample. Sharpest on the validation and test
    split: a network may have memorized its training split, wrong labels included.
    """
    probabilities, truth = predictions.probabilities.astype(np.float64), predictions.truth
    classes = probabilities.shape[1]
    counts = np.bincount(truth, minlength=classes)
    if not _is_skilled(predictions, counts):
        return np.zeros(len(truth), dtype=np.bool_)
    own = probabilities[np.arange(len(probabilities)), truth]
    sums = np.bincount(truth, weights=own, minlength=classes)
    # A class without samples has no mean that could be reached.
    thresholds = np.divide(sums, counts, out=np.full(classes, np.inf), where=counts > 0)
    is_known = thresholds >= _KNOWN
    likely = np.where((probabilities >= thresholds) & is_known, probabilities, -1.0)
    differs = (likely.max(axis=1) >= 0) & (likely.argmax(axis=1) != truth)
    return np.asarray(differs & is_known[truth] & (own < _UNLIKELY / classes))


def _is_skilled(predictions: Predictions, counts: NDArray[np.intp]) -> bool:
    """Whether the network is at least half way from predicting the most frequent class to always being right."""
    samples = len(predictions.truth)
    chance = counts.max() / samples
    accuracy = 1 - len(predictions.misclassified) / samples
    return bool(accuracy - chance >= _SKILLED * (1 - chance))


def most_probable(predictions: Predictions, row: int, count: int = 3) -> list[int]:
    """The classes of highest probability, the predicted one first, even if rounding made two equal."""
    order = np.argsort(-predictions.probabilities[row], kind="stable")
    first = int(predictions.predicted[row])
    return [first, *(int(each) for each in order if each != first)][:count]


def _keys(predictions: Predictions, name: str) -> NDArray[np.float64]:
    match name:
        case "confidence":
            return confidence(predictions)
        case "margin":
            return margin(predictions)
        case "pair":
            pairs = predictions.truth * predictions.probabilities.shape[1] + predictions.predicted
            return np.asarray(pairs, dtype=np.float64)
        case _:
            return np.arange(len(predictions.truth), dtype=np.float64)
