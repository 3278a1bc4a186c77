"""Keras's own spellings of optimizers, losses and layers."""

import os
from typing import Any, get_args

import pytest

from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.learning_rates import Schedule, TrainingLength
from specs.losses import Loss
from specs.merge_patch import merge_patch
from specs.optimizers import Optimizer
from specs.problem import Problem
from specs.schema import Schema


def types_of(union: Any) -> list[type[Schema]]:
    if isinstance(union, type):
        return [union] if issubclass(union, Schema) else []
    return [each for argument in get_args(union) for each in types_of(argument)]


OPTIMIZERS = [each.__name__ for each in types_of(Optimizer)]
LOSSES = [each.__name__ for each in types_of(Loss)]


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    return keras


def spec_of(training: dict[str, Any]) -> ExperimentSpec:
    return parse_spec({"model": {"preset": "digits-cnn"}, "training": training})


def problems_of(training: dict[str, Any]) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        spec_of(training)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("adam", "Adam"),
        ("rmsprop", "RMSprop"),
        ({"type": "sgd", "momentum": 0.9}, "SGD"),
        ({"type": "adam_w"}, "AdamW"),
        ({"class_name": "Nadam", "config": {"name": "nadam", "learning_rate": 0.1}}, "Nadam"),
    ],
)
def test_optimizer_is_known_by_keras_spelling(spelling: Any, expected: str) -> None:
    spec = spec_of({"optimizer": spelling})

    assert spec.training.optimizer.type == expected
    assert parse_spec(spec.document()) == spec


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
        ("mse", "MeanSquaredError"),
        ("kl_divergence", "KLDivergence"),
        ({"type": "categorical_crossentropy", "label_smoothing": 0.1}, "CategoricalCrossentropy"),
    ],
)
def test_loss_is_known_by_keras_spelling(spelling: Any, expected: str) -> None:
    loss: Any = spec_of({"loss": spelling}).training.loss

    assert loss.type == expected


def test_layers_are_known_by_keras_aliases() -> None:
    layers = [
        {"type": "MaxPool2D"},
        {"type": "Residual", "layers": [{"type": "AvgPool2D", "pool_size": 1}]},
        {"type": "GlobalAvgPool2D"},
        {"type": "Dense"},
    ]
    types = [row.type for row in parse_spec({"model": {"layers": layers}}).network.table]

    assert types == ["MaxPooling2D", "AveragePooling2D", "Add", "GlobalAveragePooling2D", "Dense"]


def test_binary_crossentropy_suits_one_unit() -> None:
    layers = [{"type": "Flatten"}, {"type": "Dense", "units": 1}]
    document = {"dataset": {"classes": [0, 1]}, "model": {"layers": layers}}
    spec = parse_spec({**document, "training": {"loss": "binary_crossentropy"}})
    loss: Any = spec.training.loss

    assert loss.type == "BinaryCrossentropy"
    assert spec.network.last_activation == "sigmoid"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_serialized_optimizer_is_read(keras: Any, name: str) -> None:
    document = keras.optimizers.serialize(getattr(keras.optimizers, name)(0.25, clipnorm=1.5, use_ema=True))
    spec = spec_of({"optimizer": document})

    assert spec == spec_of({"optimizer": {"type": name, "learning_rate": 0.25, "clipnorm": 1.5, "use_ema": True}})
    assert parse_spec(spec.document()) == spec


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "BinaryCrossentropy"])
def test_serialized_loss_is_read(keras: Any, name: str) -> None:
    spec = spec_of({"loss": keras.losses.serialize(getattr(keras.losses, name)())})

    assert spec == spec_of({"loss": {"type": name}})


def test_arguments_of_serialized_loss_are_read(keras: Any) -> None:
    smoothed = keras.losses.CategoricalCrossentropy(label_smoothing=0.25, from_logits=True)
    focal = keras.losses.CategoricalFocalCrossentropy(alpha=0.5, gamma=3.0)

    assert spec_of({"loss": keras.losses.serialize(smoothed)}) == spec_of(
        {"loss": {"type": "CategoricalCrossentropy", "label_smoothing": 0.25}}
    )
    assert spec_of({"loss": keras.losses.serialize(focal)}) == spec_of(
        {"loss": {"type": "CategoricalFocalCrossentropy", "alpha": 0.5, "gamma": 3.0}}
    )


def test_loss_function_is_read(keras: Any) -> None:
    document = keras.losses.serialize(keras.losses.mean_squared_error)

    assert spec_of({"loss": document}) == spec_of({"loss": {"type": "MeanSquaredError"}})


SCHEDULES: dict[str, tuple[Any, dict[str, Any]]] = {
    "ExponentialDecay": ((0.5, 40, 0.5), {"staircase": True}),
    "InverseTimeDecay": ((0.5, 40, 0.5), {}),
    "PolynomialDecay": ((0.5, 40), {"power": 2.0, "cycle": True}),
    "CosineDecay": ((0.1, 40), {"alpha": 0.25, "warmup_target": 0.5, "warmup_steps": 10}),
    "PiecewiseConstantDecay": (([10, 20], [0.5, 0.25, 0.125]), {}),
}


def test_schedules_of_keras_are_tested() -> None:
    assert {each.__name__ for each in types_of(Schedule)} == {*SCHEDULES, "OneCycle"}


