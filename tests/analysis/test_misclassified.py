from typing import Any

import numpy as np
import pytest

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


def test_label_is_suspect_if_another_is_as_probable(
    answered: Predictions,
) -> None:
    # Mean probability of their own class: 0 (0.9 + 0.15 + 0.3) / 3 = 0.45; 1 (0.7 + 0.35) / 2 = 0.525; 2: 0.0.
    # Above these: sample 2 for 1 (0.80), 4 for 1 (0.60), 5 for 1 (0.95); 3 for class 2 (0.25, its threshold is 0).
    assert suspects(answered).tolist() == [False, False, True, True, True, True]
    assert selected_rows(answered, "index", suspect=False) == []


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
