"""Reading what an experiment has so far: results that may not exist yet, or whose dataset was deleted."""

from models_store.errors import NotFound
from models_store.evaluations.evaluation import Evaluations
from models_store.evaluations.predictions import Predictions
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.store import Store
from specs.experiment import ExperimentSpec
from specs.splits import SplitName


def find_spec(record: Record, store: Store) -> ExperimentSpec | None:
    """None if its dataset was deleted. Raises Damaged."""
    try:
        return store.spec_of(record)
    except NotFound:
        return None


def find_evaluations(experiment_id: str, experiments: ExperimentStore) -> Evaluations:
    """Empty before the experiment has succeeded. Raises Damaged."""
    try:
        return experiments.evaluations(experiment_id)
    except NotFound:
        return {}


def find_predictions(experiment_id: str, split: SplitName, experiments: ExperimentStore) -> Predictions | None:
    """None if the experiment kept none of this split. Raises Damaged."""
    try:
        return experiments.predictions(experiment_id, split)
    except NotFound:
        return None
