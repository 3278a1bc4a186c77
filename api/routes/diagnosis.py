"""`GET /experiments/{id}/diagnosis`."""

from fastapi import APIRouter

from analysis.diagnosis.diagnosis import Diagnosis, diagnose
from analysis.diagnosis.training_run import TrainingRun
from api.access import READ
from api.dependencies import StoreDep
from api.results import EvaluationsDep

router = APIRouter(tags=["experiments"], dependencies=[READ])


@router.get("/experiments/{experiment_id}/diagnosis")
def get_diagnosis(experiment_id: str, store: StoreDep, evaluations: EvaluationsDep) -> Diagnosis:
    """Diagnose history and evaluation: each finding has its evidence, a sentence and, if a change is likely to help, a
    merge patch that can be posted to /experiments as it is. Also available while the experiment runs."""
    record = store.experiments.get(experiment_id)
    history = store.experiments.history(experiment_id)
    return diagnose(TrainingRun.of(record, store.spec_of(record), history, evaluations))
