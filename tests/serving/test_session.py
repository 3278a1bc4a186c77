import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from serving.session import Session, SessionError, apply_temperature
from tests.support.published import IMAGE_SHAPE, bright_column_network, quadrant_network

ROOT = Path(__file__).parents[2]
IMAGES = np.random.default_rng(0).integers(0, 256, (5, *IMAGE_SHAPE), dtype=np.uint8)


def test_runtime_tells_nobody_of_its_use(tmp_path: Path) -> None:
    """It keeps what it is about to send in the folder of its user, unless it sees that it is tested."""
    (tmp_path / "model.onnx").write_bytes(bright_column_network())
    program = "import sys; from pathlib import Path; from serving.session import Session; Session(Path(sys.argv[1]))"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "model.onnx")], env=environment, check=True)
    assert [each.name for each in tmp_path.iterdir()] == ["model.onnx"]


def test_session_of_bytes_and_of_a_file_agree(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(bright_column_network())

    probabilities = Session(bright_column_network()).probabilities(IMAGES)

    assert np.array_equal(Session(path, "image", threads=1).probabilities(IMAGES), probabilities)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (5, 10)


def test_input_name_is_that_of_the_network() -> None:
    assert Session(quadrant_network()).input_name == "image"


def test_probabilities_are_calibrated() -> None:
    session = Session(bright_column_network(), temperature=3.0)
    logits = np.log(session.uncalibrated(IMAGES)) / 3
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert session.probabilities(IMAGES) == pytest.approx(expected, abs=1e-6)


def test_temperature_of_one_changes_nothing() -> None:
    probabilities = Session(bright_column_network()).uncalibrated(IMAGES)
    assert apply_temperature(probabilities, 1.0) == pytest.approx(probabilities, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_temperature_keeps_dtype_and_sums_to_one(dtype: type[np.floating]) -> None:
    calibrated = apply_temperature(np.array([[0.7, 0.3, 0.0]], dtype), 2.5)
    assert calibrated.dtype == dtype
    assert calibrated.sum() == pytest.approx(1)


@pytest.mark.parametrize("network", [b"", b"noise"])
def test_network_that_does_not_load_is_rejected(network: bytes) -> None:
    with pytest.raises(SessionError, match="does not load"):
        Session(network)


def test_probe_of_the_published_network_passes() -> None:
    probe = Session(bright_column_network()).answer_probe(IMAGE_SHAPE)
    Session(bright_column_network(padding=100)).check_probe(IMAGE_SHAPE, probe.tolist())


def test_probe_of_another_network_is_rejected() -> None:
    session, probe = Session(bright_column_network(shift=1)), Session(bright_column_network()).answer_probe(IMAGE_SHAPE)
    with pytest.raises(SessionError, match="answers its probe differently by"):
        session.check_probe(IMAGE_SHAPE, probe.tolist())
    with pytest.raises(SessionError, match="does not answer its probe"):
        session.check_probe((9, 9, 1), probe.tolist())
    with pytest.raises(SessionError, match="does not answer its probe"):
        session.check_probe(IMAGE_SHAPE, [0.5, 0.5])
