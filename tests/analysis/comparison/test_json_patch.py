import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.comparison.json_patch import diff

CONV: dict[str, Any] = {"type": "Conv2D", "filters": 32}
POOL: dict[str, Any] = {"type": "MaxPooling2D"}
DROPOUT: dict[str, Any] = {"type": "Dropout", "rate": 0.5}
DENSE: dict[str, Any] = {"type": "Dense", "units": 10}

scalars = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, -0.0]) | st.text("a~/0", max_size=2)
)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["type", "a", "a/b", "~", "", "0"]), inner)
    ),
    max_leaves=25,
)


def json_patch(before: Any, after: Any) -> list[dict[str, Any]]:
    return [change.operation().model_dump() for change in diff(before, after)]


def apply(document: Any, patch: list[dict[str, Any]]) -> Any:
    """RFC 6902, the operations that `diff` uses."""
    whole = {"": copy.deepcopy(document)}
    for operation in patch:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")]
        holder: Any = whole
        for part in parts[:-1]:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        last = parts[-1]
        if isinstance(holder, list):
            index = int(last)
            assert 0 <= index < len(holder) + (operation["op"] == "add")
            if operation["op"] == "add":
                holder.insert(index, operation["value"])
            elif operation["op"] == "remove":
                del holder[index]
            else:
                holder[index] = operation["value"]
            continue
        assert (last in holder) == (operation["op"] != "add")
        if operation["op"] == "remove":
            del holder[last]
        else:
            holder[last] = operation["value"]
    return whole[""]


def text_of(document: Any) -> str:
    return json.dumps(document, sort_keys=True)


@given(documents, documents)
def test_patch_leads_to_the_second_document(before: Any, after: Any) -> None:
    patch = json.loads(json.dumps(json_patch(before, after)))

    assert text_of(apply(before, patch)) == text_of(after)
    assert (patch == []) == (text_of(before) == text_of(after))


@pytest.mark.parametrize(("old", "new"), [(200, 250), (250, 200)])
def test_very_long_lists_are_compared_by_index(old: int, new: int) -> None:
    before = [{**CONV, "filters": index} for index in range(old)]
    after = [DROPOUT, *({**CONV, "filters": -index} for index in range(1, new))]

    patch = json_patch(before, after)

    assert text_of(apply(before, patch)) == text_of(after)
    assert [operation["op"] for operation in patch] == ["replace"] * 200 + ["add" if new > old else "remove"] * 50


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([CONV, POOL, DENSE], [CONV, POOL, DROPOUT, DENSE], [{"op": "add", "path": "/2", "value": DROPOUT}]),
        ([CONV, DROPOUT, DENSE], [CONV, DENSE], [{"op": "remove", "path": "/1"}]),
        (
            [CONV, {**CONV, "filters": 64}, DENSE],
            [{**CONV, "filters": 16}, DROPOUT, {**CONV, "filters": 24}, DENSE],
            [
                {"op": "replace", "path": "/0/filters", "value": 16},
                {"op": "add", "path": "/1", "value": DROPOUT},
                {"op": "replace", "path": "/2/filters", "value": 24},
            ],
        ),
        ([CONV, POOL], [CONV, DROPOUT], [{"op": "replace", "path": "/1", "value": DROPOUT}]),
        (
            [DROPOUT, CONV, DENSE],
            [CONV, POOL, DENSE],
            [{"op": "remove", "path": "/0"}, {"op": "add", "path": "/1", "value": POOL}],
        ),
        ({"a": 1}, {"a": True}, [{"op": "replace", "path": "/a", "value": True}]),
        ({"a": None}, {}, [{"op": "remove", "path": "/a"}]),
        ({}, {"a/~b": None}, [{"op": "add", "path": "/a~1~0b", "value": None}]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [{"op": "replace", "path": "/a/1", "value": 3}]),
        (
            {"optimizer": {"type": "SGD", "momentum": 0.9}},
            {"optimizer": {"type": "Adam"}},
            [{"op": "replace", "path": "/optimizer", "value": {"type": "Adam"}}],
        ),
    ],
)
def test_patch_is_minimal_and_aligns_layers(before: Any, after: Any, expected: list[dict[str, Any]]) -> None:
    patch = json_patch(before, after)

    assert patch == expected
    assert text_of(patch) == text_of(expected)


def test_change_has_the_value_before_and_after() -> None:
    [change] = diff({"training": {"epochs": 5}}, {"training": {"epochs": 12}})

    assert change.path == ("training", "epochs")
    assert (change.before, change.after) == (5, 12)
