from collections.abc import Callable
from pathlib import Path

import pytest

from models_store.errors import Damaged, InvalidState, NotFound
from models_store.experiments.record import Record
from models_store.files import TEMPORARY_SUFFIX
from models_store.models.pins import Pin, Pins
from models_store.store import Store

Succeed = Callable[..., Record]


@pytest.fixture
def pins(tmp_path: Path) -> Pins:
    pins = Pins(tmp_path / "serving")
    pins.prepare()
    return pins


def pinned(pins: Pins) -> dict[str, str]:
    return {dataset: pin.experiment_id for dataset, pin in pins.read().items() if isinstance(pin, Pin)}


def test_last_pin_of_dataset_holds_until_removed(pins: Pins) -> None:
    pins.put(Pin(dataset="digits", experiment_id="a"))
    pins.put(Pin(dataset="mnist", experiment_id="a"))
    pins.put(Pin(dataset="digits", experiment_id="b"))
    elsewhere = Pins(pins.folder)
    assert pinned(elsewhere) == {"digits": "b", "mnist": "a"}

    pins.remove("digits")
    pins.remove("digits")

    assert pinned(elsewhere) == {"mnist": "a"}
    assert sorted(path.name for path in pins.folder.iterdir()) == [".lock", "mnist.json"]


def test_pins_of_one_experiment_are_removed(pins: Pins) -> None:
    for dataset, experiment_id in (("digits", "a"), ("mnist", "b"), ("blobs", "a")):
        pins.put(Pin(dataset=dataset, experiment_id=experiment_id))
    assert pins.datasets_of("a") == ["blobs", "digits"]

    pins.remove_all("a")

    assert pinned(pins) == {"mnist": "b"}


@pytest.mark.parametrize("content", [b"", b"{}", b'{"dataset": "digits"', b"\x00noise"])
def test_damaged_pin_is_reported_alone(pins: Pins, content: bytes) -> None:
    pins.put(Pin(dataset="mnist", experiment_id="b"))
    (pins.folder / "digits.json").write_bytes(content)
    (pins.folder / f".digits.json.1{TEMPORARY_SUFFIX}").write_bytes(b"half")

    read = pins.read()

    assert set(read) == {"digits", "mnist"}
    assert isinstance(read["digits"], Damaged)
    assert "PUT /models/serving/digits" in str(read["digits"])
    assert pinned(pins) == {"mnist": "b"}


def test_unsuitable_experiment_is_not_pinned(store: Store, succeed: Succeed, queued: Record) -> None:
    record = succeed()
    with pytest.raises(InvalidState, match="was trained on digits, so it cannot serve mnist"):
        store.models.pin("mnist", record.id)
    with pytest.raises(InvalidState, match="is queued: only a succeeded one can serve"):
        store.models.pin("digits", queued.id)
    with pytest.raises(NotFound):
        store.models.pin("digits", "01J00000000000000000000000")
    assert store.models.pins() == {}

    pin = store.models.pin("digits", record.id)

    assert store.models.pins() == {"digits": pin}
    store.models.unpin("digits")
    assert store.models.pins() == {}
