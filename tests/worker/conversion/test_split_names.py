import pytest

from worker.conversion.split_names import Kind, split_of


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
