"""A run that is stopped anywhere resumes exactly there, with all state: optimizer, callbacks, random generators."""

import io
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from models_store.experiments.points import Point
from specs.experiment import ExperimentSpec, parse_spec
from worker.data import Split, load_splits
from worker.jobs.channel import Channel
from worker.jobs.messages import StopReason
from worker.training import epochs as epoch_data
from worker.training.checkpoint import Checkpoint
from worker.training.compiling import compile_model
from worker.training.ends import OutOfTime
from worker.training.fit import Fit
from worker.training.network import build
from worker.training.pace import Pace
from worker.training.paced_checkpoints import PacedCheckpoints
from worker.training.precision import choose_policy, set_precision

# What some of them train to its end, others are compared with.
pytestmark = pytest.mark.xdist_group("fit")

LAYERS = [
    {"type": "Flatten"},
    {"type": "Dense", "units": 12, "activation": "relu"},
    {"type": "BatchNormalization", "momentum": 0.9},
    {"type": "Dropout", "rate": 0.3},
    {"type": "Dense"},
]
FLIP = {"copies": 2, "layers": [{"type": "RandomFlip"}]}
MIX = {"layers": [{"type": "RandomRotation", "factor": 0.1}, {"type": "MixUp"}]}


def spec_of(augmentation: dict[str, Any] | None = None, **training: Any) -> ExperimentSpec:
    training = {"epochs": 2, "batch_size": 64, "deterministic": True, **training}
    return parse_spec({"model": {"layers": LAYERS}, "training": training, "augmentation": augmentation})


class StopsAt(Channel):
    """Asks for a stop once `fit` has come to `epoch` and `step`."""

    def __init__(self, epoch: int, step: int) -> None:
        super().__init__(io.BytesIO(), io.BytesIO())
        self._at = (epoch, step)
        self.fit: Fit | None = None

    @property
    def stop(self) -> StopReason | None:
        return "shutdown" if self.fit and (self.fit._epoch, self.fit._step) >= self._at else None


class Run:
    """One attempt at a training on a few digits."""

    def __init__(self, spec: ExperimentSpec, channel: Channel | None = None) -> None:
        keras.utils.clear_session(free_memory=False)
        whole = load_splits(spec, None)
        training, validation = (
            Split(split.images[:200], split.labels[:200], split.samples[:200]) for split in whole[:2]
        )
        self.model = build(spec, training.images)
        policy = choose_policy(spec, self.model)
        set_precision(self.model, policy)
        accuracy = compile_model(self.model, spec, policy)
        self.saved: list[Checkpoint] = []
        channel = channel or Channel(io.BytesIO(), io.BytesIO())
        self.fit = Fit(self.model, accuracy, training, validation, spec, policy, channel, self.saved.append)
        if isinstance(channel, StopsAt):
            channel.fit = self.fit

    def history(self) -> list[dict[str, float | None]]:
        return [point.metrics for point in self.saved[-1].points]

    def state(self) -> list[np.ndarray]:
        return self.saved[-1].variables


class Whole(NamedTuple):
    """What a run that nothing has stopped comes to."""

    history: list[dict[str, float | None]]
    state: list[np.ndarray]
    published: Point
    weights: list[np.ndarray]


_wholes: dict[tuple[str, int | None], Whole] = {}


def whole_run(spec: ExperimentSpec) -> Whole:
    """Trained once for all tests: runs are deterministic, and only augmentation depends on the size of chunks."""
    key = (spec.model_dump_json(), epoch_data._CHUNK_SAMPLES if spec.augmentation else None)
    if key not in _wholes:
        run = Run(spec)
        assert run.fit.run() == "completed"
        history, state = run.history(), run.state()
        _wholes[key] = Whole(history, state, run.fit.use_kept_weights(), run.model.get_weights())
    return _wholes[key]


def assert_same_end(run: Run, whole: Whole) -> None:
    assert run.history() == whole.history
    run.fit.use_kept_weights()
    assert all(np.array_equal(*pair) for pair in zip(run.state(), whole.state, strict=True))
    assert all(map(np.array_equal, run.model.get_weights(), whole.weights))


@pytest.fixture(autouse=True)
def deterministic() -> None:
    tf.config.experimental.enable_op_determinism()


@pytest.fixture(autouse=True)
def one_step_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    add_steps: Callable[..., None] = Pace.add_steps

    def one_step(pace: Pace, steps: int, seconds: float) -> None:
        add_steps(pace, steps, seconds)
        pace.chunk = 1

    monkeypatch.setattr(Pace, "add_steps", one_step)


def optimizer(name: str, **arguments: Any) -> dict[str, Any]:
    return {"optimizer": {"type": name, "learning_rate": 0.01, **arguments}}


