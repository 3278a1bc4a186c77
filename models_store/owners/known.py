"""Who has something in the store."""

from models_store.connection import require_redis
from models_store.datasets.store import DatasetStore
from models_store.experiments.store import ExperimentStore
from models_store.owners.quota import OwnerStore
from models_store.sweeps.store import SweepStore
from models_store.visibility import seeing_everything


def known_owners(
    owners: OwnerStore, experiments: ExperimentStore, datasets: DatasetStore, sweeps: SweepStore
) -> set[str]:
    """All who have an experiment, a dataset, a sweep or a quota of their own, or have trained. Raises Unavailable if
    Redis, which has the owners of experiments, cannot be reached."""
    with require_redis(), seeing_everything():
        experiments.index.require_complete()
        found = experiments.index.owners()
        found.update(each.owner for each in datasets.records() if each.owner is not None)
        found.update(each.owner for each in sweeps.records() if each.owner is not None)
    return found | owners.names()
