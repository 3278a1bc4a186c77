"""A network in ONNX Runtime, with its temperature. Every bundle ships this file, so it needs only numpy, ONNX Runtime
and `imaging.probe`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

# ONNX Runtime reads it on import. Unset, it sends events to its makers and keeps an id of the machine on disk.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from imaging.probe import PROBE_TOLERANCE, probe_sample

Samples = NDArray[np.uint8 | np.float32]
Probabilities = NDArray[np.float32]
_Float = TypeVar("_Float", bound=np.floating[Any])


class SessionError(RuntimeError):
    """ONNX Runtime cannot load the network, or the network does not answer its probe as it did when published."""


class Session:
    """Immutable, and safe to call from any number of threads: an ONNX Runtime session is stateless."""

    def __init__(
        self, network: bytes | Path, input_name: str | None = None, temperature: float = 1.0, threads: int = 0
    ) -> None:
        """`network`: the ONNX file or its content. `input_name`: the network's first input if left out. `threads`: 0
        for one per core. Raises SessionError if the network does not load."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise SessionError(f"the network does not load: {error}") from error
        self.input_name: str = input_name or self._session.get_inputs()[0].name
        self._output_names = [self._session.get_outputs()[0].name]
        self._temperature = temperature

    def probabilities(self, samples: Samples) -> Probabilities:
        """(n, height, width, channels), uint8, or (n, features), float32, to (n, classes), float32, calibrated by the
        temperature. Raises the errors of ONNX Runtime."""
        return apply_temperature(self.uncalibrated(samples), self._temperature)

    def uncalibrated(self, samples: Samples) -> Probabilities:
        """The same without the temperature, as the network computes them."""
        computed: Probabilities = self._session.run(self._output_names, {self.input_name: samples})[0]
        return computed

    def answer_probe(self, shape: tuple[int, ...]) -> Probabilities:
        """(classes,), float32: the uncalibrated probabilities of `probe_sample(shape)`."""
        probabilities: Probabilities = self.uncalibrated(probe_sample(shape)[None])[0]
        return probabilities

    def check_probe(self, shape: tuple[int, ...], expected: Sequence[float]) -> None:
        """Raise SessionError unless `answer_probe` gives `expected`, as it did when the network was published, to
        within `PROBE_TOLERANCE`."""
        try:
            difference = float(np.abs(self.answer_probe(shape) - np.asarray(expected, dtype=np.float32)).max())
        except Exception as error:  # as above; or the number of classes differs
            raise SessionError(f"the network does not answer its probe: {error}") from error
        if not difference < PROBE_TOLERANCE:
            raise SessionError(
                f"the network answers its probe differently by {difference:g}, expected less than {PROBE_TOLERANCE:g}, "
                f"in ONNX Runtime {onnxruntime.__version__}"
            )


def apply_temperature(probabilities: NDArray[_Float], temperature: float) -> NDArray[_Float]:
    """(n, classes) to (n, classes): softmax(logits / temperature) of the logits that gave `probabilities` (Guo et al.
    2017, On Calibration of Modern Neural Networks, section 4.2), because softmax(log(p) / t) is p ** (1 / t),
    normalized."""
    raised: NDArray[_Float] = probabilities ** probabilities.dtype.type(1 / temperature)
    raised /= raised.sum(axis=1, keepdims=True)
    return raised
