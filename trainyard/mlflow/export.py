"""Exports experiments to MLflow, each once."""

import math
from typing import NamedTuple

from trainyard.answers.experiments import Experiment, History
from trainyard.errors import TrackingError
from trainyard.mlflow.tracked_run import ID_TAG, TrackedRun
from trainyard.mlflow.tracking_server import FoundRun, Metric, TrackingServer

_SHOWN = 3


class ExportedRun(NamedTuple):
    """`url` is where MLflow shows it; `is_new` unless it had been exported before; `metrics` counts the values that
    were logged now."""

    id: str
    url: str
    is_new: bool
    metrics: int


def export_run(
    server: TrackingServer, experiment: Experiment, history: History, url: str, into: str | None = None
) -> ExportedRun:
    """Export an experiment of the Trainyard at `url` as a run of MLflow's experiment `into`, by default named like the
    dataset. One that was exported before is brought up to date, also after an export that was interrupted: a run is
    known by its tag `trainyard.id`, and only what it lacks is logged.

    Raises TrackingError, if MLflow rejects it, or has other values of the same epochs: those of a training that was
    repeated since. What MLflow has is not changed then.
    """
    tracked = TrackedRun.of(experiment, history, url)
    experiment_id = server.experiment_id(into or experiment.dataset)
    found = server.find_run(experiment_id, ID_TAG, experiment.id)
    run = found or server.create_run(experiment_id, tracked.name, tracked.start_time, {ID_TAG: tracked.tags[ID_TAG]})
    metrics = tracked.metrics if found is None else _missing(server, run, tracked)
    params = {key: value for key, value in tracked.params.items() if key not in run.params}
    server.log(run.id, metrics, params, tracked.tags)
    server.update_run(run.id, tracked.name, tracked.status, tracked.end_time)
    shown = f"{server.url}/#/experiments/{experiment_id}/runs/{run.id}"
    return ExportedRun(run.id, shown, found is None, len(metrics))


def _missing(server: TrackingServer, run: FoundRun, tracked: TrackedRun) -> list[Metric]:
    names = dict.fromkeys(each.key for each in tracked.metrics)
    logged = {name: server.metric_history(run.id, name) for name in names}
    other = [
        each
        for each in tracked.metrics
        if each.step in logged[each.key] and not _is_same(logged[each.key][each.step], each.value)
    ]
    if other:
        differing = ", ".join(f"{each.key} of epoch {each.step + 1}" for each in other[:_SHOWN])
        raise TrackingError(
            f"run {run.id} of MLflow has other values than the experiment ({differing}): it was trained again since it "
            "was exported; delete that run in MLflow, and export it again",
            is_rejected=True,
        )
    return [each for each in tracked.metrics if each.step not in logged[each.key]]


def _is_same(logged: float, value: float) -> bool:
    return math.isclose(logged, value, rel_tol=1e-9) or (math.isnan(logged) and math.isnan(value))
