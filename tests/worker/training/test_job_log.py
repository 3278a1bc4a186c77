"""The log of an experiment."""

import logging
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from models_store.experiments.log import LOG_FILE, MAX_LOG_BYTES, read_log
from models_store.experiments.stored_spec import StoredSpec
from specs.experiment import ExperimentSpec
from tests.worker.conftest import Supervised
from worker.jobs.messages import TrainingJob
from worker.training import train
from worker.training.job_log import describe_metrics, details, log_to

Jobs = Callable[..., TrainingJob]
Spec = Callable[..., ExperimentSpec]


def test_what_is_logged_within_is_kept(tmp_path: Path) -> None:
    details.info("before")
    with log_to(tmp_path / LOG_FILE):
        details.info("of this experiment")
        logging.getLogger("anything").warning("of the process")
    details.info("after")
    first, second = read_log(tmp_path).splitlines()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO of this experiment", first)
    assert second.endswith("WARNING of the process")


def test_warnings_are_logged(tmp_path: Path) -> None:
    with warnings.catch_warnings(), log_to(tmp_path / LOG_FILE):
        warnings.simplefilter("always")
        warnings.warn("of a library", UserWarning, stacklevel=1)
    assert "UserWarning: of a library" in read_log(tmp_path)


def test_later_attempt_continues_the_log(tmp_path: Path) -> None:
    for number in (1, 2):
        with log_to(tmp_path / LOG_FILE):
            details.info("attempt %d", number)
    assert [line[-9:] for line in read_log(tmp_path).splitlines()] == ["attempt 1", "attempt 2"]


def test_log_keeps_its_end(tmp_path: Path) -> None:
    with log_to(tmp_path / LOG_FILE):
        for number in range(30):
            details.info("%d %s", number, "x" * 100_000)
    text = read_log(tmp_path)
    assert MAX_LOG_BYTES / 2 < len(text) <= MAX_LOG_BYTES
    assert text.splitlines()[-1].partition("INFO ")[2].startswith("29 ")


def test_log_that_cannot_be_written_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with log_to(tmp_path / "missing" / LOG_FILE):
        details.info("lost")
    assert "is not written" in caplog.text


def test_metrics_that_are_not_finite_are_named() -> None:
    assert describe_metrics({"loss": None, "accuracy": 0.123456789}) == "loss not finite, accuracy 0.12346"


def test_training_is_logged(job: Jobs, supervised: Supervised, tiny_spec: Spec, tmp_path: Path) -> None:
    train.run(job(tiny_spec(epochs=2)), supervised.channel)
    text = read_log(tmp_path)
    assert re.search(r"attempt 1: \d+ training, \d+ validation, 360 test samples", text)
    assert "650 parameters in float32 on " in text
    assert re.search(r"epoch 1 of 2: loss \S+, accuracy \S+, .*val_accuracy \S+ \(\S+ s\)", text)
    assert "the training has ended: completed" in text
    assert re.search(r"epoch [12] is published: test_loss \S+, test_accuracy", text)


def test_error_is_logged_with_its_traceback(job: Jobs, supervised: Supervised, tiny_spec: Spec, tmp_path: Path) -> None:
    wanted = job(tiny_spec())
    broken = StoredSpec({**wanted.spec.document, "dataset": {"name": "gone"}})
    train.run(wanted.model_copy(update={"spec": broken}), supervised.channel)
    text = read_log(tmp_path)
    assert "Traceback (most recent call last)" in text
    assert "dataset gone is no longer in the store" in text
