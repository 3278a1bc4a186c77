"""Keras documents with members removed or replaced: each gives a spec, or problems with pointers."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs import limits
from specs.errors import SpecError
from specs.experiment import parse_spec
from specs.keras_document import read_keras_model
from specs.problem import Problem
from specs.schema import FieldErrors
from tests.specs.test_keras_document_rejections import FUNCTIONAL, SEQUENTIAL, behind, images, layer, tensor


def operation(class_name: str, name: str, args: list[Any], **config: Any) -> dict[str, Any]:
    entry = {"module": "keras.ops", "class_name": class_name, "config": {"name": name, **config}, "name": name}
    return {**entry, "registered_name": class_name, "inbound_nodes": [{"args": args, "kwargs": {}}]}


def functional(*entries: dict[str, Any]) -> dict[str, Any]:
    """From its first entry to its last one."""
    ends = [[each["config"]["name"], 0, 0] for each in (entries[0], entries[-1])]
    config = {"name": "model", "layers": [*entries], "input_layers": [ends[0]], "output_layers": [ends[1]]}
    return {"module": "keras", "class_name": "Functional", "config": config, "registered_name": "Functional"}


def inner(name: str, document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "config": {**document["config"], "name": name}}


WITH_OPERATIONS = functional(
    behind(images()),
    operation("Add", "plus", [tensor("images"), 3.0]),
    operation("ReLU", "relu", [tensor("plus")], negative_slope=0.0, max_value=6.0, threshold=0.0),
    operation("Multiply", "both", [tensor("relu"), tensor("plus")]),
    behind(
        layer(
            "Conv2D",
            "grouped",
            filters=1,
            kernel_size=[3, 3],
            groups=1,
            activation={"module": "keras.layers", "class_name": "LeakyReLU", "config": {"negative_slope": 0.1}},
            kernel_initializer={"module": "keras.initializers", "class_name": "HeNormal", "config": {"seed": None}},
            kernel_regularizer={"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.01}},
        ),
        "both",
    ),
    behind(layer("LayerScale", "scaled", init_values=1e-6, projection_dim=1), "grouped"),
    behind(layer("CustomScaleLayer", "sum", scale=0.2), "grouped", "scaled"),
    behind(layer("StochasticDepth", "dropped", drop_path_rate=0.1), "sum"),
    behind(layer("Flatten", "flat"), "dropped"),
    behind(layer("Dense", "answer", units=10), "flat"),
)
LAST = SEQUENTIAL["config"]["layers"][-1]
NESTED = functional(
    behind(images("pixels")),
    behind(
        inner("features", functional(behind(images()), behind(layer("Flatten", "flat"), "images"))),
        "pixels",
    ),
    behind(inner("head", {**SEQUENTIAL, "config": {"layers": [LAST]}}), "features"),
)
KERAS_2 = {
    "class_name": "Functional",
    "keras_version": "2.15.0",
    "config": {
        "layers": [
            {**images(), "name": "images", "inbound_nodes": []},
            {
                "class_name": "TFOpLambda",
                "name": "plus",
                "config": {"name": "plus", "function": "math.add"},
                "inbound_nodes": [["images", 0, 0, {"y": 3.0, "name": None}]],
            },
            {**layer("Flatten", "flat"), "name": "flat", "inbound_nodes": [[["plus", 0, 0, {}]]]},
            {**layer("Dense", "answer", units=10), "name": "answer", "inbound_nodes": [[["flat", 0, 0, {}]]]},
        ],
        "input_layers": [["images", 0, 0]],
        "output_layers": [["answer", 0, 0]],
    },
}
DOCUMENTS = {
    "sequential": SEQUENTIAL,
    "functional": FUNCTIONAL,
    "operations": WITH_OPERATIONS,
    "nested": NESTED,
    "keras 2": KERAS_2,
}
JUNK: list[Any] = [None, True, -1, 0, 1.5, "", "x", "Dense", [], [[]], {}, {"class_name": "ReLU"}, {"config": {}}]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all members, deeper ones later."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for name, inside in members for each in ((*path, name), *places(inside, (*path, name)))]


PLACES = [(name, path) for name, document in DOCUMENTS.items() for path in places(document)]


def damaged(document: dict[str, Any], path: tuple[Any, ...], junk: Any, *, removed: bool) -> dict[str, Any]:
    """Unchanged where an earlier change has taken the place away."""
    document = copy.deepcopy(document)
    place: Any = document
    for part in path[:-1]:
        inside = isinstance(place, dict) and part in place
        if not inside and not (isinstance(place, list) and isinstance(part, int) and part < len(place)):
            return document
        place = place[part]
    if isinstance(place, dict):
        place.pop(path[-1], None) if removed else place.update({path[-1]: junk})
    elif isinstance(place, list) and isinstance(path[-1], int) and path[-1] < len(place):
        place[path[-1] : path[-1] + 1] = [] if removed else [junk]
    return document


def problems_of(document: Any) -> tuple[Problem, ...]:
    try:
        parse_spec({"model": {"keras": document}}).document()
    except SpecError as error:
        return error.problems
    return ()


def assert_explained(document: Any) -> None:
    problems = problems_of(document)
    assert all(problem.detail and problem.pointer.startswith("/model/keras") for problem in problems), problems


@pytest.mark.parametrize("name", DOCUMENTS)
def test_whole_documents_are_accepted(name: str) -> None:
    assert problems_of(DOCUMENTS[name]) == ()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_without_any_one_member_is_explained(name: str) -> None:
    for path in places(DOCUMENTS[name]):
        assert_explained(damaged(DOCUMENTS[name], path, None, removed=True))


@given(
    st.sampled_from(sorted(DOCUMENTS)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.lists(
                st.tuples(st.sampled_from(places(DOCUMENTS[name])), st.sampled_from(JUNK), st.booleans()),
                min_size=1,
                max_size=4,
            ),
        )
    )
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_documents_with_several_faults_are_explained(case: tuple[str, list[tuple[Any, Any, bool]]]) -> None:
    name, changes = case
    document = DOCUMENTS[name]
    for path, junk, removed in changes:
        document = damaged(document, path, junk, removed=removed)
    assert_explained(document)


@pytest.mark.parametrize(
    "layers",
    [
        [layer("Dense", "answer", **{f"unit_{index}": 0 for index in range(1_000)})],
        [layer("Dense", f"layer_{index}", unit=10, activation="reluu") for index in range(500)],
        [layer(f"Dens{index}", f"layer_{index}") for index in range(500)],
    ],
    ids=["one layer", "many layers", "many classes"],
)
def test_reading_stops_at_limit_of_problems(layers: list[dict[str, Any]]) -> None:
    with pytest.raises(FieldErrors) as caught:
        read_keras_model({"class_name": "Sequential", "config": {"layers": layers}})

    assert len(caught.value.errors) == limits.PROBLEMS


def test_nested_model_does_not_lend_reserved_prefix() -> None:
    model = inner("trainyard", functional(behind(images()), behind(layer("Flatten", "flat"), "images")))
    document = functional(
        behind(images("pixels")),
        behind(model, "pixels"),
        behind(layer("Flatten", "flat"), "trainyard"),
        behind(layer("Dense", "answer", units=10), "flat"),
    )
    [problem] = problems_of(document)

    assert problem.pointer == "/model/keras/config/layers/1/config/name"
    assert "`trainyard` and names that start with `trainyard_` are reserved" in problem.detail