WARM_COSINE = {"type": "CosineDecay", "initial_learning_rate": 0, "warmup_target": 0.02, "warmup_epochs": 0.5}
PLATEAU = {"patience": 0, "min_delta": 100.0, "factor": 0.5, "cooldown": 1}
STOPPING = {"patience": 5, "start_from_epoch": 1, "baseline": 0.1}
# Everything that has a state, or changes what is trained on. What any optimizer can have is tried with one of them: to
# build a network takes most of the time, and what is lost of either shows in the weights.
CASES: dict[str, dict[str, Any]] = {
    "SGD, augmentation": {**optimizer("SGD", momentum=0.9, nesterov=True, clipnorm=1.0), "augmentation": FLIP},
    "RMSprop, plateau": {
        **optimizer("RMSprop", momentum=0.5, centered=True, clipvalue=0.5),
        "epochs": 3,
        "reduce_lr_on_plateau": PLATEAU,
    },
    "Adam, early stopping": {**optimizer("Adam", amsgrad=True, global_clipnorm=1.0), "early_stopping": STOPPING},
    "AdamW, class weight": {**optimizer("AdamW"), "class_weight": "balanced"},
    "Nadam, mixed labels": {
        **optimizer("Nadam", weight_decay=0.01),
        "augmentation": MIX,
        "loss": {"type": "CategoricalCrossentropy", "label_smoothing": 0.1},
    },
    "Adagrad, bfloat16": {**optimizer("Adagrad"), "precision": "mixed_bfloat16"},
    "Adadelta": optimizer("Adadelta"),
    "Adamax": optimizer("Adamax"),
    "Lion": optimizer("Lion"),
    "average of weights": optimizer("Adam", use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=3),
    "gradient accumulation": optimizer("SGD", gradient_accumulation_steps=3),
    "schedule": optimizer("Adam", learning_rate=WARM_COSINE),
    "loss scale": {"precision": "mixed_float16"},
}


