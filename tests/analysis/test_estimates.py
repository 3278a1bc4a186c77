import os
from datetime import timedelta
from typing import Any

import pytest

from analysis.estimates import FIXED_SECONDS, Estimate, budget_advice, estimate, estimate_seconds, recent_runs
from models_store.experiments.points import Point
from models_store.experiments.record import Record
from models_store.experiments.stored_spec import StoredSpec
from models_store.store import Store, open_store
from specs.cost import reference_epoch_seconds
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.published import publish
from tests.support.store import LEASE_SECONDS


@pytest.fixture(autouse=True)
def idle_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (0.1, 0.1, 0.1))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


WIDE = [{"type": "Flatten"}, {"type": "Dense", "units": 4096}, {"type": "Dense"}]


def spec(units: int = 64, **training: Any) -> ExperimentSpec:
    layers = [{"type": "Flatten"}, {"type": "Dense", "units": units}, {"type": "Dense"}]
    return parse_spec({"model": {"layers": layers}, "training": training})


def run(store: Store, like: ExperimentSpec, factor: float) -> Record:
    """A past run whose epochs took `factor` times what the reference machine needs."""
    record = store.experiments.create(like)
    seconds = factor * reference_epoch_seconds(like)
    return record.with_points([Point(epoch=epoch, seconds=seconds, metrics={}) for epoch in range(3)])


def estimated(like: ExperimentSpec, past: list[Record]) -> Estimate:
    return estimate(like, past, DATASETS)


def test_past_runs_of_nearest_work_decide(store: Store) -> None:
    near = [run(store, spec(), factor) for factor in (3.0, 3.0, 3.0, 3.0, 9.0)]
    far = [run(store, spec(units=8192), 100.0) for _ in range(9)]
    answer = estimated(spec(), [*far, *near])

    assert answer.seconds_per_epoch == pytest.approx(3 * reference_epoch_seconds(spec()), rel=0.06)
    assert answer.basis == "5 past runs"


def test_start_and_end_take_as_long_as_in_past_runs(store: Store) -> None:
    """Two epochs of 1 s in 3.5 s; another run was interrupted for an hour."""
    done = run(store, spec(), 1.0)
    started = done.created_at
    quick = done.replace(
        started_at=started, ended_at=started + timedelta(seconds=3.5), epoch_seconds=1.0, epochs_completed=2, attempts=1
    )
    interrupted = quick.replace(ended_at=started + timedelta(hours=1), attempts=2)
    asked = spec(epochs=4)
    per_epoch = estimated(asked, [quick]).seconds_per_epoch
    assert estimated(asked, [interrupted, quick]).seconds == pytest.approx(1.5 + 4 * per_epoch, rel=0.05)


def test_twice_the_epochs_take_about_twice_the_time(store: Store) -> None:
    past = [run(store, spec(), 1000.0)]
    short, long = (estimated(spec(epochs=epochs), past) for epochs in (100, 200))

    assert long.seconds == pytest.approx(2 * short.seconds, rel=0.2)
    assert short.basis == "1 past run"


def test_machine_is_measured_without_past_runs() -> None:
    answer = estimated(spec(), [])

    assert answer.basis == "a matrix multiplication on this machine"
    assert answer.seconds > answer.seconds_per_epoch > 0


def test_busy_machine_takes_longer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    past = [run(store, spec(), 1.0)]
    idle, known = estimated(spec(), []), estimated(spec(), past)
    monkeypatch.setattr(os, "getloadavg", lambda: (7.0, 0.0, 0.0))
    busy = estimated(spec(), [])
    assert busy.seconds == pytest.approx(4 * idle.seconds, rel=0.06)
    assert busy.seconds_per_epoch == pytest.approx(4 * idle.seconds_per_epoch, rel=0.06)
    # Past runs have met with other processes.
    assert estimated(spec(), past).seconds_per_epoch == known.seconds_per_epoch


def test_run_with_an_outdated_spec_is_ignored(store: Store) -> None:
    old = run(store, spec(), 1.0).model_copy(update={"spec": StoredSpec({"color": "red"})})

    assert estimated(spec(), [old]).basis == "a matrix multiplication on this machine"


def test_queued_experiment_is_estimated_as_its_spec(store: Store) -> None:
    past = [run(store, spec(), 1000.0)]
    asked = spec(epochs=40)
    seconds = estimate_seconds(store.experiments.create(asked), past, DATASETS)
    assert seconds == pytest.approx(estimated(asked, past).seconds, rel=0.06)


