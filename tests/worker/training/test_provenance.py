"""Digests of what went into a training and came out."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models_store.experiments.provenance import Provenance, read_provenance
from specs.experiment import ExperimentSpec
from tests.worker.conftest import Supervised
from worker.jobs.messages import TrainingJob
from worker.training.provenance import digest
from worker.training.train import run

Jobs = Callable[..., TrainingJob]
Spec = Callable[..., ExperimentSpec]


@pytest.fixture
def trained(job: Jobs, supervised: Supervised, tiny_spec: Spec) -> Callable[..., Provenance]:
    def train(name: str, **training: object) -> Provenance:
        wanted = job(tiny_spec(name, epochs=1, **training))
        run(wanted, supervised.channel)
        found = read_provenance(Path(supervised.result["staged"]))
        shutil.rmtree(wanted.attempts_folder)  # so that the next one does not resume from it
        return found

    return train


def test_same_training_has_the_same_digests(trained: Callable[..., Provenance]) -> None:
    first, again, other = trained("first"), trained("again"), trained("other", seed=1)

    assert first == again
    assert (other.data_sha256, other.seed) == (first.data_sha256, 1)
    assert other.weights_sha256 != first.weights_sha256
    assert other.spec_sha256 != first.spec_sha256
    assert {"trainyard", "python", "tensorflow", "keras", "numpy"} <= set(first.versions)
    assert first.device


@pytest.mark.parametrize(
    "other",
    [
        np.arange(6, dtype=np.float32).reshape(3, 2),
        np.arange(6, dtype=np.float64).reshape(2, 3),
        np.arange(1, 7, dtype=np.float32).reshape(2, 3),
    ],
)
def test_digest_has_shape_dtype_and_values(other: np.ndarray) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert digest([array]) == digest([np.asfortranarray(array)])
    assert digest([array]) != digest([other])
