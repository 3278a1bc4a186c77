"""`GET /experiments/{id}/diagnosis`."""

from fastapi import APIRouter
from pydantic import BaseModel

from analysis.diagnosis.diagnosis import diagnose
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.run import Run
from api.dependencies import StoreDep
from models_store.errors import NotFound
from models_store.evaluations.evaluation import Evaluations
from models_store.experiments.record import Status
from models_store.experiments.store import ExperimentStore

router = APIRouter(tags=["experiments"])


class Diagnosis(BaseModel):
    """All findings, what matters most first; there is always one, if only that nothing is wrong."""

    items: list[Finding]
    next_cursor: None = None


@router.get("/experiments/{experiment_id}/diagnosis")
def get_diagnosis(experiment_id: str, store: StoreDep) -> Diagnosis:
    """What the history and the evaluation say: rules with their evidence, a sentence, and where a change is likely to
    help, a merge patch that can be posted to /experiments as it is. Also while it runs."""
    record = store.experiments.get(experiment_id)
    run = Run(
        experiment_id=record.id,
        spec=store.spec_of(record),
        points=store.experiments.history(experiment_id).points,
        evaluations=_evaluations(store.experiments, record.id),
        has_ended=record.status.is_terminal,
        stop_reason=record.stop_reason,
        failure=record.error.type if record.error and record.status is Status.FAILED else None,
    )
    return Diagnosis(items=diagnose(run))


def _evaluations(experiments: ExperimentStore, experiment_id: str) -> Evaluations:
    """By split; empty before the experiment has succeeded."""
    try:
        return experiments.evaluations(experiment_id)
    except NotFound:
        return {}
