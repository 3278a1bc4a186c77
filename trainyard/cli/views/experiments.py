"""Experiments and histories as lines and tables."""

from collections.abc import Iterator

from trainyard.answers.experiments import Experiment, History, Progress
from trainyard.answers.improvements import Improvement, ImprovementCheck
from trainyard.cli.views.tables import Listing, right
from trainyard.cli.views.text import count_text, epoch_text, metric_text, metrics_text, pace_text, time_text


def summary_line(experiment: Experiment) -> str:
    return f"{experiment.id}  {experiment.name} on {experiment.dataset}, {experiment.status}"


def outcome_lines(experiment: Experiment) -> Iterator[str]:
    """How it ended, and its metrics."""
    epochs = count_text(experiment.epochs_completed, "epoch")
    yield f"{experiment.status} after {epochs}{_reason(experiment)}"
    yield from _metric_lines(experiment)


def experiment_lines(experiment: Experiment) -> Iterator[str]:
    """The record without its spec, which --json shows."""
    yield f"{experiment.name} on {experiment.dataset}"
    yield f"id        {experiment.id}"
    yield f"status    {experiment.status}{_reason(experiment)}"
    if experiment.queue_position:
        yield f"queue     position {experiment.queue_position}"
    if experiment.waits_because:
        yield f"waits     {experiment.waits_because}"
    if experiment.preempted_by_priority is not None:
        gives = "gives" if experiment.status == "running" else "gave"
        yield f"preempted {gives} way to an experiment of priority {experiment.preempted_by_priority}"
    if experiment.tags:
        yield f"tags      {', '.join(experiment.tags)}"
    if experiment.based_on:
        yield f"based on  {experiment.based_on}"
    if experiment.transferred_layers:
        layers = count_text(len(experiment.transferred_layers), "layer")
        yield f"weights   {layers} of {experiment.spec['model']['weights_from']}"
    if experiment.initial_epoch or experiment.spec.get("continue_from"):
        epochs = count_text(experiment.initial_epoch, "epoch")
        yield f"continues {experiment.spec['continue_from']}, after {epochs}"
    yield f"attempts  {experiment.attempts}"
    yield from _time_lines(experiment)
    yield f"epochs    {experiment.epochs_completed} of {experiment.planned_epochs or 'unknown'}"
    if experiment.progress:
        yield f"progress  {_progress_text(experiment.progress)}"
    yield from _metric_lines(experiment)
    yield from improvement_lines(experiment.improvement)
    if experiment.damaged:
        yield f"damaged   {', '.join(experiment.damaged)}"


def improvement_lines(improvement: Improvement | None) -> Iterator[str]:
    """What became of an experiment that is to replace what serves; nothing of others."""
    if improvement is None:
        return
    by = f" by {improvement.decided_by}" if improvement.decided_by else ""
    when = f" at {time_text(improvement.decided_at)}" if improvement.decided_at else ""
    reason = f": {improvement.reason}" if improvement.reason else ""
    yield f"improves  {improvement.baseline}, {improvement.state}{by}{when}{reason}"
    if improvement.check:
        yield from _check_lines(improvement.check)


def _check_lines(check: ImprovementCheck) -> Iterator[str]:
    low, high = (100 * each for each in check.difference_interval)
    samples = f"{count_text(check.samples, 'sample')} of the {check.split} split"
    yield f"checked   accuracy {metric_text(check.accuracy_before)} -> {metric_text(check.accuracy)} on {samples}"
    interval = f"95 % interval {low:+.2f} to {high:+.2f}, p = {check.p:.2g}"
    flips = f"fixed {check.fixed:,}, regressed {check.regressed:,}"
    yield f"          {100 * check.difference:+.2f} points, {interval}; {flips}"


def history_table(history: History) -> Listing:
    """One row per epoch, one column per metric, and its duration in seconds, where the service reports it."""
    columns = {name: [metric_text(value) for value in values] for name, values in history.history.items()}
    if history.seconds:
        columns["seconds"] = [f"{seconds:.1f}" for seconds in history.seconds]
    rows = ((epoch_text(epoch), *(texts[row] for texts in columns.values())) for row, epoch in enumerate(history.epoch))
    return Listing(("epoch", *map(right, columns)), rows)


def _time_lines(experiment: Experiment) -> Iterator[str]:
    times = {"created": experiment.created_at, "started": experiment.started_at, "ended": experiment.ended_at}
    for name, time in times.items():
        if time is not None:
            yield f"{name:<9} {time_text(time)}"


def _metric_lines(experiment: Experiment) -> Iterator[str]:
    best = experiment.best
    if best:
        yield f"best      {best.metric} {metric_text(best.value)} in epoch {best.epoch + 1}"
    if experiment.published_epoch is not None:
        yield f"published epoch {epoch_text(experiment.published_epoch)}: {metrics_text(experiment.published_metrics)}"
    elif experiment.last_metrics:
        yield f"last      {metrics_text(experiment.last_metrics)}"
    if experiment.test_metrics:
        peeks = f"  (looked at {count_text(experiment.peeks, 'time')})" if experiment.peeks else ""
        yield f"test      {metrics_text(experiment.test_metrics)}{peeks}"
    elif experiment.test_hidden:
        yield "test      hidden until revealed"


def _reason(experiment: Experiment) -> str:
    stop = experiment.stop_reason
    if experiment.error and experiment.status != "succeeded":
        return f": {experiment.error.message}"
    return f" ({stop.replace('_', ' ')})" if stop and stop != experiment.status else ""


def _progress_text(progress: Progress) -> str:
    if progress.phase != "training":
        return progress.phase
    position = f"epoch {progress.epoch + 1}/{progress.epochs}, step {progress.step}/{progress.steps_per_epoch}"
    return ", ".join(filter(None, (position, pace_text(progress.steps_per_second, progress.eta_seconds))))
