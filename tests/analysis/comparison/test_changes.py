import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.comparison.changes import changes

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
    return [change.operation() for change in changes(before, after)]


def applied(document: Any, patch: list[dict[str, Any]]) -> Any:
    """RFC 6902, the operations that we write."""
    whole = {"": copy.deepcopy(document)}
    for operation in patch:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")]
        holder: Any = whole
        for part in parts[:-1]:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        last = parts[-1]
        if isinstance(holder, list):
            place = int(last)
            assert 0 <= place < len(holder) + (operation["op"] == "add")
            if operation["op"] == "add":
                holder.insert(place, operation["value"])
            elif operation["op"] == "remove":
                del holder[place]
            else:
                holder[place] = operation["value"]
            continue
        assert (last in holder) == (operation["op"] != "add")
        if operation["op"] == "remove":
            del holder[last]
        else:
            holder[last] = operation["value"]
    return whole[""]


def written(document: Any) -> str:
    return json.dumps(document, sort_keys=True)


@given(documents, documents)
def test_the_patch_makes_the_second_document_of_the_first(before: Any, after: Any) -> None:
    patch = json.loads(json.dumps(json_patch(before, after)))

    assert written(applied(before, patch)) == written(after)
    assert (patch == []) == (written(before) == written(after))


@pytest.mark.parametrize(("old", "new"), [(200, 250), (250, 200)])
def test_lists_too_long_to_be_matched_are_compared_place_by_place(old: int, new: int) -> None:
    before = [{**CONV, "filters": place} for place in range(old)]
    after = [DROPOUT, *({**CONV, "filters": -place} for place in range(1, new))]

    patch = json_patch(before, after)

    assert written(applied(before, patch)) == written(after)
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
def test_the_patch_is_what_a_person_would_have_edited(before: Any, after: Any, expected: list[dict[str, Any]]) -> None:
    patch = json_patch(before, after)

    assert patch == expected
    assert written(patch) == written(expected)


def test_a_change_knows_what_stood_there() -> None:
    [change] = changes({"training": {"epochs": 5}}, {"training": {"epochs": 12}})

    assert change.path == ("training", "epochs")
    assert (change.before, change.after) == (5, 12)
