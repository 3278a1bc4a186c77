from pathlib import Path

import pytest

from models_store.models.pins import Pin, Pins
from models_store.models.promotions import MAX_PROMOTIONS, Promotion, Promotions, Reason


@pytest.fixture
def promotions(tmp_path: Path) -> Promotions:
    return Promotions(tmp_path)


def promotion(experiment_id: str, reason: Reason = "best", dataset: str = "digits") -> Promotion:
    return Promotion(dataset=dataset, reason=reason, experiment_id=experiment_id, name=f"name of {experiment_id}")


def test_promotions_are_kept_in_order(promotions: Promotions, tmp_path: Path) -> None:
    for each in (promotion("a"), promotion("b"), promotion("a", "pinned"), promotion("c", dataset="mnist")):
        assert promotions.add(each)
    elsewhere = Promotions(tmp_path)
    assert [(each.experiment_id, each.reason) for each in elsewhere.read("digits")] == [
        ("a", "best"),
        ("b", "best"),
        ("a", "pinned"),
    ]
    assert [each.experiment_id for each in elsewhere.read_all()] == ["a", "b", "a", "c"]
    assert elsewhere.read("blobs") == []


def test_promotion_of_another_process_is_kept_once(promotions: Promotions, tmp_path: Path) -> None:
    assert promotions.add(promotion("a"))
    assert not Promotions(tmp_path).add(promotion("a"))
    assert len(promotions.read("digits")) == 1


def test_oldest_promotions_go(promotions: Promotions) -> None:
    for number in range(MAX_PROMOTIONS + 3):
        promotions.add(promotion(str(number)))
    kept = [each.experiment_id for each in promotions.read("digits")]
    assert (len(kept), kept[0], kept[-1]) == (MAX_PROMOTIONS, "3", str(MAX_PROMOTIONS + 2))


def test_unreadable_line_is_left_out(promotions: Promotions, tmp_path: Path) -> None:
    promotions.add(promotion("a"))
    [file] = tmp_path.glob("*.jsonl")
    file.write_bytes(b'{"dataset": "digits"}\n\x00noise\n' + file.read_bytes())
    assert [each.experiment_id for each in promotions.read("digits")] == ["a"]
    promotions.add(promotion("b"))
    assert [each.experiment_id for each in promotions.read("digits")] == ["a", "b"]


def test_promotions_are_no_pins(promotions: Promotions, tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    pins.put(Pin(dataset="digits", experiment_id="a"))
    promotions.add(promotion("a", "pinned"))
    assert list(pins.read()) == ["digits"]
