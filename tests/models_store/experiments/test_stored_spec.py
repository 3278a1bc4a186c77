import pytest

from models_store.errors import Damaged
from models_store.experiments.stored_spec import StoredSchedule, StoredSpec
from specs.dataset import DATASETS
from specs.errors import SpecError
from specs.experiment import parse_spec
from specs.presets import PRESETS


def test_stored_spec_is_its_document_and_parses_again() -> None:
    spec = parse_spec(PRESETS["digits-cnn"].spec)
    stored = StoredSpec.of(spec)

    assert stored.parse(DATASETS) == spec
    assert StoredSpec.model_validate_json(stored.model_dump_json()).document == spec.document()


def test_fields_are_those_of_the_spec() -> None:
    rate = {"type": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 9}
    document = {
        "notes": "a note",
        "dataset": {"name": "digits", "classes": ["3", "8"]},
        "model": {"preset": "digits-cnn", "weights_from": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"},
        "training": {"epochs": 7, "max_minutes": 2, "optimizer": {"type": "Adam", "learning_rate": rate}},
    }
    stored = StoredSpec.of(parse_spec(document))

    assert stored.notes == "a note"
    assert (stored.dataset.name, stored.dataset.classes) == ("digits", ("3", "8"))
    assert stored.model.weights_from == "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
    assert (stored.training.epochs, stored.training.max_minutes) == (7, 2)
    assert stored.training.optimizer.learning_rate == StoredSchedule(type="CosineDecay")


def test_unknown_fields_are_ignored() -> None:
    stored = StoredSpec({"color": "red", "dataset": {"name": "gone"}, "training": {"epochs": 3, "tempo": "fast"}})

    assert (stored.dataset.name, stored.training.epochs) == ("gone", 3)
    with pytest.raises(SpecError):
        stored.parse(DATASETS)


def test_empty_spec_is_false_and_has_no_fields() -> None:
    empty = StoredSpec({})

    assert not empty
    assert (empty.notes, empty.dataset.classes, empty.training.epochs) == ("", None, None)


def test_field_of_another_type_is_damage() -> None:
    with pytest.raises(Damaged, match=r"the stored spec does not parse: training.epochs"):
        _ = StoredSpec({"training": {"epochs": "many"}}).training
