"""Routes of what experiments differ in."""

from typing import Annotated

from fastapi import APIRouter, Query

from analysis.comparison.answers import Comparison, Lineage
from analysis.comparison.comparison import compared
from analysis.comparison.lineage import lineage_of
from analysis.comparison.results import results_of
from api.dependencies import ExperimentsDep, StoreDep
from api.wire.experiment_ids import Ids
from specs.splits import SplitName

router = APIRouter(tags=["comparison"])
_MAX_FLIPS = 1_000


@router.get("/compare")
def compare_experiments(
    ids: Ids,
    store: StoreDep,
    split: SplitName = "test",
    limit: Annotated[int, Query(ge=0, le=_MAX_FLIPS, description="flipped samples listed, each way")] = 20,
) -> Comparison:
    """Experiments side by side, on the same samples: how their specs differ, their figures, which samples flipped, and
    whether the difference may be chance. Rejected with 409 where they were not asked the same samples."""
    return compared(results_of(ids, store.experiments, split), split, limit, store.known_datasets())


@router.get("/experiments/{experiment_id}/lineage")
def get_lineage(experiment_id: str, experiments: ExperimentsDep) -> Lineage:
    """How it came about: the experiments that `based_on` leads back to, oldest first, with what each changed and what
    that gained, and those that are based on this one."""
    return lineage_of(experiment_id, experiments)
