import math
from pathlib import Path

import pytest
import tensorflow as tf

from analysis.tensorboard.event_file import event_file, markdown, plugin_data, scalars
from tests.support.event_files import read_events

START = 1_700_000_000.25


def written(folder: Path, *events: bytes) -> Path:
    file = folder / "events.out.tfevents.1700000000.test"
    file.write_bytes(event_file(START, events))
    return file


def test_tensorflow_reads_the_file(tmp_path: Path) -> None:
    values = {"epoch_loss": 0.1, "epoch_정확도": -3e38, "zero": 0.0}
    file = written(tmp_path, scalars(START + 1, 0, values), scalars(START + 2, 300_000, {"epoch_loss": 1e-40}))

    first, second, third = read_events(file)

    assert (first.wall_time, first.file_version) == (START, "brain.Event:2")
    assert (second.wall_time, second.step, third.wall_time, third.step) == (START + 1, 0, START + 2, 300_000)
    found = {each.tag: each.simple_value for each in second.summary.value}
    assert found == {tag: pytest.approx(value, rel=1e-6) for tag, value in values.items()}
    assert third.summary.value[0].simple_value == pytest.approx(1e-40, rel=1e-4)


def test_values_beyond_float32_are_infinite(tmp_path: Path) -> None:
    values = {"nan": math.nan, "inf": math.inf, "large": 1e300, "small": -1e300}

    *_, event = read_events(written(tmp_path, scalars(START, 0, values)))

    found = {each.tag: each.simple_value for each in event.summary.value}
    assert math.isnan(found.pop("nan"))
    assert found == {"inf": math.inf, "large": math.inf, "small": -math.inf}


def test_text_and_data_of_plugins_are_tensors(tmp_path: Path) -> None:
    file = written(
        tmp_path, markdown(START, "spec", "네트워크\ud800 " * 40), plugin_data(START, "tag", "hparams", b"\x00\xff")
    )

    _, text, data = (event for event in read_events(file))

    [value] = text.summary.value
    assert (value.tag, value.metadata.plugin_data.plugin_name) == ("spec", "text")
    assert tf.make_ndarray(value.tensor).item() == ("네트워크? " * 40).encode()
    [value] = data.summary.value
    assert (value.metadata.plugin_data.plugin_name, value.metadata.plugin_data.content) == ("hparams", b"\x00\xff")
    assert tf.make_ndarray(value.tensor).shape == (0,)


def test_altered_file_is_not_read(tmp_path: Path) -> None:
    """The checksums are those that TensorFlow computes: it reads no record that differs by one bit."""
    file = written(tmp_path, scalars(START, 0, {"epoch_loss": 0.5}))
    content = bytearray(file.read_bytes())
    content[-6] ^= 1
    file.write_bytes(content)

    with pytest.raises(tf.errors.DataLossError):
        read_events(file)
