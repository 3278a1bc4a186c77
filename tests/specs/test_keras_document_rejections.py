"""What a Keras document may not say. No Keras is needed: the service does not ask it either."""

import copy
import json
import math
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.errors import SpecError
from specs.experiment import parse_spec
from specs.problem import Problem
from tests.support.examples import examples

FLOAT32 = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
GLOROT = {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": None}}


def layer(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    plain = {"name": name, "trainable": True, "dtype": FLOAT32}
    return {
        "module": "keras.layers",
        "class_name": class_name,
        "config": plain | config,
        "registered_name": None,
        "build_config": {"input_shape": [None, 8, 8, 1]},
    }


def tensor(name: str) -> dict[str, Any]:
    config = {"shape": [None, 8, 8, 1], "dtype": "float32", "keras_history": [name, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def behind(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    tensors = [tensor(name) for name in names]
    node: dict[str, Any] = {"args": [tensors] if len(tensors) > 1 else tensors, "kwargs": {}}
    return {**entry, "name": entry["config"]["name"], "inbound_nodes": [node] if names else []}


def images(name: str = "images") -> dict[str, Any]:
    return layer("InputLayer", name, batch_shape=[None, 8, 8, 1], dtype="float32", sparse=False)


SEQUENTIAL: dict[str, Any] = {
    "module": "keras",
    "class_name": "Sequential",
    "registered_name": None,
    "config": {
        "name": "sequential",
        "trainable": True,
        "dtype": FLOAT32,
        "layers": [
            images(),
            layer("Conv2D", "conv", filters=2, kernel_size=[3, 3], kernel_initializer=GLOROT, kernel_constraint=None),
            layer("BatchNormalization", "norm", axis=-1),
            layer("Flatten", "flat", data_format="channels_last"),
            layer("Dense", "answer", units=10, activation="softmax"),
        ],
    },
    "compile_config": {},
}
FUNCTIONAL: dict[str, Any] = {
    "module": "keras.src.models.functional",
    "class_name": "Functional",
    "registered_name": "Functional",
    "config": {
        "layers": [
            behind(images()),
            behind(layer("Flatten", "flat"), "images"),
            behind(layer("Dense", "left", units=4), "flat"),
            behind(layer("Dense", "right", units=4), "flat"),
            behind(layer("Add", "sum"), "left", "right"),
            behind(layer("Dense", "answer", units=10), "sum"),
        ],
        "input_layers": ["images", 0, 0],
        "output_layers": ["answer", 0, 0],
    },
}


def problem_of(document: Any) -> Problem:
    with pytest.raises(SpecError) as caught:
        parse_spec({"model": {"keras": document}})
    return caught.value.problems[0]


def changed(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(document)
    *parents, last = path.split("/")
    place: Any = document
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[int(last) if isinstance(place, list) else last] = value
    return document


def test_handwritten_documents_are_accepted() -> None:
    for document in (SEQUENTIAL, FUNCTIONAL):
        assert parse_spec({"model": {"keras": document}}).network.table[-1].name == "answer"


def test_spec_stores_keras_document() -> None:
    spec = parse_spec({"model": {"keras": FUNCTIONAL, "freeze": 2}})
    stored = json.loads(json.dumps(spec.document()))

    assert stored["model"]["keras"] == FUNCTIONAL
    assert parse_spec(stored) == spec
    assert parse_spec(stored).network == spec.network
    copied = spec.model_copy(update={"name": "another"})
    assert copied.network.nodes == spec.network.nodes
    assert copied != spec
    assert spec.network.frozen == 2


def test_json_text_is_accepted() -> None:
    spec = parse_spec({"model": {"keras": json.dumps(SEQUENTIAL)}})

    assert spec == parse_spec({"model": {"keras": SEQUENTIAL}})
    assert problem_of("[1, ").pointer == "/model/keras"
    assert "not JSON" in problem_of("{").detail


LAYERS = "config/layers"
REJECTED = [
    (f"{LAYERS}/1", layer("Lambda", "lambda_1"), "/1/class_name", "keras.config.layers[1] Lambda `lambda_1`: is not"),
    (f"{LAYERS}/1", layer("TFSMLayer", "x", filepath="/etc"), "/1/class_name", "TFSMLayer `x`: is not supported"),
    (f"{LAYERS}/1", layer("Conv2d", "x"), "/1/class_name", "did you mean `Conv2D`?"),
    (f"{LAYERS}/1/module", "os", "/1/class_name", 'the module "os" is not keras.layers'),
    (f"{LAYERS}/1/module", ["keras.layers"], "/1/class_name", "is not keras.layers"),
    (f"{LAYERS}/1/registered_name", "Custom>Conv2D", "/1/class_name", "is a custom class"),
    (f"{LAYERS}/1/class_name", 3, "/1/class_name", "expected the name of a layer"),
    (f"{LAYERS}/1/class_name", "__import__", "/1/class_name", "is not supported"),
    (f"{LAYERS}/1/config", [], "/1/config", "expected an object as `config`"),
    (f"{LAYERS}/1/config/filters", "2", "/1/config/filters", "Conv2D `conv`: expected a whole number"),
    (f"{LAYERS}/1/config/filters", 10**18, "/1/config/filters", "must be at most 65,536"),
    (f"{LAYERS}/1/config/filter", 2, "/1/config/filter", "unknown argument `filter`; did you mean `filters`?"),
    (f"{LAYERS}/1/config/kernel_size", [3, 3, 3], "/1/config/kernel_size", "two of them as [height, width]"),
    (f"{LAYERS}/1/config/kernel_size", [9, 9], "/1/config/kernel_size", "kernel 9x9 does not fit into 8x8"),
    (f"{LAYERS}/1/config/groups", 4, "/1/config/groups", "`groups` 4 is not supported; expected 1"),
    (f"{LAYERS}/1/config/data_format", "channels_first", "/1/config/data_format", "channels come last"),
    (f"{LAYERS}/1/config/kernel_constraint", {"class_name": "NonNeg"}, "/1/config/kernel_constraint", "expected null"),
    (f"{LAYERS}/1/config/trainable", "no", "/1/config/trainable", "expected true or false as `trainable`"),
    (f"{LAYERS}/1/config/dtype", "mixed_float16", "/1/config/dtype", "`training.precision` decides"),
    (f"{LAYERS}/1/config/dtype", {"class_name": "X"}, "/1/config/dtype", "is not float32"),
    (f"{LAYERS}/1/config/activation", "my_own", "/1/config/activation", "unknown activation `my_own`"),
    (f"{LAYERS}/1/config/activation", layer("Conv2D", "c"), "/1/config/activation", "among LeakyReLU, ReLU, ELU"),
    (
        f"{LAYERS}/1/config/activation",
        layer("LeakyReLU", "r", negative_slop=1),
        "/1/config/activation/config/negative_slop",
        "did you mean `negative_slope`?",
    ),
    (
        f"{LAYERS}/1/config/kernel_initializer/config/gain",
        3,
        "/1/config/kernel_initializer/config/gain",
        "unknown argument `gain` of GlorotUniform in `kernel_initializer`; leave it out",
    ),
    (f"{LAYERS}/1/config/kernel_initializer/class_name", "STFT", "/1/config/kernel_initializer", "STFT of"),
    (f"{LAYERS}/1/config/kernel_initializer/module", "os", "/1/config/kernel_initializer", "not one of Keras's own"),
    (f"{LAYERS}/1/config/kernel_regularizer", "l3", "/1/config/kernel_regularizer", "L1, L2 or L1L2"),
    (
        f"{LAYERS}/1/config/kernel_regularizer",
        {"class_name": "L2", "config": {"l2": -1}},
        "/1/config/kernel_regularizer",
        "must be at least 0",
    ),
    (
        f"{LAYERS}/2/config/axis",
        1,
        "/2/config/axis",
        "`axis` 1 of 6x6x2 is not supported; expected -1 or 3, the channels",
    ),
    (f"{LAYERS}/2/config/axis", [1, 2], "/2/config/axis", "`axis` [1, 2] is not supported; expected -1, the channels"),
    (f"{LAYERS}/2/config/renorm", True, "/2/config/renorm", "expected false"),
    (f"{LAYERS}/2/config/name", "conv", "/2/config/name", "has the same name as keras.config.layers[1] Conv2D `conv`"),
    (f"{LAYERS}/2/config/name", "trainyard_input", "/2/config/name", "are reserved; choose another"),
    (f"{LAYERS}/2/config/name", "_trainyard_input", "/2/config/name", "are reserved; choose another"),
    (f"{LAYERS}/2/config/name", "trainyard/input", "/2/config/name", "are reserved; choose another"),
    (f"{LAYERS}/2/config/name", "__trainyard", "/2/config/name", "are reserved; choose another"),
    (f"{LAYERS}/2/config/name", "/", "/2/config/name", "starting with a letter or digit"),
    (f"{LAYERS}/2/config/name", "x" * 65, "/2/config/name", "1 to 64"),
    (f"{LAYERS}/2/config/name", None, "/2/config/name", "received null"),
    (f"{LAYERS}/2", layer("Add", "sum"), "/2/class_name", "has only one input in a Sequential; use a Functional"),
    (f"{LAYERS}/2", images("second"), "/2/class_name", "must be the first layer"),
    (f"{LAYERS}/2", "Flatten", "/2", "expected an object with `class_name` and `config`"),
    (f"{LAYERS}/0/config/batch_shape", [None, 28, 28, 1], "/0/config/batch_shape", "declares 28x28x1, but the network"),
    (f"{LAYERS}/0/config/batch_shape", [None, 8, 8], "/1/class_name", "put Reshape to [8, 8, 1] before Conv2D"),
    (f"{LAYERS}/0/config/batch_shape", [None, 1, 8, 8], "/0/config/batch_shape", "the network receives 8x8x1"),
    (
        f"{LAYERS}/0/config/batch_shape",
        [None, 32, 32, 3],
        "/0/config/batch_shape",
        "set preprocessing to {image_size: [32, 32], color: rgb}",
    ),
    (f"{LAYERS}/0/config/batch_shape", [32, 8, 8, 1], "/0/config/batch_shape", "expected null for the batch"),
    (f"{LAYERS}/0/config/batch_shape", None, "/0/config/batch_shape", "such as [null, 28, 28, 1]"),
    (f"{LAYERS}/0/config/sparse", True, "/0/config/sparse", "expected false"),
    (f"{LAYERS}/4/config/units", None, "/4/config/units", "`units` is missing"),
    (f"{LAYERS}/4/config/units", 7, "/4/config/units", "has 7 units, but there are 10 classes; set `units` to 10"),
]


@pytest.mark.parametrize(("path", "value", "pointer", "fragment"), REJECTED)
def test_unsupported_layer_is_named(path: str, value: Any, pointer: str, fragment: str) -> None:
    problem = problem_of(changed(SEQUENTIAL, path, value))

    assert problem.pointer == f"/model/keras/config/layers{pointer}"
    assert fragment in problem.detail


WHOLE: list[tuple[Any, str, str]] = [
    (None, "", "expected one of `preset`"),
    (3, "/keras", "gives, received 3"),
    ([], "/keras", "gives, received []"),
    ({}, "/keras/class_name", "expected Sequential or Functional as `class_name`, received null"),
    (changed(SEQUENTIAL, "class_name", "MyModel"), "/keras/class_name", "expected Sequential or Functional"),
    (changed(SEQUENTIAL, "registered_name", "Custom>Sequential"), "/keras/registered_name", "is a custom class"),
    (changed(SEQUENTIAL, "module", "os"), "/keras/module", "is not Keras's"),
    (changed(SEQUENTIAL, "confg", {}), "/keras/confg", "unknown field `confg`"),
    (changed(SEQUENTIAL, "config", None), "/keras/config", "expected an object as `config`"),
    (changed(SEQUENTIAL, "config/layers", {}), "/keras/config/layers", "expected a list as `layers`"),
    (changed(SEQUENTIAL, "config/layers", []), "/keras/config/layers", "expected at least one layer"),
    (changed(SEQUENTIAL, "config/layers", [images()]), "/keras/config/layers", "expected at least one layer"),
    (
        changed(SEQUENTIAL, "config/layers", [1] * 10_000),
        "/keras/config/layers",
        "10,000 layers, which exceeds the limit",
    ),
    (changed(SEQUENTIAL, "config/trainable", False), "/keras", "every layer has `trainable: false`"),
    (changed(SEQUENTIAL, "config/dtype", "float16"), "/keras/config/dtype", "`training.precision` decides"),
    (changed(SEQUENTIAL, "build_config", [0] * 100_000), "/keras", "more values than the limit of 100,000"),
    (changed(SEQUENTIAL, "build_config", "x" * 2_000_000), "/keras", "bytes, which exceeds the limit of 2,000,000"),
    (changed(SEQUENTIAL, "build_config", math.nan), "/keras/build_config", "not finite or too large"),
    (changed(SEQUENTIAL, "build_config", 10**5000), "/keras/build_config", "not finite or too large"),
    (changed(SEQUENTIAL, "build_config", {1: 2}), "/keras/build_config", "keys must be strings"),
    (changed(SEQUENTIAL, "build_config", "\ud800"), "/keras", "an unpaired surrogate"),
    (changed(SEQUENTIAL, "build_config", {"a", "b"}), "/keras/build_config", "plain JSON value"),
]


@pytest.mark.parametrize(("document", "pointer", "fragment"), WHOLE)
def test_invalid_document_is_explained(document: Any, pointer: str, fragment: str) -> None:
    problem = problem_of(document)

    assert problem.pointer == f"/model{pointer}"
    assert fragment in problem.detail


def test_deep_documents_are_rejected() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"config": deep}

    assert "nested deeper" in problem_of(SEQUENTIAL | {"compile_config": deep}).detail
    while deep:
        deep = deep.pop("config", None)  # so that freeing it does not recurse
    assert "nested deeper" in problem_of('{"a":' * 1000 + "1" + "}" * 1000).detail


GRAPHS = [
    ("5/inbound_nodes/0/args/0/config/keras_history/0", "nobody", "unknown layer `nobody`"),
    ("5/inbound_nodes/0/args/0/config/keras_history/1", 1, "refers to call 1, output 0 of `sum`; expected 0 and 0"),
    ("5/inbound_nodes/0/args/0/config/keras_history", ["sum"], "expected [name of a layer, 0, 0]"),
    ("5/inbound_nodes/0/args/0", 3, "expected the output of another layer"),
    ("5/inbound_nodes/0/kwargs", {"initial_state": 1}, "call arguments are not supported"),
    ("5/inbound_nodes/0", 7, "expected an object with one argument"),
    ("5/inbound_nodes", [], "Dense `answer`: has no input"),
    ("5/inbound_nodes", [[]], "expected one input, received 0"),
    ("4/inbound_nodes", [[]], "expected at least two inputs, received 0"),
    ("5/inbound_nodes", None, "expected a list as `inbound_nodes`"),
    ("5/inbound_nodes", [{"args": [tensor("sum")]}] * 2, "is used 2 times; write it once for each use"),
    ("4/inbound_nodes/0/args", [tensor("left")], "Add `sum`: expected at least two inputs, received 1"),
    ("5/inbound_nodes/0/args/0", [tensor("sum")] * 2, "expected one input, received 2"),
    ("0/inbound_nodes", [{}], "because it is the input"),
    ("2/inbound_nodes/0/args/0", tensor("sum"), "a network must not have cycles"),
    ("2/inbound_nodes/0/args/0", tensor("left"), "a network must not have cycles"),
    ("2/config/units", 5, "Add `sum`: its inputs of shape 5 and 4 are incompatible"),
    ("2/name", "other", 'differs from the name of the entry, "other"'),
    ("4/inbound_nodes/0/args/0/1", tensor("left"), "Dense `right`: feeds no other layer"),
]


@pytest.mark.parametrize(("path", "value", "fragment"), GRAPHS)
def test_invalid_graph_is_explained(path: str, value: Any, fragment: str) -> None:
    problem = problem_of(changed(FUNCTIONAL, f"config/layers/{path}", value))

    assert problem.pointer.startswith("/model/keras/config/layers/")
    assert fragment in problem.detail


@pytest.mark.parametrize("ends", [None, [], [["images", 0, 0], ["flat", 0, 0]], ["sum", 0, 0], {"a": 1}, [[]]])
@pytest.mark.parametrize("name", ["input_layers", "output_layers"])
def test_one_input_and_one_output_are_required(name: str, ends: Any) -> None:
    assert problem_of(changed(FUNCTIONAL, f"config/{name}", ends)).pointer.startswith("/model/keras/config/")


def test_deep_tower_of_merges_is_read_quickly() -> None:
    tower = [behind(layer("Average", f"a{n}"), *[f"a{n - 1}" if n else "answer"] * 2) for n in range(190)]
    document = changed(FUNCTIONAL, "config/layers", [*FUNCTIONAL["config"]["layers"], *tower])
    document["config"]["output_layers"] = ["a189", 0, 0]
    start = time.monotonic()

    assert parse_spec({"model": {"keras": document}}).network.last_activation == "linear"
    assert time.monotonic() - start < 10


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[str]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [place for name, each in members for place in places(each, (*path, name))]
    return [*(["/".join(map(str, path))] if path else []), *below]


JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        3,
        10**30,
        1.5,
        math.nan,
        math.inf,
        "",
        "x",
        "Dense",
        [],
        [[]],
        [None],
        {},
        {"x": 1},
        [1, 2],
    ]
)
PLACES = [(document, path) for document in (SEQUENTIAL, FUNCTIONAL) for path in places(document)]


@given(st.sampled_from(PLACES), JUNK)
@settings(max_examples=examples(200), deadline=None, derandomize=True)
def test_any_value_is_accepted_or_explained(place: tuple[dict[str, Any], str], junk: Any) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        parse_spec({"model": {"keras": changed(*place, junk)}}).document()
    except SpecError as error:
        problems = error.problems

    assert all(problem.detail and problem.pointer.startswith("/model") for problem in problems)


CONFIG = SEQUENTIAL["config"]
MISPLACED: list[tuple[Any, str, str]] = [
    ({"model": SEQUENTIAL}, "/model", "this is a Keras document, as `model.to_json()` gives it; put it under `model.k"),
    (SEQUENTIAL, "", "this is a Keras document, as `model.to_json()` gives it; put it under `model.keras`"),
    ({"dataset": {"name": "digits"}, **SEQUENTIAL}, "", "put it under `model.keras`"),
    ({"model": json.dumps(SEQUENTIAL)}, "/model", "this is the text of a Keras document, as "),
    ({"model": {"model_config": SEQUENTIAL}}, "/model", "put its `model_config` under `model.keras`"),
    ({"model": {"modelTopology": {"model_config": SEQUENTIAL}}}, "/model", "this is a TensorFlow.js model.json"),
    ({"model": CONFIG}, "/model", "this is what `model.get_config()` gives, which is a part of a Keras document; send"),
    (CONFIG, "", "this is what `model.get_config()` gives"),
    ({"model": {"layers": CONFIG["layers"]}}, "/model", "send what `model.to_json()` gives under `model.keras`"),
    ({"model": {"keras": CONFIG}}, "/model/keras", "this is what `model.get_config()` gives"),
]


@pytest.mark.parametrize(("document", "pointer", "sentence"), MISPLACED, ids=range(len(MISPLACED)))
def test_misplaced_document_is_told_its_place(document: Any, pointer: str, sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(document)

    (problem,) = caught.value.problems
    assert problem.pointer == pointer
    assert sentence in problem.detail
