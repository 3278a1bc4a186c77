"""A record in words."""

from collections.abc import Iterator

from trainyard.cli.output import metric_text, metrics_text
from trainyard.cli.training_view import pace_text, planned_epochs
from trainyard.client import JsonObject


def outcome_lines(record: JsonObject) -> Iterator[str]:
    """How it ended and what came out."""
    yield f"{record['status']} after {record['epochs_completed']} epochs{_reason(record)}"
    yield from _metric_lines(record)


def record_lines(record: JsonObject) -> Iterator[str]:
    """All that a reader wants to know of it first; the spec is left to --json."""
    yield f"{record['name']} on {record['dataset']}"
    yield f"id        {record['id']}"
    yield f"status    {record['status']}{_reason(record)}"
    if record.get("queue_position"):
        yield f"queue     place {record['queue_position']}"
    if record.get("tags"):
        yield f"tags      {', '.join(record['tags'])}"
    if record.get("based_on"):
        yield f"based on  {record['based_on']}"
    if record.get("transferred_layers"):
        layers = len(record["transferred_layers"])
        yield f"weights   {layers} {'layer' if layers == 1 else 'layers'} of {record['spec']['model']['weights_from']}"
    yield f"attempts  {record['attempts']}"
    for name in ("created", "started", "ended"):
        if record.get(f"{name}_at"):
            yield f"{name:<9} {record[f'{name}_at']}"
    yield f"epochs    {record['epochs_completed']} of {planned_epochs(record) or 'unknown'}"
    if record.get("progress"):
        yield f"progress  {_progress_text(record['progress'])}"
    yield from _metric_lines(record)
    if record.get("damaged"):
        yield f"damaged   {', '.join(record['damaged'])}"


def _metric_lines(record: JsonObject) -> Iterator[str]:
    best = record.get("best")
    if best:
        yield f"best      {best['metric']} {metric_text(best['value'])} in epoch {best['epoch'] + 1}"
    if record.get("last_metrics"):
        yield f"last      {metrics_text(record['last_metrics'])}"
    if record.get("test_metrics"):
        yield f"test      {metrics_text(record['test_metrics'])}"


def _reason(record: JsonObject) -> str:
    error, stop = record.get("error"), record.get("stop_reason")
    if error and record["status"] != "succeeded":
        return f": {error['message']}"
    return f" ({str(stop).replace('_', ' ')})" if stop and stop != record["status"] else ""


def _progress_text(progress: JsonObject) -> str:
    if progress["phase"] != "training":
        return str(progress["phase"])
    place = f"epoch {progress['epoch'] + 1}/{progress['epochs']}, step {progress['step']}/{progress['steps_per_epoch']}"
    return ", ".join(filter(None, (place, pace_text(progress))))
