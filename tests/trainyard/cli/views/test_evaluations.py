import pytest

from tests.trainyard import samples
from trainyard.answers import ConfusionMatrix, Evaluation
from trainyard.answers.evaluations import Mistake
from trainyard.cli.views.evaluations import confusion_lines, evaluation_lines, misclassified_line


def evaluated(labels: list[str], matrix: list[list[int]]) -> Evaluation:
    confusion = {"labels": labels, "matrix": matrix}
    return Evaluation.model_validate(samples.evaluation(accuracy=0.94444, samples=108, confusion_matrix=confusion))


def test_confused_classes_come_most_frequent_first() -> None:
    evaluation = evaluated(["4", "6", "9"], [[34, 0, 2], [1, 35, 0], [3, 0, 33]])
    assert list(evaluation_lines(evaluation)) == [
        "Test accuracy 0.9444 on 108 held-out samples",
        "  9 predicted as 4: 3 of 36",
        "  4 predicted as 9: 2 of 36",
        "  6 predicted as 4: 1 of 36",
    ]


def test_perfect_network_confuses_no_classes() -> None:
    assert list(evaluation_lines(evaluated(["0", "1"], [[1, 0], [0, 1]])))[1:] == [
        "  no class was predicted as another"
    ]


def test_limit_keeps_the_most_frequent_confusions() -> None:
    confusion = ConfusionMatrix(labels=["a", "b"], matrix=[[5, 2], [3, 4]])
    assert list(confusion_lines(confusion, limit=1)) == ["b predicted as a: 3 of 7"]


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"suspect": False}, ""),
        ({"suspect": True}, "; possibly mislabeled"),
        ({"suspect": False, "confirmed": True}, "; label confirmed"),
        ({"suspect": True, "corrected": "9"}, "; corrected to 9"),
    ],
)
def test_misclassified_sample_has_its_correction(changes: samples.JsonObject, doubt: str) -> None:
    line = misclassified_line(Mistake.model_validate({**samples.MISTAKE, **changes}))
    assert line == f"test/4/seven.png, 4: 9 70.0%, 4 30.0%{doubt}"
