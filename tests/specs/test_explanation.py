import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from specs import limits
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.misplacement import models_in, place_hint
from specs.problem import FieldPath, Problem
from tests.support.examples import examples

FLATTEN, DENSE = {"type": "Flatten"}, {"type": "Dense"}
PRESET = {"preset": "digits-cnn"}


def problems_of(document: Any) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        parse_spec(document)
    return list(caught.value.problems)


def layered(*layers: Any) -> dict[str, Any]:
    return {"model": {"layers": list(layers)}}


def trained(**training: Any) -> dict[str, Any]:
    return {"model": PRESET, "training": training}


def split(**shares: Any) -> dict[str, Any]:
    return {"model": PRESET, "dataset": {"split": shares}}


NAMED = {"model": PRESET}
EARLY = {"monitor": "val_acc"}

RATE = "/training/optimizer/learning_rate"
EXPONENTIAL = {"type": "ExponentialDecay", "initial_learning_rate": 1, "decay_rate": 0.5}
PIECEWISE = {"type": "PiecewiseConstantDecay", "values": [0.1]}


def rated(learning_rate: Any) -> dict[str, Any]:
    return trained(optimizer={"type": "Adam", "learning_rate": learning_rate})


BAD: list[tuple[Any, str, str]] = [
    ([], "", "expected an object with named fields, received []"),
    ("x", "", "expected an object"),
    (None, "", "expected an object"),
    (
        {},
        "/model",
        "`model` is missing; expected {preset: <name>}, {layers: [...]}, {keras: {...}} or {application: <name>}",
    ),
    ({"model": None}, "/model", "expected an object"),
    (
        {"model": {}},
        "/model",
        "expected one of `preset`, `layers`, `keras`, `application`, received none of them; presets: digits-cnn",
    ),
    ({"model": {**PRESET, "layers": [FLATTEN, DENSE]}}, "/model", "received `preset` and `layers`;"),
    ({"model": {"preset": "mnist-cn"}}, "/model/preset", "did you mean `mnist-cnn`? known: digits-cnn"),
    ({"model": {"preset": 3}}, "/model/preset", "unknown preset `3`"),
    (
        {**NAMED, "modle": PRESET},
        "/modle",
        "unknown field `modle`; did you mean `model`? known here: name, notes",
    ),
    ({**NAMED, "a/b~c": 1}, "/a~1b~0c", "unknown field `a/b~c`"),
    ({**NAMED, "x" * 9999: 1}, "/" + "x" * 100 + "…", "unknown field"),
    ({**NAMED, "name": ""}, "/name", "`name` must not be empty"),
    ({**NAMED, "name": " "}, "/name", "expected one line of printable text"),
    ({**NAMED, "name": "a\nb"}, "/name", "expected one line of printable text"),
    ({**NAMED, "name": "x" * 101}, "/name", "`name` must have at most 100 characters"),
    ({**NAMED, "name": 3}, "/name", 'expected a string, received 3, which is no string; write it in quotes: "3"'),
    ({**NAMED, "notes": "x" * 10_001}, "/notes", "at most 10,000 characters"),
    ({**NAMED, "tags": ["x"] * 21}, "/tags", "`tags` must have at most 20 items"),
    ({**NAMED, "tags": ["ok", "x" * 51]}, "/tags/1", "at most 50 characters"),
    ({**NAMED, "tags": "mnist"}, "/tags", 'expected a list, received "mnist"'),
    ({**NAMED, "based_on": "01J"}, "/based_on", "expected the id of an experiment"),
    (
        {**NAMED, "dataset": {"name": "minst"}},
        "/dataset/name",
        "unknown dataset `minst`; did you mean `mnist`?",
    ),
    ({**NAMED, "dataset": "mnist"}, "/dataset", 'named fields, received "mnist"; write {name: mnist}'),
    ({**NAMED, "dataset": "leaves"}, "/dataset", "; write {name: leaves}"),
    ({**NAMED, "dataset": {"labels": ["cat"]}}, "/dataset/labels", "; did you mean `dataset.classes`? known"),
    ({**NAMED, "preprocessing": "unit"}, "/preprocessing", "; write {scale: unit}"),
    ({**NAMED, "augmentation": [{"type": "RandomFlip"}]}, "/augmentation", "; write {layers: [...]}"),
    ({"model": "mnist-cnn"}, "/model", 'named fields, received "mnist-cnn"; write {preset: mnist-cnn}'),
    ({"model": "mnist_cnn"}, "/model", "; write {preset: mnist-cnn}"),
    ({"model": [FLATTEN, DENSE]}, "/model", "; write {layers: [...]}"),
    (
        trained(loss={"type": "SparseCategoricalCrossentropy", "label_smoothing": 0.1}),
        "/training/loss/label_smoothing",
        "`label_smoothing`; known here: type; `label_smoothing` is a field of CategoricalCrossentropy or Binary",
    ),
    (trained(early_stopping={"mode": "max"}), "/training/early_stopping/mode", "`mode`; leave it out: what is better"),
    (trained(early_stopping="val_loss"), "/training/early_stopping", "; write {monitor: val_loss}"),
    (
        trained(reduce_lr_on_plateau={"epsilon": 1}),
        "/training/reduce_lr_on_plateau/epsilon",
        "did you mean `min_delta`?",
    ),
    (
        trained(metrics=["accuracy"]),
        "/training/metrics",
        "unknown field `metrics`; leave it out: loss and accuracy are",
    ),
    (layered({**FLATTEN, "input_shape": [8, 8]}), "/model/layers/0/input_shape", "; leave it out: the shape follows"),
    (
        layered(FLATTEN, {"type": "Dropout", "rate": 0.1, "p": 0.5}),
        "/model/layers/1/p",
        "unknown field `p`; did you mean `rate`?",
    ),
    (layered({**FLATTEN, "name": "x"}), "/model/layers/0/name", "`name`; leave it out: layers have Keras's default"),
    (
        layered(FLATTEN, {**DENSE, "filters": 3}),
        "/model/layers/1/filters",
        "unknown field `filters`; known here: type, units",
    ),
    (layered(FLATTEN, {**DENSE, "filters": 3}), "/model/layers/1/filters", "; `filters` is a field of Conv2D or Sep"),
    (trained(early_stopping=True), "/training/early_stopping", "received true; write {} for the defaults"),
    (trained(early_stopping=5), "/training/early_stopping", "received 5; write {patience: 5}"),
    (trained(callbacks=[]), "/training/callbacks", "`callbacks`; leave it out: `early_stopping` and `reduce_lr_on_pla"),
    (
        trained(shuffle=True),
        "/training/shuffle",
        "`shuffle`; leave it out: each epoch has the samples in anot",
    ),
    (
        trained(optimizer={"type": "Adam", "decay": 1e-6}),
        "/training/optimizer/decay",
        "unknown field `decay`; use a schedule as `learning_rate`, such as {type: InverseTimeDecay, ...}; known here",
    ),
    (split(train=0.8), "/dataset/split/train", "`train`; leave it out: the rest is the training split; known here"),
    ({**NAMED, "dataset": {"name": "digits", "limit": 9}}, "/dataset/limit", "did you mean `dataset.limit_per_class`?"),
    (
        {**NAMED, "dataset": {"name": "digits", "split": [0.8, 0.1, 0.1]}},
        "/dataset/split",
        "; write {validation: 0.111, test: 0.1}",
    ),
    ({**NAMED, "dataset": {"name": "digits", "split": [80, 20]}}, "/dataset/split", "[80, 20]; write {test: 0.2}"),
    (split(test=20), "/dataset/split/test", "at most 0.9, such as 0.2 for 20 %, received 20"),
    (split(validation="10%"), "/dataset/split/validation", 'at most 0.9, such as 0.1 for 10 %, received "10%"'),
    (split(test="official"), "/dataset/split/test", "digits has no official test split; give a fraction"),
    (split(test="0.2"), "/dataset/split/test", 'expected "official", or a fraction above 0 and at most 0.9'),
    (split(test=1e9), "/dataset/split/test", "received 1000000000.0"),
    (split(validation=0), "/dataset/split/validation", 'expected "official", or a fraction above 0 and at most 0.9'),
    (split(validation=0.95), "/dataset/split/validation", 'expected "official", or a fraction above 0 and at most 0.9'),
    (split(validation=0.001), "/dataset/split/validation", "too few for 10 classes"),
    (split(stratify=1), "/dataset/split/stratify", "expected true or false, received 1"),
    (split(seed=2**32), "/dataset/split/seed", "`seed` must be at most 4,294,967,295"),
    ({**NAMED, "preprocessing": {"scale": "unti"}}, "/preprocessing/scale", "did you mean `unit`?"),
    ({**NAMED, "training": None}, "/training", "expected an object"),
    (trained(epoch=3), "/training/epoch", "did you mean `epochs`? known here: optimizer, loss, batch_size"),
    (trained(epochs=0), "/training/epochs", "`epochs` must be at least 1, received 0"),
    (trained(epochs=10_001), "/training/epochs", "`epochs` must be at most 10,000, received 10001"),
    (trained(epochs="3"), "/training/epochs", "which is a string; write it without quotes"),
    (trained(epochs=True), "/training/epochs", "expected a whole number, received true"),
    (trained(epochs=3.5), "/training/epochs", "expected a whole number, received 3.5"),
    (trained(epochs=None), "/training/epochs", "expected a whole number, received null"),
    (trained(epochs=[3]), "/training/epochs", "expected a whole number, received [3]"),
    (trained(batch_size=0), "/training/batch_size", "`batch_size` must be at least 1"),
    (trained(batch_size=1_294), "/training/batch_size", "exceeds the training split of 1,293 samples"),
    (trained(batch_size=10**9), "/training/batch_size", "1,000,000,000 exceeds the training split"),
    (trained(batch_size=10**400), "/training/batch_size", "the training split"),
    (
        {**split(validation=0.9, test=0.9), "training": {"batch_size": 18}},
        "/training/batch_size",
        "the training split of 17 samples; set it to 8",
    ),
    (trained(max_minutes=0), "/training/max_minutes", "`max_minutes` must be more than 0"),
    (trained(max_minutes=10_081), "/training/max_minutes", "`max_minutes` must be at most 10,080"),
    (trained(max_minutes=float("nan")), "/training/max_minutes", "expected a finite number, received nan"),
    (trained(seed=-1), "/training/seed", "`seed` must be at least 0"),
    (trained(early_stopping=EARLY), "/training/early_stopping/monitor", "did you mean `val_accuracy`?"),
    (trained(early_stopping=True), "/training/early_stopping", "expected an object"),
    (trained(optimizer="Adamm"), "/training/optimizer", 'unknown optimizer "Adamm"; did you mean `Adam`? known: Adam,'),
    (trained(optimizer=3), "/training/optimizer", "expected an object"),
    (trained(learning_rate=0.1), "/training/learning_rate", "did you mean `training.optimizer.learning_rate`?"),
    (trained(validation_split=0.1), "/training/validation_split", "did you mean `dataset.split.validation`?"),
    (trained(optimizer={"type": "SGD", "lr": 0.1}), "/training/optimizer/lr", "`training.optimizer.learning_rate`?"),
    (trained(optimizer={}), "/training/optimizer/type", "`type` is missing; known: Adam, SGD"),
    (
        trained(optimizer={"type": "adem"}),
        "/training/optimizer/type",
        "did you mean `Adam`? known: Adam, SGD, RMSprop",
    ),
    (
        trained(optimizer={"type": "Adam", "momentum": 0.9}),
        "/training/optimizer/momentum",
        "did you mean `ema_momentum`? known here: type, learning_rate, weight_decay",
    ),
    (
        trained(optimizer={"type": "Adam", "learning_rate": "0.1"}),
        "/training/optimizer/learning_rate",
        'expected a number, received "0.1", which is a string; write it without quotes',
    ),
    (
        trained(optimizer={"type": "Adam", "learning_rate": 10**400}),
        "/training/optimizer/learning_rate",
        "a number of about 400 digits",
    ),
    (
        trained(optimizer={"type": "SGD", "learning_rate": 2e38}),
        "/training/optimizer/learning_rate",
        "`learning_rate` must be at most 1e+38",
    ),
    (
        trained(optimizer={"type": "Adam", "clipnorm": 1, "clipvalue": 2}),
        "/training/optimizer/clipvalue",
        "`clipvalue` cannot be combined with `clipnorm`",
    ),
    (
        trained(optimizer={"type": "AdamW", "weight_decay": None}),
        "/training/optimizer/weight_decay",
        "expected a number, received null",
    ),
    (rated({}), f"{RATE}/type", "`type` is missing; known: PiecewiseConstantDecay, ExponentialDecay"),
    (rated({"type": "Cosine"}), f"{RATE}/type", "did you mean `CosineDecay`? known: PiecewiseConstantDecay"),
    (rated({"type": ["OneCycle"]}), f"{RATE}/type", "unknown type"),
    (rated([0.1]), RATE, "expected a number, received [0.1]"),
    (
        rated({"type": "ExponentialDecay", "initial_learning_rate": 1}),
        f"{RATE}/decay_rate",
        "`decay_rate` is missing; expected a number above 0 and at most 1",
    ),
    (
        rated({**EXPONENTIAL, "decay_step": 3}),
        f"{RATE}/decay_step",
        "did you mean `decay_steps`? known here: type, initial_learning_rate, decay_steps, decay_epochs",
    ),
    (
        rated({**EXPONENTIAL, "decay_steps": 3, "decay_epochs": 3}),
        f"{RATE}/decay_epochs",
        "received both `decay_steps` and `decay_epochs`; give the length in steps or in epochs",
    ),
    (rated({**PIECEWISE}), f"{RATE}/boundaries", "expected `boundaries` in steps, or `boundaries_epochs`"),
    (rated({**PIECEWISE, "boundaries": [3, 3]}), f"{RATE}/boundaries", "must rise, received [3, 3]"),
    (rated({**PIECEWISE, "boundaries_epochs": [3, 4]}), f"{RATE}/values", "than boundaries, 3, received 1"),
    (
        rated({"type": "CosineDecay", "initial_learning_rate": 0, "warmup_epochs": 2}),
        f"{RATE}/warmup_target",
        "a warm-up needs `warmup_target`",
    ),
    (rated({"type": "CosineDecay", "initial_learning_rate": 0}), f"{RATE}/initial_learning_rate", "may be 0 only"),
    (trained(loss="huber"), "/training/loss", 'unknown loss "huber"; known: SparseCategoricalCrossentropy, Cat'),
    (
        trained(loss="CategoricalCrossentrpy"),
        "/training/loss",
        "did you mean `CategoricalCrossentropy`?",
    ),
    (trained(loss="binary_crossentropy"), "/training/loss", "ends in 1 unit, not in 10; use auto"),
    (trained(loss={"type": "CategoricHinge"}), "/training/loss/type", "did you mean `CategoricalHinge`?"),
    (trained(class_weight="balance"), "/training/class_weight", "did you mean `balanced`?"),
    (trained(class_weight={"x": 1}), "/training/class_weight/x", "unknown class `x`; known: 0, 1"),
    (trained(class_weight={"1": -1}), "/training/class_weight/1", "`1` must be at least 0"),
    (trained(class_weight=[1, 2]), "/training/class_weight", "expected 10 weights, one per class, received 2"),
    (trained(class_weight=[0] * 10), "/training/class_weight", "all weights are 0"),
    (trained(precision="bfloat16"), "/training/precision", "did you mean `mixed_bfloat16`? known: auto, float32"),
    (
        trained(
            optimizer={"type": "SGD", "learning_rate": {"type": "OneCycle", "max_learning_rate": 1}},
            reduce_lr_on_plateau={},
        ),
        "/training/reduce_lr_on_plateau",
        "cannot be combined with the schedule OneCycle",
    ),
    (layered(), "/model/layers", "expected at least one layer"),
    ({"model": {"layers": DENSE}}, "/model/layers", "expected a list"),
    (layered(*[FLATTEN] * 1001), "/model/layers", "`layers` must have at most 1,000 items"),
    (layered(*[FLATTEN] * 6000), "/model/layers", "`layers` must have at most 1,000 items"),
    (layered(3), "/model/layers/0", "expected an object"),
    (layered({}), "/model/layers/0/type", "`type` is missing; known: Conv2D, "),
    (layered({"type": "Conv2d"}), "/model/layers/0/type", "did you mean `Conv2D`?"),
    (layered({"type": "LSTM"}), "/model/layers/0/type", "unknown type `LSTM`; known: Conv2D"),
    (layered({"type": ["Dense"]}), "/model/layers/0/type", "unknown type"),
    (layered(FLATTEN, {"type": "Dropout"}), "/model/layers/1/rate", "`rate` is missing; expected a number"),
    (layered({"type": "Dropout", "rate": 1}), "/model/layers/0/rate", "`rate` must be less than 1"),
    (layered({"type": "Dense", "unit": 3}), "/model/layers/0/unit", "did you mean `units`?"),
    (layered({"type": "Dense", "Dense": 3}), "/model/layers/0/Dense", "unknown field `Dense`"),
    (layered({"type": "Dense", "units": 10**9}), "/model/layers/0/units", "`units` must be at most 65,536"),
    (layered({"type": "Dense", "activation": "rellu"}), "/model/layers/0/activation", "did you mean `relu`?"),
    (
        layered({"type": "Conv2D", "filters": 1, "kernel_size": 65}),
        "/model/layers/0/kernel_size",
        "`kernel_size` must be at most 64, received 65",
    ),
    (
        layered({"type": "Conv2D", "filters": 1, "kernel_size": [3, 65]}),
        "/model/layers/0/kernel_size/1",
        "`kernel_size` must be at most 64, received 65",
    ),
    (
        layered({"type": "Conv2D", "filters": 1, "kernel_size": "3x3"}),
        "/model/layers/0/kernel_size",
        "expected a whole number, or two of them as [height, width]",
    ),
    (
        layered({"type": "Conv2D", "filters": 1, "kernel_size": 9}, FLATTEN, DENSE),
        "/model/layers/0/kernel_size",
        'layers[0] Conv2D: kernel 9x9 does not fit into 8x8; pad with "same"',
    ),
    (
        layered(FLATTEN, {"type": "Dense", "units": 9}),
        "/model/layers/1/units",
        "has 9 units, but there are 10",
    ),
    (layered(FLATTEN, DENSE, FLATTEN, DENSE), "/model/layers/1/units", "layers[1] Dense: `units` is missing"),
    (layered(DENSE), "/model/layers", "put {type: Flatten} before layers[0] Dense"),
    (
        layered(FLATTEN, *[{"type": "Dense", "units": 65_536}] * 2, DENSE),
        "/model/layers",
        "exceeds the limit of 50,000,000; layers[2] Dense alone has 4,295,032,832",
    ),
]


