from typing import Any

import pytest

from specs.continuation import continuation_problems, continued_document
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec

SOURCE_ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
OTHER_ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C3"
SCHEDULE = {"type": "CosineDecay", "initial_learning_rate": 0.01, "alpha": 0.1}


def source(**training: Any) -> ExperimentSpec:
    training = {"epochs": 10, "batch_size": 64, **training}
    return parse_spec({"model": {"preset": "digits-cnn", "weights_from": OTHER_ID}, "training": training})


def continued(posted: dict[str, Any], of: ExperimentSpec | None = None) -> ExperimentSpec:
    document = continued_document((of or source()).document(), SOURCE_ID, {"continue_from": SOURCE_ID, **posted})
    return parse_spec(document)


def pointers(posted: dict[str, Any], of: ExperimentSpec | None = None) -> list[str]:
    of = of or source()
    return [problem.pointer for problem in continuation_problems(continued(posted, of), of, completed=10)]


def test_what_is_left_out_is_the_sources() -> None:
    spec = continued({"training": {"epochs": 20}})
    assert (spec.continue_from, spec.based_on, spec.model.weights_from) == (SOURCE_ID, SOURCE_ID, None)
    assert spec.model.preset == "digits-cnn"
    assert (spec.training.epochs, spec.training.batch_size) == (20, 64)


def test_given_learning_rate_replaces_a_schedule() -> None:
    of = source(optimizer={"type": "SGD", "learning_rate": SCHEDULE})
    decay = {"type": "ExponentialDecay", "initial_learning_rate": 0.1, "decay_rate": 0.9}
    optimizer = continued({"training": {"optimizer": {"learning_rate": decay}}}, of).training.optimizer
    assert optimizer.type == "SGD"
    rate = optimizer.model_dump(mode="json")["learning_rate"]
    assert {name: rate[name] for name in decay} == decay


def test_no_continuation_follows_a_continuation() -> None:
    document = continued_document({"continue_from": OTHER_ID, "model": {}}, SOURCE_ID, {"continue_from": SOURCE_ID})
    assert document == {"continue_from": SOURCE_ID, "based_on": SOURCE_ID, "model": {}}


@pytest.mark.parametrize(
    "training",
    [
        {"epochs": 11},
        {"epochs": 20, "max_minutes": 5.0, "keep_state": False},
        {"epochs": 20, "optimizer": {"learning_rate": 0.5}},
        {"epochs": 20, "optimizer": {"learning_rate": SCHEDULE}},
        {"epochs": 20, "early_stopping": {"monitor": "val_accuracy", "patience": 3}},
        {"epochs": 20, "reduce_lr_on_plateau": {"patience": 3}},
    ],
)
def test_length_and_learning_rate_may_change(training: dict[str, Any]) -> None:
    assert pointers({"training": training, "name": "longer", "tags": ["long"]}) == []


def test_equal_network_in_other_words_is_accepted() -> None:
    of = parse_spec({"model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}})
    layers = [{"type": "Flatten"}, {"type": "Dense", "units": 10, "activation": "softmax"}]
    assert pointers({"model": {"layers": layers}, "training": {"epochs": 40}}, of) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {
                "dataset": {"name": "blobs"},
                "model": {"layers": [{"type": "Dense"}]},
                "preprocessing": {"scale": "none"},
            },
            "/dataset/name",
        ),
        ({"dataset": {"split": {"seed": 3}}}, "/dataset/split/seed"),
        ({"dataset": {"classes": ["3", "8"]}}, "/dataset/classes"),
        ({"model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}}, "/model"),
        ({"model": {"preset": "digits-cnn", "freeze": 1}}, "/model"),
        ({"preprocessing": {"scale": "centered"}}, "/preprocessing/scale"),
        ({"augmentation": {"layers": [{"type": "RandomFlip"}]}}, "/augmentation"),
        ({"training": {"optimizer": {"type": "SGD"}}}, "/training/optimizer/type"),
        ({"training": {"seed": 3}}, "/training/seed"),
        ({"training": {"batch_size": 32}}, "/training/batch_size"),
        ({"training": {"early_stopping": {"monitor": "val_loss"}}}, "/training/early_stopping"),
    ],
)
def test_another_training_is_rejected(change: dict[str, Any], expected: str) -> None:
    training = {"epochs": 20, **change.get("training", {})}
    assert expected in pointers({**change, "training": training})


@pytest.mark.parametrize("epochs", [5, 10])
def test_epochs_that_are_done_are_rejected(epochs: int) -> None:
    spec = continued({"training": {"epochs": epochs}})
    (problem,) = continuation_problems(spec, source(), completed=10)
    assert (problem.pointer, problem.received) == ("/training/epochs", epochs)
    assert problem.detail == (
        f"`epochs` counts from the beginning, and 10 epochs of experiment {SOURCE_ID} are done; set it to more, for "
        "instance 20"
    )


def test_weights_of_a_third_experiment_are_rejected() -> None:
    with pytest.raises(SpecError, match="/model/weights_from: cannot be combined with `continue_from`"):
        continued({"model": {"preset": "digits-cnn", "weights_from": OTHER_ID}})
