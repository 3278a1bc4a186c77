import pytest

from worker.conversion.split_names import Kind, name_beside_split, split_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(
            (name, "train")
            for name in (
                "train",
                "Training",
                "seg_train",
                "training_set",
                "TrainSet",
                "train-00000-of-2",
                "1.학습데이터",
            )
        ),
        *(
            (name, "validation")
            for name in ("val", "VALID", "validation", "dev", "Validation set", "val2017", "devset", "검증")
        ),
        *((name, "test") for name in ("test", "Testing", "test_set", "test1", "evaluation", "seg_test", "테스트")),
        *((name, "unlabeled") for name in ("seg_pred", "prediction", "unlabeled")),
        *((name, None) for name in ("trainer", "invalid", "contest", "development", "cat", "train_test", "", "시험관")),
    ],
)
def test_split_is_recognized_by_whole_words(name: str, kind: Kind | None) -> None:
    assert split_of(name) == kind


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("train_Corn_(maize)", "Corn_(maize)"),
        ("Corn_(maize)_train", "Corn_(maize)"),
        ("Corn_(maize) (train)", "Corn_(maize)"),
        ("Corn (maize test) [2]", "Corn (maize) [2]"),
        ("Corn (test maize) 2", "Corn maize 2"),
        ("train (Corn)", "Corn"),
        ("Cat-2 (train)", "Cat-2"),
        ("trainCat", "Cat"),
        ("train", ""),
    ],
)
def test_rest_of_a_name_keeps_its_brackets(name: str, rest: str) -> None:
    assert name_beside_split(name) == rest