@pytest.mark.parametrize(("document", "pointer", "fragment"), BAD)
def test_invalid_spec_gets_pointer_and_advice(document: Any, pointer: str, fragment: str) -> None:
    problems = problems_of(document)
    assert [problem.pointer for problem in problems] == [pointer]
    assert fragment in problems[0].detail


def test_problems_are_short_json_without_jargon() -> None:
    for problem in (problem for document, _, _ in BAD for problem in problems_of(document)):
        text = json.dumps(problem.model_dump(), allow_nan=False)
        assert len(text) < 1_000
        assert "Input should" not in text
        assert "pydantic" not in text


def test_received_is_value_at_pointer() -> None:
    assert [problem.received for problem in problems_of(trained(epochs="3", seed=-1))] == ["3", -1]
    assert problems_of({})[0].received is None


def test_all_problems_are_listed_together() -> None:
    layers = [{"type": "Conv2d"}, {"type": "Dense", "units": 0}]
    document = {"name": "", "model": {"layers": layers}, "training": {"epochs": 0, "epoch": 1}}
    assert [problem.pointer for problem in problems_of(document)] == [
        "/name",
        "/model/layers/0/type",
        "/model/layers/1/units",
        "/training/epochs",
        "/training/epoch",
    ]


def test_number_of_problems_is_limited() -> None:
    document = {"model": PRESET, **{f"field{number}": number for number in range(5_000)}}
    assert len(problems_of(document)) == limits.PROBLEMS


