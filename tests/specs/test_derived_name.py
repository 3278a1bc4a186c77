from typing import Any

import pytest

from specs import limits
from specs.derived_name import derived_name, reproduced_name, seed_name, without_seed
from specs.experiment import parse_spec
from specs.merge_patch import merge_patch

BASE = {"name": "first", "dataset": {"name": "mnist"}, "model": {"preset": "mnist-dnn"}}
LAYERS = [{"type": "Flatten"}, {"type": "Dense"}]


def name_after(change: dict[str, Any], name: str = "first") -> str:
    before = parse_spec(BASE).document()
    return derived_name(name, before, parse_spec(merge_patch(before, change)).document())


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({}, "repeated"),
        ({"notes": "why", "tags": ["a"]}, "repeated"),
        ({"training": {"epochs": 20}}, "epochs 20"),
        ({"training": {"seed": 3, "epochs": 20}}, "epochs 20, seed 3"),
        ({"training": {"optimizer": {"learning_rate": 0.0003}}}, "learning_rate 0.0003"),
        (
            {"training": {"optimizer": {"learning_rate": {"type": "OneCycle", "max_learning_rate": 0.01}}}},
            "learning_rate OneCycle",
        ),
        ({"training": {"optimizer": None}}, "repeated"),
        ({"training": {"optimizer": "RMSprop"}}, "optimizer RMSprop"),
        ({"training": {"early_stopping": {"patience": 3}}}, "early_stopping"),
        ({"training": {"class_weight": "balanced"}}, "class_weight balanced"),
        ({"preprocessing": {"scale": "none"}}, "scale none"),
        ({"augmentation": {"layers": [{"type": "RandomRotation", "factor": 0.1}]}}, "augmentation"),
        ({"model": {"preset": None, "layers": LAYERS}}, "layers"),
        (
            {"model": {"preset": "mnist-cnn"}, "training": {"epochs": 9, "keep": "last"}},
            "preset mnist-cnn, epochs 9, …",
        ),
        ({"dataset": {"limit_per_class": 50}}, "limit_per_class 50"),
        ({"dataset": {"classes": ["4", "9"]}}, "classes"),
    ],
)
def test_name_says_what_changes(change: dict[str, Any], what: str) -> None:
    name = name_after(change)
    assert name.startswith("first · ")
    assert set(name.removeprefix("first · ").split(", ")) == set(what.split(", "))


def test_part_that_is_taken_away_is_named() -> None:
    before = parse_spec({**BASE, "augmentation": {"layers": [{"type": "RandomRotation", "factor": 0.1}]}}).document()
    assert derived_name("a", before, parse_spec(BASE).document()) == "a · no augmentation"


def test_continuation_says_so() -> None:
    before = parse_spec(BASE).document()
    change = {"continue_from": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "training": {"epochs": 90}}
    after = parse_spec(merge_patch(before, change)).document()
    assert derived_name("first", before, after) == "first · continued, epochs 90"


def test_added_datasets_are_named() -> None:
    before = parse_spec(BASE).document()
    after = {**before, "dataset": {**before["dataset"], "add": [{"name": "mnist-corrections"}]}}
    assert derived_name("first", before, after) == "first · add mnist-corrections"


def test_names_do_not_grow_from_step_to_step() -> None:
    before = parse_spec({**BASE, "based_on": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"}).document()
    after = parse_spec(merge_patch(before, {"training": {"epochs": 20}})).document()
    assert derived_name("first · epochs 10", before, after) == "first · epochs 20"


def test_name_that_somebody_gave_stays_whole() -> None:
    assert name_after({"training": {"epochs": 20}}, "MNIST · baseline") == "MNIST · baseline · epochs 20"


@pytest.mark.parametrize("label", ["1", "x" * 96])
def test_labels_of_classes_are_no_words_of_a_name(label: str) -> None:
    before, after = ({**BASE, "training": {"class_weight": {label: weight}}} for weight in (1.0, 2.0))
    assert derived_name("first", before, after) == "first · class_weight"


def test_long_words_are_shortened() -> None:
    before = parse_spec(BASE).document()
    added = [{"name": "x" * 60}, {"name": "y" * 60}]
    training = {**before["training"], "epochs": 3}
    after = {**before, "dataset": {**before["dataset"], "add": added}, "training": training}
    name = derived_name("n" * limits.NAME_CHARACTERS, before, after)
    assert len(name) == limits.NAME_CHARACTERS
    assert name.startswith("n" * 20)


def test_fewer_devices_are_named() -> None:
    before = parse_spec({**BASE, "training": {"devices": 2}}).document()
    assert derived_name("first", before, parse_spec(BASE).document()) == "first · devices 1"


def test_long_name_stays_within_the_limit() -> None:
    name = name_after({"training": {"epochs": 20}}, "x" * limits.NAME_CHARACTERS)
    assert len(name) == limits.NAME_CHARACTERS
    assert name.endswith("x · epochs 20")


def test_repeats_are_told_apart_by_their_seeds() -> None:
    assert seed_name("first · epochs 20", 4) == "first · epochs 20 · seed 4"
    assert without_seed("first · seed 4", 4) == "first"
    assert without_seed("first", 4) == "first"


def test_reproduced_name_says_so_once() -> None:
    assert reproduced_name("first · epochs 20") == "first · epochs 20 · reproduced"
    assert reproduced_name("first · reproduced") == "first · reproduced"
    longest = "n" * limits.NAME_CHARACTERS
    assert len(reproduced_name(longest)) == limits.NAME_CHARACTERS
    assert parse_spec({**BASE, "name": reproduced_name(longest)}).name.endswith("nn · reproduced")
