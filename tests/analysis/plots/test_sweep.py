"""Plots of sweeps in every state that they may be in."""

from typing import Any, get_args

import numpy as np
import pytest

from analysis import plots
from analysis.plots.sweep import Kind, sweep_figure
from analysis.sweeps import SweepView, view
from models_store.frozen import utc_now
from models_store.sweeps.record import SweepRecord
from models_store.sweeps.stored_spec import StoredSweepSpec
from models_store.sweeps.trial import Trial, TrialStatus
from specs.sweep import parse_sweep

EXPERIMENT = {
    "model": {"preset": "digits-cnn"},
    "training": {
        "batch_size": {"$search": {"int": [8, 256], "log": True}},
        "optimizer": {"$search": {"choice": ["Adam", {"type": "SGD", "momentum": 0.9}]}},
    },
}


def trial(number: int, value: float | None, status: TrialStatus = TrialStatus.SUCCEEDED) -> Trial:
    point: dict[str, Any] = {
        "training.batch_size": 8 * (number + 1),
        "training.optimizer": ["Adam", {"type": "SGD", "momentum": 0.9}][number % 2],
    }
    return Trial(
        number=number, point=point, experiment_id=str(number), status=status, value=value, ended_at=utc_now(), epochs=3
    )


def sweep(*trials: Trial, importance: dict[str, float] | None = None) -> SweepView:
    spec = parse_sweep({"name": "a sweep", "experiment": EXPERIMENT})
    record = SweepRecord(
        id="01K6W3E8Z4T5V6X7Y8Z9A0B1C2", name="a sweep", spec=StoredSweepSpec.of(spec), method="tpe", trials=trials
    )
    return view(record.replace(importance=importance), {})


@pytest.mark.parametrize("kind", get_args(Kind))
def test_sweep_without_trials_is_drawn(kind: Kind) -> None:
    assert plots.figure.render(lambda: sweep_figure(sweep(), kind), "png").startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", get_args(Kind))
def test_trials_are_drawn(kind: Kind) -> None:
    trials = [trial(number, 0.5 + number / 100) for number in range(12)]
    trials[3] = trial(3, 0.1, TrialStatus.PRUNED)
    trials[4] = trial(4, None, TrialStatus.FAILED)
    shares = {"training.batch_size": 0.75, "training.optimizer": 0.25}
    image = plots.figure.render(lambda: sweep_figure(sweep(*trials, importance=shares), kind), "svg")
    assert image.startswith(b"<?xml")


@pytest.mark.parametrize("kind", get_args(Kind))
def test_one_trial_is_drawn(kind: Kind) -> None:
    assert plots.figure.render(lambda: sweep_figure(sweep(trial(0, 0.5)), kind), "png")


def test_best_line_never_falls() -> None:
    figure = sweep_figure(sweep(trial(0, 0.5), trial(1, 0.4), trial(2, 0.7)), "history")
    [line] = figure.axes[0].lines
    assert np.asarray(line.get_ydata()).tolist() == [0.5, 0.7, 0.7]


def test_parallel_lines_end_at_the_result() -> None:
    figure = sweep_figure(sweep(trial(0, 0.5), trial(1, 0.9), trial(2, 0.7)), "parallel")
    lines = [np.asarray(line.get_ydata()) for line in figure.axes[0].lines]
    ends = [line[-1] for line in lines if len(line) == 3]
    assert ends == pytest.approx([0.0, 0.5, 1.0]), "the best is drawn last"
