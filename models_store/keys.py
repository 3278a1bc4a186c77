"""Every Redis key, with its type and lifetime.

| key | type | lifetime |
|---|---|---|
| experiment | hash: document, version, indexes | as long as the experiment; rebuilt from disk |
| lease | string: the fencing token of the attempt at a job | `lease_seconds`, renewed by the supervisor |
| history | stream: a point for each epoch, id `<epoch + 1>-0` | while the experiment runs |
| changes | stream, a few entries: the experiment has changed | `CHANGES_SECONDS` after the last change |
| index | sorted set: ids by an order, for one filter | rebuilt from disk |
| complete | string: the index holds all experiments on disk | until Redis is emptied |
| model_indexes | set: the indexes of published models, one a dataset | rebuilt from disk |
| reconciler | string: the lock of the process that sweeps | one sweep |
| resent | string: a lost message was sent again | `lease_seconds` |
| workers | hash: worker name to its heartbeat | stale entries are dropped |
| epoch_durations | hash: the buckets of a Prometheus histogram | until Redis is emptied |
"""

TRAININGS = "trainyard.train"
CONVERSIONS = "trainyard.convert"
EVALUATIONS = "trainyard.evaluate"
# The number grows with the content of the index, so that the index of an older version is rebuilt.
COMPLETE = "trainyard:complete:4"
MODEL_INDEXES = "trainyard:model-indexes"
RECONCILER = "trainyard:reconciler"
WORKERS = "trainyard:workers"
EPOCH_DURATIONS = "trainyard:epoch-durations"
CHANGES_SECONDS = 3600


def experiment(experiment_id: str) -> str:
    return f"trainyard:experiment:{experiment_id}"


def lease(job_id: str) -> str:
    return f"trainyard:lease:{job_id}"


def history(experiment_id: str) -> str:
    return f"trainyard:history:{experiment_id}"


def changes(experiment_id: str) -> str:
    return f"trainyard:changes:{experiment_id}"


def resent(job_id: str) -> str:
    return f"trainyard:resent:{job_id}"


def index(order: str, filtered_by: str = "all") -> str:
    """`order`: created_at or val_accuracy. `filtered_by`: all, or status=, dataset=, tag=, based_on=, model= with a
    value."""
    return f"trainyard:index:{order}:{filtered_by}"


def model_index(dataset: str) -> str:
    return index("val_accuracy", f"model={dataset}")


def model_index_dataset(key: str) -> str:
    """The dataset of a `model_index`."""
    return key.removeprefix(model_index(""))
