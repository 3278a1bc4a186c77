from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.misclassified import Sort, margin, most_probable, select, suspects
from models_store.evaluations.predictions import Predictions, build_predictions

# Six samples of three classes; the last four are wrong.
ANSWERS = np.array(
    [
        [0.90, 0.05, 0.05],
        [0.20, 0.70, 0.10],
        [0.15, 0.80, 0.05],  # of class 0
        [0.40, 0.35, 0.25],  # of class 1
        [0.30, 0.60, 0.10],  # of class 0
        [0.05, 0.95, 0.00],  # of class 2
    ],
    dtype=np.float32,
)
TRUTH = np.array([0, 1, 0, 1, 0, 2])


@pytest.fixture
def answered() -> Predictions:
    return build_predictions(np.arange(6), TRUTH, ANSWERS, np.zeros((6, 2, 2, 1), dtype=np.uint8))


def selected_rows(predictions: Predictions, sort: Sort, **chosen: Any) -> list[int]:
    return select(("a", "b", "c"), predictions, sort, **chosen).rows


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("index", [2, 3, 4, 5]),
        ("-index", [5, 4, 3, 2]),
        ("confidence", [3, 4, 2, 5]),
        ("-confidence", [5, 2, 4, 3]),
        ("margin", [3, 4, 2, 5]),  # 0.05, 0.30, 0.65, 0.90
        ("-margin", [5, 2, 4, 3]),
        ("pair", [2, 4, 3, 5]),  # 0 as 1 (the more confident one first), 1 as 0, 2 as 1
        ("-pair", [5, 3, 2, 4]),
    ],
)
def test_samples_are_sorted_as_requested(answered: Predictions, sort: Sort, expected: list[int]) -> None:
    assert selected_rows(answered, sort) == expected


def test_samples_have_the_names_of_their_files() -> None:
    kept = build_predictions(np.array([9, 8, 7, 6, 5, 4]), TRUTH, ANSWERS, np.zeros((6, 2, 2, 1), dtype=np.uint8))
    selection = select(("a", "b", "c"), kept, "index")
    names = [f"{number}.png" for number in range(10)]

    assert [each.file for each in selection.samples(lambda _: None, names)] == ["7.png", "6.png", "5.png", "4.png"]
    assert {each.file for each in selection.samples(lambda _: None, [])} == {None}


def test_filter_by_true_and_predicted_class(answered: Predictions) -> None:
    assert selected_rows(answered, "index", true=0, predicted=1) == [2, 4]
    assert selected_rows(answered, "index", true=0) == [2, 4]
    assert selected_rows(answered, "index", predicted=0) == [3]
    assert selected_rows(answered, "index", true=2, predicted=0) == []


def test_margin_is_the_lead_over_the_second(answered: Predictions) -> None:
    assert margin(answered) == pytest.approx([0.85, 0.5, 0.65, 0.05, 0.3, 0.9], abs=1e-3)


def predictions_of(answers: list[list[float]], truth: list[int]) -> Predictions:
    rows = len(truth)
    return build_predictions(
        np.arange(rows), np.array(truth), np.array(answers, np.float32), np.zeros((rows, 1), np.float32)
    )


def test_label_is_suspect_if_another_is_as_probable() -> None:
    # Mean probability of their own class: 0 (4 * 0.9 + 0.05) / 5 = 0.73; 1 (4 * 0.9 + 0.4) / 5 = 0.8.
    answers = [*[[0.9, 0.1]] * 4, [0.05, 0.95], *[[0.1, 0.9]] * 4, [0.6, 0.4]]
    found = predictions_of(answers, [0] * 5 + [1] * 5)
    assert np.flatnonzero(suspects(found)).tolist() == [4]  # of the other error, 0.6 < 0.73
    assert select(("a", "b"), found, "index", suspect=True).rows == [4]
    assert select(("a", "b"), found, "index", suspect=False).rows == [9]


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def network(labels: NDArray[np.int64], strength: float, classes: int = 10) -> NDArray[np.float64]:
    """Calibrated probabilities, by Bayes, of a network that sees a noisy sign of the true class."""
    seen = np.random.default_rng(3).normal(size=(len(labels), classes)) + strength * np.eye(classes)[labels]
    return softmax(strength * seen)


def planted(strength: float, rate: float, samples: int = 5_000) -> tuple[Predictions, NDArray[np.bool_]]:
    generator = np.random.default_rng(4)
    truth = generator.integers(0, 10, samples)
    is_wrong = generator.random(samples) < rate
    given = np.where(is_wrong, (truth + generator.integers(1, 10, samples)) % 10, truth)
    return predictions_of(network(truth, strength).tolist(), given.tolist()), is_wrong


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1])
def test_most_planted_labels_are_found_and_few_others(rate: float) -> None:
    predictions, is_wrong = planted(4.0, rate)  # as good as a small network on MNIST
    found = suspects(predictions)
    assert (found & is_wrong).sum() / is_wrong.sum() > 0.8
    assert (found & is_wrong).sum() / found.sum() > 0.8


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 1.5])
def test_poor_network_suspects_no_label(strength: float) -> None:
    predictions, _ = planted(strength, 0.05)
    assert (predictions.truth == predictions.predicted).mean() < 0.5
    assert not suspects(predictions).any()
    assert select(tuple(map(str, range(10))), predictions, suspect=True).total == 0


def test_class_unknown_to_the_network_is_not_suspect() -> None:
    # It takes class 2 for class 0, always, and is right about the others.
    truth = np.repeat([0, 1, 2, 3], 50)
    answers = np.full((200, 4), 0.02)
    answers[np.arange(200), np.where(truth == 2, 0, truth)] = 0.94
    predictions = predictions_of(answers.tolist(), truth.tolist())
    assert (predictions.truth == predictions.predicted).mean() == 0.75
    assert not suspects(predictions).any()


def test_planted_wrong_labels_are_the_only_suspects() -> None:
    generator = np.random.default_rng(5)
    truth = generator.integers(0, 4, 1000)
    # Each class is seen with 0.85 to 0.97, and every tenth sample is honestly unclear.
    sure = generator.uniform(0.85, 0.97, 1000)
    sure[::10] = 0.3
    answers = np.repeat(((1 - sure) / 3)[:, None], 4, axis=1)
    answers[np.arange(1000), truth] = sure
    planted = np.array([3, 333, 777])
    given = truth.copy()
    given[planted] = (truth[planted] + 1) % 4
    found = build_predictions(np.arange(1000), given, answers.astype(np.float32), np.zeros((1000, 1), np.float32))

    assert np.flatnonzero(suspects(found)).tolist() == planted.tolist()


def test_class_without_samples_makes_no_suspects() -> None:
    answers = np.array([[0.1, 0.2, 0.7], [0.9, 0.1, 0.0]], dtype=np.float32)
    found = build_predictions(np.arange(2), np.array([0, 0]), answers, np.zeros((2, 1), np.float32))

    assert suspects(found).tolist() == [False, False]


def test_most_probable_classes_start_with_predicted() -> None:
    close = np.array([[0.33333, 0.33334, 0.33333, 0.0]], dtype=np.float32)
    kept = build_predictions(np.zeros(1, int), np.zeros(1, int), close, np.zeros((1, 1), np.float32))

    assert most_probable(kept, 0) == [1, 0, 2]
