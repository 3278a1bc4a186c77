"""Routes of comparisons, lineages and reproductions of experiments."""

from typing import Annotated

from fastapi import APIRouter, Query

from analysis.comparison.comparison import Comparison, compare
from analysis.comparison.lineage import Lineage, read_lineage
from analysis.comparison.reproduction import Reproduction, check_reproducible, read_reproduction
from analysis.comparison.results import read_results
from api.access import READ
from api.dependencies import ExperimentsDep, StoreDep
from api.wire.images import sample_url
from api.wire.parameters import ExperimentIds
from models_store.experiments.provenance import Provenance, read_provenance
from specs.splits import SplitName

router = APIRouter(tags=["comparison"], dependencies=[READ])
_MAX_FLIPS = 1_000


@router.get("/compare")
def compare_experiments(
    ids: ExperimentIds,
    store: StoreDep,
    split: SplitName = "test",
    limit: Annotated[int, Query(ge=0, le=_MAX_FLIPS, description="flipped samples listed, each way")] = 20,
) -> Comparison:
    """Compare experiments on the same samples: their specs, their metrics, which samples flipped, and whether the
    difference may be chance. Rejected with 409 if they were not evaluated on the same samples. With different classes,
    they are compared on the common ones."""
    results = read_results(ids, store.experiments, split)
    return compare(results, split, limit, store.known_datasets(), lambda each, row: sample_url(each, split, row))


@router.get("/experiments/{experiment_id}/reproduction")
def get_reproduction(experiment_id: str, experiments: ExperimentsDep) -> Reproduction:
    """Compare an experiment with the one that it reproduces: identical to the bit, within noise, or different, and what
    they were computed with other than each other. 404 if it reproduces none, 409 before it has succeeded."""
    return read_reproduction(experiment_id, experiments)


@router.get("/experiments/{experiment_id}/provenance")
def get_provenance(experiment_id: str, experiments: ExperimentsDep) -> Provenance:
    """Get what a result was computed with and from: versions, device, precision, seed, and digests of data, spec and
    weights."""
    check_reproducible(experiments.get(experiment_id))
    return read_provenance(experiments.artifacts(experiment_id))


@router.get("/experiments/{experiment_id}/lineage")
def get_lineage(experiment_id: str, experiments: ExperimentsDep) -> Lineage:
    """Get the lineage of an experiment: its ancestors by `based_on`, oldest first, with what each changed and what that
    gained, and the experiments that are based on this one."""
    return read_lineage(experiment_id, experiments)
