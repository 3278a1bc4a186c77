from typing import Any

import pytest

from specs.merge_patch import merge_difference, merge_patch

# The test cases of RFC 7396, appendix A: original, patch, result.
CASES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("document", "patch", "result"), CASES)
def test_examples_of_rfc_7396(document: Any, patch: Any, result: Any) -> None:
    assert merge_patch(document, patch) == result


def test_patched_document_is_not_modified() -> None:
    document = {"a": {"b": 1, "c": 2}}
    assert merge_patch(document, {"a": {"b": None}}) == {"a": {"c": 2}}
    assert document == {"a": {"b": 1, "c": 2}}


def test_difference_is_written_in_few_words() -> None:
    before = {"a": 1, "b": {"type": "x", "p": 1, "q": 2}, "c": None, "d": 4, "e": 5}
    after = {"a": 1, "b": {"type": "y", "q": 2, "r": 0}, "c": {"f": 1, "g": 2}, "d": 0, "e": [{"h": 0}]}
    patch = merge_difference(before, after, {"a": 1, "b": {"type": "y"}, "c": {"f": 1}, "e": [{}]})
    assert patch == {"b": {"type": "y", "p": None, "r": None}, "c": {"f": 1}, "d": None, "e": [{}]}
    assert merge_patch(before, patch) == {"a": 1, "b": {"type": "y", "q": 2}, "c": {"f": 1}, "e": [{}]}
    assert merge_difference(after, after, {}) == {}