@pytest.mark.parametrize("case", CASES)
def test_stopped_run_resumes_bit_for_bit(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.training.epochs._CHUNK_SAMPLES", 128)
    spec = spec_of(**CASES[case])
    stopped = Run(spec, StopsAt(1, 3))
    assert stopped.fit.run() == "shutdown"
    resumed = Run(spec)
    resumed.fit.restore(stopped.saved[-1])
    assert resumed.fit.run() == "completed"

    assert (stopped.saved[-1].epoch, stopped.saved[-1].step) == (1, 3)
    assert_same_end(resumed, whole_run(spec))


@pytest.mark.parametrize("case", [each for each in CASES if each != "schedule"])
def test_continued_run_equals_one_at_once(case: str) -> None:
    first = Run(spec_of(**{**CASES[case], "epochs": 1}))
    assert first.fit.run() == "completed"
    continued = Run(spec_of(**CASES[case]))
    continued.fit.restore(replace(first.saved[-1], is_initial=True))
    assert continued.fit.run() == "completed"

    assert_same_end(continued, whole_run(spec_of(**CASES[case])))


def continue_with(first: Run, **training: Any) -> Run:
    run = Run(spec_of(**training))
    run.fit.restore(replace(first.saved[-1], is_initial=True))
    run.fit.run()
    return run


def test_continued_run_takes_another_learning_rate() -> None:
    plateau = {"reduce_lr_on_plateau": {"patience": 0, "min_delta": 100.0, "factor": 0.5}}
    first = Run(spec_of(**optimizer("Adam"), **plateau))
    first.fit.run()
    lowered = continue_with(first, **optimizer("Adam"), **plateau, epochs=3)
    changed = continue_with(first, **optimizer("Adam", learning_rate=0.002), epochs=3)
    cosine = {"type": "CosineDecay", "initial_learning_rate": 0.003, "decay_epochs": 1}
    scheduled = continue_with(first, **optimizer("Adam", learning_rate=cosine), epochs=3)
    back = continue_with(scheduled, **optimizer("Adam", learning_rate=0.004), epochs=4)

    rates = [[metrics["learning_rate"] for metrics in run.history()] for run in (lowered, changed, scheduled, back)]
    assert rates[0] == pytest.approx([0.01, 0.01, 0.005])
    assert rates[1] == pytest.approx([0.01, 0.01, 0.002])
    assert rates[2] == pytest.approx([0.01, 0.01, 0.0])
    assert rates[3] == pytest.approx([0.01, 0.01, 0.0, 0.004])


def test_exhausted_patience_is_renewed_to_continue() -> None:
    stopping = {"early_stopping": {"patience": 2, "min_delta": 100.0}}
    first = Run(spec_of(epochs=9, **stopping))
    assert first.fit.run() == "early_stopping"
    continued = continue_with(first, epochs=9, **stopping)
    assert (len(first.history()), len(continued.history())) == (3, 5)


EARLY = {"patience": 1, "min_delta": 0.5}
KEPT: list[tuple[dict[str, Any], str | None]] = [
    ({}, "val_accuracy"),
    ({"early_stopping": {**EARLY, "patience": 9, "monitor": "val_loss"}}, "val_loss"),
    ({"early_stopping": {**EARLY, "patience": 9, "monitor": "accuracy", "restore_best_weights": True}}, "accuracy"),
    ({"early_stopping": {"patience": 9, "start_from_epoch": 5, "baseline": 0.01}}, "val_loss"),
    (optimizer("Adam", use_ema=True, ema_momentum=0.5), "val_accuracy"),
    ({"keep": "last"}, None),
    ({"keep": "last", **optimizer("Adam", use_ema=True, ema_momentum=0.5)}, None),
    ({"early_stopping": {"patience": 9, "restore_best_weights": False}}, None),
]
STORMY = {"epochs": 6, **optimizer("SGD", learning_rate=1.5, momentum=0.9)}


def best_epoch(history: list[dict[str, float | None]], metric: str) -> int:
    """The first with the best value of `metric`, and among those the lowest validation loss."""
    sign = -1 if metric.endswith("accuracy") else 1
    return min(range(len(history)), key=lambda epoch: (sign * history[epoch][metric], history[epoch]["val_loss"]))  # type: ignore[operator]


@pytest.mark.parametrize(("training", "metric"), KEPT)
def test_published_weights_have_the_epochs_metrics(training: dict[str, Any], metric: str | None) -> None:
    run = Run(spec_of(**{**STORMY, **training}))
    run.fit.run()
    published = run.fit.use_kept_weights()

    history = run.history()
    assert published.epoch == (best_epoch(history, metric) if metric else len(history) - 1)
    assert published.metrics == history[published.epoch]
    assert validated(run) == {name: published.metrics[name] for name in ("val_loss", "val_accuracy")}


def validated(run: Run) -> dict[str, float | None]:
    """What its weights reach now, which tells one epoch's from those of another."""
    run.fit._reset_metrics()
    run.fit._test()
    return {f"val_{name}": value for name, value in run.fit._results().items()}


@pytest.mark.parametrize("keep", ["best", "last"])
def test_kept_weights_survive_interruptions(keep: str) -> None:
    """Between epochs, within them and after the last one, of one run: at each, what was kept before and since."""
    spec = spec_of(**STORMY, keep=keep)
    whole, checkpoint = whole_run(spec), None
    for stop in [(1, 0), (3, 2), (5, 3), (6, 0)]:
        stopped = Run(spec, StopsAt(*stop))
        if checkpoint is not None:
            stopped.fit.restore(checkpoint)
        stopped.fit.run()
        checkpoint = stopped.saved[-1]
        assert (checkpoint.epoch, checkpoint.step) == stop
        history = whole.history[: stop[0]]
        assert stopped.history() == history
        kept = stopped.fit.use_kept_weights()
        assert kept.epoch == (len(history) - 1 if keep == "last" else best_epoch(history, "val_accuracy"))
        assert validated(stopped) == {name: history[kept.epoch][name] for name in ("val_loss", "val_accuracy")}
    resumed = Run(spec)
    resumed.fit.restore(stopped.saved[-1])
    resumed.fit.run()
    published = resumed.fit.use_kept_weights()

    assert (published.epoch, published.metrics) == (whole.published.epoch, whole.published.metrics)
    assert all(map(np.array_equal, resumed.model.get_weights(), whole.weights))


@pytest.mark.parametrize("keep", ["best", "last"])
def test_end_within_an_epoch_publishes_a_whole_one(keep: str) -> None:
    spec = spec_of(**STORMY, keep=keep)
    ended = Run(spec, StopsAt(4, 2))
    ended.fit.run()
    published = ended.fit.use_kept_weights()

    history = whole_run(spec).history[:4]
    assert published.epoch == (3 if keep == "last" else best_epoch(history, "val_accuracy"))
    assert published.metrics == history[published.epoch]


def test_end_before_first_epoch_publishes_nothing() -> None:
    run = Run(spec_of(), StopsAt(0, 2))
    run.fit.run()
    with pytest.raises(OutOfTime, match="ended before the first epoch did"):
        run.fit.use_kept_weights()


def test_history_has_the_last_rate_of_each_epoch() -> None:
    run = Run(spec_of(**optimizer("SGD", learning_rate={"type": "OneCycle", "max_learning_rate": 0.5})))
    run.fit.run()

    steps = run.fit._steps
    expected = [run.fit._schedule.at(epoch * steps + steps - 1) for epoch in range(2)]
    assert [metrics["learning_rate"] for metrics in run.history()] == pytest.approx(expected)


@pytest.mark.parametrize(("min_delta", "reason", "epochs"), [(0.0, "completed", 4), (0.5, "early_stopping", 2)])
def test_gain_below_min_delta_ends_the_run_early(min_delta: float, reason: str, epochs: int) -> None:
    stopping = {"monitor": "loss", "patience": 1, "min_delta": min_delta}
    run = Run(spec_of(epochs=4, early_stopping=stopping, **optimizer("SGD")))

    assert run.fit.run() == reason
    losses = [metrics["loss"] or 0.0 for metrics in run.history()]
    assert len(losses) == epochs
    assert all(0 < before - after < 0.5 for before, after in pairwise(losses))


def test_plateau_lowers_the_rate_of_later_epochs() -> None:
    plateau = {"patience": 1, "min_delta": 100.0, "factor": 0.5, "min_lr": 0.004}
    run = Run(spec_of(**optimizer("SGD"), reduce_lr_on_plateau=plateau, epochs=4))
    run.fit.run()

    rates = [metrics["learning_rate"] for metrics in run.history()]
    assert rates == pytest.approx([0.01, 0.01, 0.005, 0.004])


def test_moving_averages_are_validated_and_published() -> None:
    plain, average = (
        Run(spec_of(epochs=2, keep="last")),
        Run(spec_of(epochs=2, keep="last", **optimizer("Adam", learning_rate=0.001, use_ema=True))),
    )
    for run in (plain, average):
        run.fit.run()
    trained = average.model.get_weights()
    average.fit.use_kept_weights()

    assert all(map(np.array_equal, trained, plain.model.get_weights()))
    assert [each["loss"] for each in average.history()] == [each["loss"] for each in plain.history()]
    average.model.reset_metrics()
    average.fit._test()
    assert average.fit._results()["loss"] == pytest.approx(average.history()[-1]["val_loss"])
    assert average.history()[-1]["val_loss"] != plain.history()[-1]["val_loss"]
    assert not np.array_equal(trained[0], average.model.get_weights()[0])


@pytest.mark.parametrize(
    "loss",
    [
        "auto",
        {"type": "SparseCategoricalCrossentropy"},
        {"type": "CategoricalCrossentropy", "label_smoothing": 0.1},
        {"type": "CategoricalFocalCrossentropy"},
        {"type": "MeanSquaredError"},
        {"type": "MeanAbsoluteError"},
        {"type": "KLDivergence"},
        {"type": "CategoricalHinge"},
    ],
)
def test_every_loss_trains(loss: Any) -> None:
    run = Run(spec_of(loss=loss, epochs=4, batch_size=16, **optimizer("Adam")))
    run.fit.run()

    first, *_, last = (point["accuracy"] for point in run.history())
    assert first is not None
    assert last is not None
    assert last > first


@pytest.mark.parametrize(
    ("seconds", "epochs"), [(0.5, [1, 2, 3, 4, 5, 6, 7, 8]), (1.0, [1, 3, 5, 7, 8]), (5.0, [1, 4, 7, 8])]
)
def test_slow_checkpoints_are_further_apart(monkeypatch: pytest.MonkeyPatch, seconds: float, epochs: list[int]) -> None:
    """Epochs of 10 s, at most a twentieth of the time for checkpoints, but one each 30 s; the last epoch has one."""
    now = [0.0]
    monkeypatch.setattr("worker.training.paced_checkpoints.time.monotonic", lambda: now[0])
    run = Run(spec_of(epochs=8))
    end_epoch = run.fit._end_epoch

    def pass_time() -> None:
        now[0] += 10
        end_epoch()

    def save_slowly(checkpoint: Checkpoint) -> None:
        now[0] += seconds
        run.saved.append(checkpoint)

    monkeypatch.setattr(run.fit, "_end_epoch", pass_time)
    monkeypatch.setattr(run.fit, "_checkpoints", PacedCheckpoints(save_slowly, max_pause_seconds=30.0))

    assert run.fit.run() == "completed"
    assert [checkpoint.epoch for checkpoint in run.saved] == epochs


def test_stop_between_epochs_saves_what_has_none() -> None:
    spec = spec_of(epochs=3)
    whole, stopped = Run(spec), Run(spec, StopsAt(2, 0))
    stopped.fit._checkpoints._max_pause_seconds = stopped.fit._checkpoints._duration = 3600.0

    assert stopped.fit.run() == "shutdown"
    assert [(checkpoint.epoch, checkpoint.step) for checkpoint in stopped.saved] == [(2, 0)]

    resumed = Run(spec)
    resumed.fit.restore(stopped.saved[-1])
    assert (whole.fit.run(), resumed.fit.run()) == ("completed", "completed")
    assert resumed.history() == whole.history()
