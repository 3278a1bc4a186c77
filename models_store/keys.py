"""Every Redis key, with its type and lifetime.

| key | type | lifetime |
|---|---|---|
| experiment | hash: document, version, indexes, and the token of the attempt that runs | rebuilt from disk |
| progress | string: how far the attempt that runs has come | `CHANGES_SECONDS` after its last report |
| live | string: what the epochs of the attempt that runs have brought | `CHANGES_SECONDS` after its last epoch |
| lease | string: the fencing token of the attempt at a job | `lease_seconds`, renewed by the supervisor |
| history | stream: a point for each epoch, id `<epoch + 1>-0` | while the experiment runs |
| changes | stream, a few entries: the experiment has changed | `CHANGES_SECONDS` after the last change |
| events | stream, the last 20,000: what changed in the store | until Redis is emptied |
| announced | hash: name to the data of its last event, for one kind | until Redis is emptied |
| index | sorted set: ids by an order, for one filter | rebuilt from disk |
| waiting | sorted set: queued experiments by their turn | rebuilt from disk |
| owners | hash: the owner of each experiment that has one | rebuilt from disk |
| needs | hash: what each queued experiment takes of a machine | rebuilt from disk |
| private | hash: the owner of each experiment that is private | rebuilt from disk |
| starts | hash: owner to the number of its last start, of all starts | until Redis is emptied |
| started | string: how many experiments were started | until Redis is emptied |
| sign_in | string: a sign-in that has begun, or has returned | 10 minutes, 1 minute |
| predictions | string: what an owner has asked for on a day | two days |
| complete | string: the index holds all experiments on disk | until Redis is emptied |
| model_indexes | set: the indexes of models, one a dataset and owner of private ones | rebuilt from disk |
| rungs | string: the scores at the rungs of a sweep are complete | `RUNGS_SECONDS` after the last; rebuilt from disk |
| rung | sorted set: trials by score after so many epochs | `RUNGS_SECONDS` after the last; rebuilt from disk |
| shown | hash: version, damage and name of each experiment in the view | rebuilt from disk |
| models | string: when the view of a published model changed last, in microseconds | until Redis is emptied |
| reconciler | string: the process that is elected to sweep | two sweeps and a half, renewed |
| checked | string: how many experiments were compared with disk in this round | until Redis is emptied |
| resent | string: a lost message was sent again | `lease_seconds` |
| workers | hash: worker name to its heartbeat | stale entries are dropped |
| retention_turn | string: a process has pruned by the limits of the settings | `TRAINYARD_RETENTION_SECONDS` |
| retention | string: what that has done | until Redis is emptied |
| traffic | hash: counts of what models were asked and answered, by minute or hour | an hour, a day |
| rate_limit | string: when all requests of a key or an address would have arrived, in microseconds | a minute |
| streams | sorted set: an owner's open streams of events, by the millisecond their lease ends | a minute |
| discarded_messages | string: how many messages of others workers have discarded | until Redis is emptied |
| epoch_durations | hash: how many epochs took how long, and their sum | until Redis is emptied |
"""

TRAININGS = "trainyard.train"
CONVERSIONS = "trainyard.convert"
EVALUATIONS = "trainyard.evaluate"
SWEEPS = "trainyard.sweep"
# The number grows with the content of the index, so that the index of an older version is rebuilt.
COMPLETE = "trainyard:complete:10"
WAITING = "trainyard:waiting"
OWNERS = "trainyard:owners"
PRIVATE = "trainyard:private"
NEEDS = "trainyard:needs"
STARTS = "trainyard:starts"
STARTED = "trainyard:started"
MODEL_INDEXES = "trainyard:model-indexes"
SHOWN = "trainyard:shown"
MODELS = "trainyard:models"
RECONCILER = "trainyard:reconciler"
CHECKED = "trainyard:checked"
WORKERS = "trainyard:workers"
DISCARDED_MESSAGES = "trainyard:discarded-messages"
EPOCH_DURATIONS = "trainyard:epoch-durations:2"
RETENTION_TURN = "trainyard:retention-turn"
RETENTION = "trainyard:retention"
EVENTS = "trainyard:events"
CHANGES_SECONDS = 3600
RUNGS_SECONDS = 7 * 86_400


def experiment(experiment_id: str) -> str:
    return f"trainyard:experiment:{experiment_id}"


def lease(job_id: str) -> str:
    return f"trainyard:lease:{job_id}"


def progress(experiment_id: str) -> str:
    return f"trainyard:progress:{experiment_id}"


def live(experiment_id: str) -> str:
    return f"trainyard:live:{experiment_id}"


def history(experiment_id: str) -> str:
    return f"trainyard:history:{experiment_id}"


def changes(experiment_id: str) -> str:
    return f"trainyard:changes:{experiment_id}"


def announced(kind: str) -> str:
    return f"trainyard:announced:{kind}"


def resent(job_id: str) -> str:
    return f"trainyard:resent:{job_id}"


def traffic(unit: str, number: int) -> str:
    """`unit`: minute or hour; `number` counts them since 1970."""
    return f"trainyard:traffic:{unit}:{number}"


def rate_limit(name: str, subject: str) -> str:
    return f"trainyard:rate-limit:{name}:{subject}"


def streams(owner: str) -> str:
    return f"trainyard:streams:{owner}"


def predictions(owner: str, day: str) -> str:
    return f"trainyard:predictions:{owner}:{day}"


def sign_in(step: str, secret_sha256: str) -> str:
    return f"trainyard:sign-in:{step}:{secret_sha256}"


def rungs(sweep_id: str) -> str:
    return f"trainyard:rungs:{sweep_id}"


def rung(sweep_id: str, epochs: int) -> str:
    return f"trainyard:rung:{sweep_id}:{epochs}"


def index(order: str, filtered_by: str = "all") -> str:
    """`order`: created_at or val_accuracy. `filtered_by`: all, or status=, dataset=, tag=, based_on=, sweep=, group=,
    model=, weights_from= with a value; the last one has those that have not ended, by created_at alone."""
    return f"trainyard:index:{order}:{filtered_by}"


def model_index(dataset: str, private_to: str = "") -> str:
    """Those that are private to an owner have one of their own."""
    return index("val_accuracy", f"model={dataset}{private_to and '@'}{private_to}")


def model_index_dataset(key: str) -> str:
    """The dataset of a `model_index`."""
    return key.removeprefix(model_index("")).partition("@")[0]
