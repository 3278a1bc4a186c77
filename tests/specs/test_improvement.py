from typing import Any

import pytest

from specs.dataset import DATASETS
from specs.errors import SpecError
from specs.experiment import parse_spec
from specs.improvement import parse_improvement, pointing_at_wishes

ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
KNOWN = {**DATASETS, "digits-corrections": DATASETS["mnist"]}
STORED: dict[str, Any] = {
    "name": "digits-small",
    "notes": "as before",
    "continue_from": "01K6W4Q2M7N8P9R0S1T2V3W4X5",
    "dataset": {"name": "digits", "split": {"seed": 7}},
    "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
    "training": {"epochs": 30, "batch_size": 64, "optimizer": {"type": "SGD", "learning_rate": 0.5, "momentum": 0.9}},
}


def fine_tuned(wanted: dict[str, Any] | None = None, **stored: Any) -> dict[str, Any]:
    spec = parse_improvement(wanted or {}, KNOWN)
    return spec.document({**STORED, **stored}, ID, "digits-corrections", KNOWN)


def test_improvement_keeps_all_but_what_tunes() -> None:
    document, before = fine_tuned(), parse_spec(STORED).document()

    assert parse_spec(document, KNOWN).document() == document
    assert (document["name"], document["based_on"], document["continue_from"]) == ("digits-small · improved", ID, None)
    assert document["model"] == {**before["model"], "weights_from": ID}
    assert document["dataset"].pop("add") == [{"name": "digits-corrections", "limit_per_class": None}]
    assert document["dataset"] == {name: each for name, each in before["dataset"].items() if name != "add"}
    training = document["training"]
    assert (training["epochs"], training["optimizer"]["learning_rate"]) == (6, 0.05)
    for each in ("preprocessing", "augmentation", "notes"):
        assert document[each] == before[each]


def test_improvement_of_an_improvement_has_one_suffix() -> None:
    assert fine_tuned(name="digits-small · improved")["name"] == "digits-small · improved"


@pytest.mark.parametrize(("epochs", "expected"), [(1, 1), (3, 3), (10, 3), (100, 20)])
def test_epochs_are_a_fifth_and_at_least_three(epochs: int, expected: int) -> None:
    assert fine_tuned(training={"epochs": epochs})["training"]["epochs"] == expected


def test_schedule_becomes_a_tenth_of_its_peak() -> None:
    schedule = {"type": "CosineDecay", "initial_learning_rate": 0.0, "warmup_target": 0.2, "warmup_epochs": 1}

    found = fine_tuned(training={"optimizer": {"type": "Adam", "learning_rate": schedule}})

    assert found["training"]["optimizer"]["learning_rate"] == pytest.approx(0.02)


def test_added_datasets_stay_unless_deleted() -> None:
    added = [{"name": "mnist", "limit_per_class": 5}, {"name": "gone"}, "digits-corrections"]
    stored = {"name": "digits", "add": [each if isinstance(each, dict) else {"name": each} for each in added]}

    names = [(each["name"], each.get("limit_per_class")) for each in fine_tuned(dataset=stored)["dataset"]["add"]]

    assert names == [("mnist", 5), ("digits-corrections", None)]


def test_corrections_need_a_place_among_the_added() -> None:
    names = [f"added-{number}" for number in range(8)]
    known = {**KNOWN, **dict.fromkeys(names, DATASETS["mnist"])}

    def document(*added: str) -> dict[str, Any]:
        stored = {**STORED, "dataset": {"name": "digits", "add": [{"name": each} for each in added]}}
        return parse_improvement({}, known).document(stored, ID, "digits-corrections", known)

    assert len(document(*names[1:], "digits-corrections")["dataset"]["add"]) == 8
    with pytest.raises(SpecError) as caught:
        document(*names)

    [problem] = caught.value.problems
    assert problem.pointer == "/add"
    assert "trained on 8 added datasets (added-0, added-1" in problem.detail
    assert '{"add": ["digits-corrections", ...]}' in problem.detail


def test_wishes_come_first() -> None:
    wanted = {"add": ["mnist"], "epochs": 2, "learning_rate": 0.001}

    found = fine_tuned(wanted)

    assert found["dataset"]["add"] == [{"name": "mnist", "limit_per_class": None}]
    assert (found["training"]["epochs"], found["training"]["optimizer"]["learning_rate"]) == (2, 0.001)


def test_rejection_points_at_the_wish() -> None:
    wanted = parse_improvement({"add": ["digits"]})

    with pytest.raises(SpecError) as caught, pointing_at_wishes(wanted):
        parse_spec(wanted.document(STORED, ID, "digits-corrections", KNOWN), KNOWN)

    assert [each.pointer for each in caught.value.problems] == ["/add/0/name"]


@pytest.mark.parametrize("wanted", [{"epochs": 0}, {"add": []}, {"learning_rate": 0}, {"promote": "now"}, {"by": 1}])
def test_unfit_wish_is_rejected(wanted: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        parse_improvement(wanted)