def test_time_budget_limits_the_estimate(store: Store) -> None:
    past = [run(store, spec(), 1e6)]
    record = store.experiments.create(spec(epochs=1000, max_minutes=2))
    assert estimate_seconds(record, past, DATASETS) == FIXED_SECONDS + 120


def test_deleted_dataset_has_no_estimate(store: Store) -> None:
    assert estimate_seconds(store.experiments.create(spec()), [], {}) is None


def test_small_budget_has_a_warning() -> None:
    asked = spec(epochs=100, max_minutes=1)
    slow = taking(600, 6)

    (advice,) = budget_advice(asked, slow)
    assert "about 10 minutes" in advice.sentence
    assert "ends after about 8; raise it to 12 or reduce epochs" in advice.sentence
    assert advice.patch == {"training": {"max_minutes": 12}}
    assert budget_advice(spec(epochs=100, max_minutes=11), slow) == []


def taking(seconds: float, per_epoch: float) -> Estimate:
    return Estimate(
        seconds=seconds,
        seconds_low=seconds / 2,
        seconds_high=seconds * 2,
        seconds_per_epoch=per_epoch,
        memory_mb=1,
        basis="1 past run",
    )


def test_budget_below_one_epoch_is_not_zero_epochs() -> None:
    (advice,) = budget_advice(spec(epochs=2, max_minutes=1), taking(600, 300))

    assert "the training fails in its first epoch; raise it to 12" in advice.sentence


def test_budget_beyond_the_limit_needs_fewer_epochs() -> None:
    (advice,) = budget_advice(spec(epochs=100, max_minutes=10_080), taking(6_000_000, 60_000))

    assert "reduce epochs to 10" in advice.sentence
    assert advice.patch == {"training": {"epochs": 10}}


@pytest.mark.parametrize(
    ("epochs", "max_minutes", "seconds", "per_epoch", "ends"),
    [
        (
            100,
            10.1,
            610,
            6.0,
            "about 11 minutes, more than training.max_minutes, 10.1: the training ends after about 99;",
        ),
        (100, 10.1, 610, 0.5, "the training ends after about 99; raise it to 13 or reduce epochs"),
        (1, 10.1, 610, 6.0, "1 epoch takes about 11 minutes"),
        (
            1,
            0.5,
            31,
            6.0,
            "about 1 minute, more than training.max_minutes, 0.5: the training fails in its first epoch;",
        ),
    ],
)
def test_budget_never_suffices_for_all_epochs(
    epochs: int, max_minutes: float, seconds: float, per_epoch: float, ends: str
) -> None:
    """Even if the rounded figures say so."""
    (advice,) = budget_advice(spec(epochs=epochs, max_minutes=max_minutes), taking(seconds, per_epoch))

    assert ends in advice.sentence
    assert advice.patch is not None
    assert advice.patch["training"]["max_minutes"] > max_minutes


def test_reduced_epochs_are_always_fewer() -> None:
    (advice,) = budget_advice(spec(epochs=100, max_minutes=10_080), taking(610_000, 6_000))

    assert "the training ends after about 99; reduce epochs to 99" in advice.sentence
    assert advice.patch == {"training": {"epochs": 99}}


def test_uncertainty_is_less_after_a_run(store: Store) -> None:
    before, after = estimated(spec(), []), estimated(spec(), [run(store, spec(), 1.0)])

    assert before.seconds_high / before.seconds_low == pytest.approx(16, rel=0.1)
    assert after.seconds_high / after.seconds_low == pytest.approx(4, rel=0.1)


def test_run_of_another_kind_does_not_decide(store: Store) -> None:
    """The duration of tiny steps is overhead, not arithmetic."""
    layers = [{"type": "Conv2D", "filters": 64, "kernel_size": 3}, {"type": "Flatten"}, {"type": "Dense"}]
    large = parse_spec({"dataset": {"name": "mnist"}, "model": {"layers": layers}})
    tiny = parse_spec({"dataset": {"name": "blobs"}, "model": {"layers": [{"type": "Dense"}]}})

    assert estimated(large, [run(store, tiny, 20.0)]).basis == "a matrix multiplication on this machine"


def test_past_runs_are_succeeded_experiments(store: Store) -> None:
    assert store.reconciler.sweep()
    published = publish(store, spec())
    store.experiments.create(spec())

    assert [record.id for record in recent_runs(store.experiments)] == [published.id]
    assert published.epoch_seconds == pytest.approx(0.1)


def test_past_is_empty_while_redis_is_down(tmp_path: Any) -> None:
    away = open_store(tmp_path / "store", "redis://127.0.0.1:1", LEASE_SECONDS, max_attempts=3, role="test")

    assert recent_runs(away.experiments) == []
