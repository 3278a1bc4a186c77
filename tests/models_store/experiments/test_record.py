from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from models_store.errors import InvalidState
from models_store.experiments.points import Best, Point, is_better
from models_store.experiments.record import Record, Status
from models_store.experiments.sparkline import ends_with
from models_store.experiments.stored_spec import StoredSpec
from models_store.experiments.summary import ExperimentSummary
from models_store.jobs.failure import Failure
from tests.models_store.results import KILLED, point

TERMINAL = [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED]


def record(**fields: Any) -> Record:
    known: dict[str, Any] = {
        "id": "01J00000000000000000000000",
        "name": "tiny",
        "dataset": "digits",
        "spec": StoredSpec({}),
    }
    return Record(**known, created_at=datetime(2026, 1, 1, tzinfo=UTC), **fields)


def test_sparkline_is_accuracy_where_loss_decides() -> None:
    stopped = StoredSpec({"training": {"early_stopping": {"monitor": "val_loss"}}})
    metrics: list[dict[str, float | None]] = [
        {"val_loss": 1.0 - epoch / 10, "val_accuracy": epoch / 10} for epoch in range(3)
    ]
    points = [Point(epoch=epoch, seconds=1.0, metrics=each) for epoch, each in enumerate(metrics)]
    shown = record().model_copy(update={"spec": stopped}).with_points(points)

    assert shown.sparkline == (0.0, 0.1, 0.2)
    assert ends_with(shown.sparkline, shown.last_metrics["val_accuracy"])
    assert not ends_with((1.0, 0.9, 0.8), shown.last_metrics["val_accuracy"])
    assert not ends_with((), None)
    assert ExperimentSummary.of(shown).sparkline.values == shown.sparkline
    older = shown.model_copy(update={"sparkline": (1.0, 0.9, 0.8)})
    assert ExperimentSummary.of(older).sparkline.values == ()


def test_claim_starts_an_attempt() -> None:
    claimed = record().claim("worker")
    assert (claimed.status, claimed.attempts, claimed.worker, claimed.version) == (Status.RUNNING, 1, "worker", 1)
    assert claimed.started_at is not None


def test_second_attempt_keeps_started_at() -> None:
    first = record().claim("worker")
    second = first.retry(KILLED, 3).claim("other")
    assert (second.attempts, second.started_at) == (2, first.started_at)


@pytest.mark.parametrize("status", [Status.RUNNING, *TERMINAL])
def test_record_that_is_not_queued_rejects_claim(status: Status) -> None:
    with pytest.raises(InvalidState, match=f"is {status}, so it cannot be claimed"):
        record(status=status).claim("worker")


@pytest.mark.parametrize("before", TERMINAL)
@pytest.mark.parametrize("after", TERMINAL)
def test_terminal_state_never_changes(before: Status, after: Status) -> None:
    with pytest.raises(InvalidState, match=f"is {before}, which is final"):
        record().end(before).end(after)


@pytest.mark.parametrize("status", Status)
def test_terminal_states_are_three(status: Status) -> None:
    assert status.is_terminal is (status in TERMINAL)


def test_ended_record_has_time_and_no_worker() -> None:
    ended = record().claim("worker").end(Status.FAILED, error=KILLED)
    assert ended.ended_at is not None
    assert (ended.worker, ended.error, ended.version) == (None, KILLED, 2)


def test_failed_attempt_goes_back_to_the_queue() -> None:
    waiting = record().claim("worker").retry(KILLED, max_attempts=3)
    assert (waiting.status, waiting.attempts, waiting.worker) == (Status.QUEUED, 1, None)
    assert waiting.error == KILLED


def test_last_attempt_ends_as_failed() -> None:
    current = record()
    for _ in range(3):
        current = current.claim("worker").retry(KILLED, max_attempts=3)
    assert current.status is Status.FAILED
    assert current.error == Failure(
        type="killed", message="killed: signal 9 (attempt 3 of 3; no further attempt is made)"
    )


def test_interruptions_do_not_count_against_the_limit() -> None:
    current = record()
    for _ in range(5):
        current = current.claim("worker").give_back()
    for _ in range(2):
        current = current.claim("worker").retry(KILLED, max_attempts=3)
    assert (current.status, current.attempts, current.interruptions) == (Status.QUEUED, 7, 5)
    last = current.claim("worker").retry(KILLED, max_attempts=3)
    assert last.status is Status.FAILED
    assert "attempt 3 of 3" in (last.error.message if last.error else "")


def test_requested_cancel_ends_returned_attempt() -> None:
    running = record().claim("worker").replace(cancel_requested=True)
    for ended in (running.give_back(), running.retry(KILLED, max_attempts=3)):
        assert (ended.status, ended.stop_reason) == (Status.CANCELLED, "cancelled")