@pytest.mark.parametrize("name", SCHEDULES)
def test_serialized_schedule_has_rates_of_keras(keras: Any, name: str) -> None:
    arguments, options = SCHEDULES[name]
    schedule = getattr(keras.optimizers.schedules, name)(*arguments, **options)
    spec = spec_of({"optimizer": keras.optimizers.serialize(keras.optimizers.SGD(schedule))})
    read: Any = spec.training.optimizer.learning_rate

    assert read.type == name
    for step in (0, 5, 10, 11, 39, 41, 90):
        assert read.rate(step, TrainingLength(1, 1)) == pytest.approx(float(schedule(step)), rel=1e-5)


def test_compile_config_of_keras_is_read(keras: Any) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Nadam(0.5), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    config = model.get_compile_config()
    spec = spec_of({"optimizer": config["optimizer"], "loss": config["loss"]})

    assert spec == spec_of(
        {"optimizer": {"type": "Nadam", "learning_rate": 0.5}, "loss": "sparse_categorical_crossentropy"}
    )


def serialized(class_name: str, /, **config: Any) -> dict[str, Any]:
    return {"module": "keras", "class_name": class_name, "config": config, "registered_name": None}


def scheduled(class_name: str, /, **config: Any) -> dict[str, Any]:
    return serialized("Adam", learning_rate=serialized(class_name, **config))


@pytest.mark.parametrize(
    ("training", "pointer", "fragment"),
    [
        ({"loss": serialized("Huber")}, "/loss/class_name", 'unknown loss "Huber"; known: Sparse'),
        ({"loss": serialized("MeanSquaredError", reduction="sum")}, "/loss/config/reduction", '"sum" is not supported'),
        (
            {"loss": serialized("SparseCategoricalCrossentropy", ignore_class=0)},
            "/loss/config/ignore_class",
            "`ignore_class` 0 is not supported; expected null",
        ),
        (
            {"loss": serialized("CategoricalCrossentropy", label_smoothing=1.5)},
            "/loss/config/label_smoothing",
            "must be less than 1",
        ),
        (
            {"loss": serialized("CategoricalCrossentropy", smoothing=0.5)},
            "/loss/config/smoothing",
            "unknown argument `smoothing` of CategoricalCrossentropy; did you mean `label_smoothing`?",
        ),
        ({"loss": serialized("MeanSquaredError") | {"module": "my.losses"}}, "/loss/module", "not one of Keras's own"),
        (
            {"loss": serialized("MeanSquaredError") | {"registered_name": "my>loss"}},
            "/loss/registered_name",
            "is a custom class",
        ),
        ({"loss": serialized("MeanSquaredError") | {"config": 3}}, "/loss/config", "expected an object as `config`"),
        ({"loss": serialized("function") | {"config": "huber"}}, "/loss/class_name", "unknown loss"),
        ({"loss": {"class_name": 3, "config": {}}}, "/loss/class_name", "unknown loss 3; known: "),
        ({"optimizer": serialized("Ftrl")}, "/optimizer/class_name", 'unknown optimizer "Ftrl"; known: Adam'),
        ({"optimizer": serialized("LossScaleOptimizer")}, "/optimizer/class_name", "unknown optimizer"),
        ({"optimizer": serialized("Adam", decay=0.5)}, "/optimizer/config/decay", "expected 0"),
        ({"optimizer": serialized("Adam", beta_1=2.0)}, "/optimizer/config/beta_1", "must be less than 1"),
        (
            {"optimizer": serialized("Adam", clipnorm=1.0, clipvalue=1.0)},
            "/optimizer/config/clipvalue",
            "cannot be combined with `clipnorm`",
        ),
        (
            {"optimizer": {"type": "adam", "clipnorm": 1.0, "clipvalue": 1.0}},
            "/optimizer/clipvalue",
            "cannot be combined with `clipnorm`",
        ),
        (
            {"optimizer": scheduled("CosineDecayRestarts")},
            "/optimizer/config/learning_rate/class_name",
            'unknown schedule "CosineDecayRestarts"; did you mean `CosineDecay`?',
        ),
        (
            {"optimizer": scheduled("ExponentialDecay", initial_learning_rate=0.5, decay_steps=10)},
            "/optimizer/config/learning_rate/config/decay_rate",
            "`decay_rate` is missing; expected a number above 0 and at most 1",
        ),
        (
            {"optimizer": {"type": "adam", "learning_rate": serialized("CosineDecay", initial_learning_rate=-1)}},
            "/optimizer/learning_rate/config/initial_learning_rate",
            "must be at least 0",
        ),
    ],
)
def test_unsupported_object_is_named(training: dict[str, Any], pointer: str, fragment: str) -> None:
    [problem] = problems_of(training)

    assert problem.pointer == f"/training{pointer}"
    assert fragment in problem.detail


def test_all_faults_of_serialized_object_are_named() -> None:
    problems = problems_of({"optimizer": serialized("SGD", momentum=2.0, nesterov=1, slots=3)})

    assert [problem.pointer for problem in problems] == [
        f"/training/optimizer/config/{name}" for name in ("slots", "momentum", "nesterov")
    ]


def test_patch_changes_serialized_object() -> None:
    posted = {"optimizer": serialized("Adam", learning_rate=2.0, beta_1=0.5), "loss": "mse"}
    patch = {"optimizer": {"type": "Adam", "learning_rate": 0.5}}

    assert spec_of(merge_patch(posted, patch)) == spec_of(
        {"optimizer": {"type": "Adam", "learning_rate": 0.5, "beta_1": 0.5}, "loss": "mse"}
    )
    [problem] = problems_of(merge_patch(posted, {"optimizer": {"type": "SGD"}}))
    assert problem.pointer == "/training/optimizer/type"
    assert '`type` "SGD" differs from `class_name`' in problem.detail
