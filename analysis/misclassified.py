"""Which samples a network gets wrong, in an order that tells something."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models_store.evaluations.predictions import Predictions

Sort = Literal["index", "-index", "confidence", "-confidence", "margin", "-margin", "pair", "-pair"]
Rows = NDArray[np.int64]


def mistakes(
    predictions: Predictions,
    sort: Sort,
    true: int | None = None,
    predicted: int | None = None,
    suspect: bool | None = None,
) -> Rows:
    """Rows of wrong samples: of those whose class is `true`, that were taken for `predicted`, whose label is
    `suspect`, or of all. Where `sort` leaves two alike, the surer mistake comes first."""
    rows = predictions.wrong
    if true is not None:
        rows = rows[predictions.truth[rows] == true]
    if predicted is not None:
        rows = rows[predictions.predicted[rows] == predicted]
    if suspect is not None:
        rows = rows[suspects(predictions)[rows] == suspect]
    keys = _keys(predictions, sort.removeprefix("-"))[rows]
    return rows[np.lexsort((-confidence(predictions)[rows], -keys if sort.startswith("-") else keys))]


def confidence(predictions: Predictions) -> NDArray[np.float64]:
    """(samples,) the probability of the class that was predicted."""
    return np.asarray(predictions.probabilities.max(axis=1).astype(np.float64))


def margin(predictions: Predictions) -> NDArray[np.float64]:
    """(samples,) by how much the most probable class leads the second."""
    two = np.partition(predictions.probabilities, -2, axis=1)[:, -2:].astype(np.float64)
    return np.asarray(two[:, 1] - two[:, 0])


def suspects(predictions: Predictions) -> NDArray[np.bool_]:
    """(samples,) True where the label is more probably wrong than the network: another class is at least as probable
    for the sample as it is, on average, for those that bear its label.

    The off-diagonal of the confident joint of Northcutt, Jiang and Chuang 2021, Confident Learning: Estimating
    Uncertainty in Dataset Labels, section 3.1. Sharpest on the validation and test split: a network may know the
    samples of its training split by heart, wrong labels included.
    """
    probabilities = predictions.probabilities.astype(np.float64)
    classes = probabilities.shape[1]
    counts = np.bincount(predictions.truth, minlength=classes)
    own = probabilities[np.arange(len(probabilities)), predictions.truth]
    sums = np.bincount(predictions.truth, weights=own, minlength=classes)
    # No sample bears the label: nothing can be as probable as they are.
    thresholds = np.divide(sums, counts, out=np.full(classes, np.inf), where=counts > 0)
    likely = np.where(probabilities >= thresholds, probabilities, -1.0)
    return np.asarray((likely.max(axis=1) >= 0) & (likely.argmax(axis=1) != predictions.truth))


def most_probable(predictions: Predictions, row: int, count: int = 3) -> list[int]:
    """The classes of highest probability, the predicted one first, also where rounding made two alike."""
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