def test_error_text_has_line_per_problem() -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(trained(epochs=0, seed=-1))
    assert str(caught.value).splitlines() == [
        "/training/epochs: `epochs` must be at least 1, received 0",
        "/training/seed: `seed` must be at least 0, received -1",
    ]


VALID = {
    "name": "a",
    "tags": ["b"],
    "dataset": {"name": "digits", "split": {"validation": 0.1, "test": 0.2}},
    "preprocessing": {"scale": "unit"},
    "model": {
        "layers": [
            {"type": "Conv2D", "filters": 2, "kernel_size": [3, 3], "kernel_regularizer": {"l2": 0.1}},
            {"type": "MaxPooling2D", "strides": 2},
            FLATTEN,
            {"type": "Dense", "units": 10},
        ]
    },
    "training": {"optimizer": {"type": "Adam", "learning_rate": 0.1}, "early_stopping": {"patience": 3}},
}


def places(document: Any, path: FieldPath = ()) -> Iterator[FieldPath]:
    yield path
    members = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in members:
        yield from places(value, (*path, key))


def replaced(document: Any, path: FieldPath, value: Any) -> Any:
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = replaced(document[path[0]], path[1:], value)
    return copy


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["Dense", "relu"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "name", "layers", "preset", "0", "Conv2D"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=examples(300), deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(path=st.sampled_from(list(places(VALID))), value=values)
def test_any_value_is_accepted_or_explained(path: FieldPath, value: Any) -> None:
    problems: list[dict[str, Any]] = []
    try:
        parse_spec(replaced(VALID, path, value))
    except SpecError as error:
        problems = [problem.model_dump() for problem in error.problems]
    assert len(problems) <= limits.PROBLEMS
    assert json.dumps(problems, allow_nan=False)


def _objects(root: type[BaseModel], path: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    yield path, root
    for field, info in root.model_fields.items():
        for inner in models_in(info.annotation):
            yield from _objects(inner, f"{path}{field}.")


def test_no_field_is_sent_to_where_it_is() -> None:
    """Each field of the spec, at each object of which another type has it, or none."""
    names = {name for _, model in _objects(ExperimentSpec) for name in model.model_fields}
    for path, model in _objects(ExperimentSpec):
        known = list(model.model_fields)
        for name in names - {*known}:
            place = f"{path}{name}"
            hint = place_hint(name, tuple(place.split(".")), known, ExperimentSpec)
            assert f"`{place}`" not in hint, (place, hint)


@pytest.mark.parametrize("name", ["name", "mode", "min", "loss_fn", "verbosity", "data", "filter", "metric", "modal"])
def test_other_word_is_not_taken_for_a_typo(name: str) -> None:
    for path in (("training", name), ("training", "optimizer", name), ("dataset", "split", name)):
        assert place_hint(name, path, [], ExperimentSpec) == ""


def test_typo_of_a_field_elsewhere_is_recognized() -> None:
    hint = place_hint("lernign_rate", ("training", "lernign_rate"), [], ExperimentSpec)
    assert hint == "did you mean `training.optimizer.learning_rate`? "