def test_retry_has_all_attempts_again() -> None:
    current = record()
    for _ in range(3):
        current = current.claim("worker").retry(KILLED, max_attempts=3)
    assert current.status is Status.FAILED

    again = current.run_again()
    assert (again.status, again.error, again.ended_at) == (Status.QUEUED, None, None)
    assert again.started_at == current.started_at
    for status in (Status.QUEUED, Status.QUEUED, Status.FAILED):
        again = again.claim("worker").retry(KILLED, max_attempts=3)
        assert again.status is status
    assert again.attempts == 6


def test_retry_forgets_earlier_requests() -> None:
    cancelled = record().end(Status.CANCELLED, cancel_requested=True, stop_requested=True, stop_reason="cancelled")
    again = cancelled.run_again()
    assert (again.cancel_requested, again.stop_requested, again.stop_reason) == (False, False, None)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.SUCCEEDED])
def test_only_failed_and_cancelled_are_retried(status: Status) -> None:
    with pytest.raises(InvalidState, match=f"is {status}; only failed and cancelled ones are run again"):
        record(status=status).run_again()


def test_record_survives_json() -> None:
    running = record(tags=("a", "b"), last_metrics={"loss": None}).claim("worker")
    assert Record.model_validate_json(running.model_dump_json()) == running


def test_record_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        record().status = Status.FAILED


def of(accuracy: float | None, loss: float | None = None) -> Point:
    return Point(epoch=0, seconds=1.0, metrics={"val_accuracy": accuracy, "val_loss": loss})


@pytest.mark.parametrize(
    ("epochs", "best_epoch"),
    [
        ([of(0.5), of(0.9), of(0.9), of(0.7)], 1),
        ([of(0.9, 0.3), of(0.9, 0.2), of(0.9, 0.2), of(0.8, 0.1)], 1),
        ([of(None), of(0.1), of(None)], 1),
        ([of(float("nan")), of(0.1), of(float("nan"))], 1),
        ([of(0.9, None), of(0.9, 4.0), of(0.9, float("nan"))], 1),
    ],
)
def test_best_epoch_has_highest_accuracy_lowest_loss(epochs: list[Point], best_epoch: int) -> None:
    numbered = [each.model_copy(update={"epoch": epoch}) for epoch, each in enumerate(epochs)]
    current = record().with_points(numbered)
    assert current.best == Best(
        epoch=best_epoch, metric="val_accuracy", value=epochs[best_epoch].metrics["val_accuracy"] or 0.0
    )
    assert current.best_metrics == epochs[best_epoch].metrics


@pytest.mark.parametrize(
    ("metric", "better", "worse"),
    [
        ("val_loss", of(0.1, 0.2), of(0.9, 0.3)),
        ("val_accuracy", of(0.9, 5.0), of(0.8, 0.1)),
        ("val_loss", of(0.1, 3.0), of(0.9, float("inf"))),
        ("val_loss", of(0.1, 3.0), of(0.9, None)),
    ],
)
def test_metric_decides_which_epoch_is_better(metric: str, better: Point, worse: Point) -> None:
    assert is_better(better.metrics, worse.metrics, metric)
    assert not is_better(worse.metrics, better.metrics, metric)


INFINITE, UNKNOWN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("metric", "values", "best_epoch"),
    [
        ("val_loss", [INFINITE, UNKNOWN, 3.0], 2),
        ("val_loss", [UNKNOWN, 3.0, -INFINITE, 3.0], 1),
        ("val_accuracy", [UNKNOWN, None, 0.1, INFINITE], 2),
        ("val_accuracy", [0.5, 0.9, 0.9, 0.7], 1),
    ],
)
def test_best_of_a_sequence_is_first_finite(metric: str, values: list[float | None], best_epoch: int) -> None:
    best = 0
    for epoch, value in enumerate(values):
        if is_better({metric: value}, {metric: values[best]}, metric):
            best = epoch
    assert best == best_epoch


@pytest.mark.parametrize("metric", ["val_loss", "val_accuracy"])
@pytest.mark.parametrize("value", [INFINITE, -INFINITE, UNKNOWN, None])
def test_unmeasured_value_is_never_better(metric: str, value: float | None) -> None:
    for other in (0.1, INFINITE, -INFINITE, UNKNOWN, None):
        assert not is_better({metric: value}, {metric: other}, metric)
    assert is_better({metric: 0.1}, {metric: value}, metric)


def test_unmeasured_metric_makes_no_epoch_better() -> None:
    assert not is_better(point(0).metrics, {"val_loss": 0.75}, "f1")
    assert record().with_points([Point(epoch=0, seconds=1.0, metrics={"val_loss": 0.5})]).best is None


def test_mean_time_of_an_epoch_leaves_out_the_first() -> None:
    timed = [point(epoch).model_copy(update={"seconds": seconds}) for epoch, seconds in enumerate([9.0, 1.0, 2.0, 3.0])]
    assert [record().with_points(timed[:count]).epoch_seconds for count in range(5)] == [None, 9.0, 1.0, 1.5, 2.0]
    assert record().with_points(timed[:2]).with_points(timed[2:]).epoch_seconds == 2.0
    assert record().with_points(timed).without_points().epoch_seconds is None
