"""Routes of what experiments differ in."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from api import examples
from api.comparison.answers import Comparison, Lineage
from api.comparison.comparison import compared
from api.comparison.lineage import lineage_of
from api.comparison.results import results_of
from api.dependencies import ExperimentsDep, StoreDep
from models_store.predictions import PartName

router = APIRouter(tags=["comparison"])
_FEWEST, _MOST = 2, 8
_MOST_FLIPS = 1_000


def _separated(values: list[str]) -> list[str]:
    return [each.strip() for value in values for each in value.split(",") if each.strip()]


def _some_different(ids: list[str]) -> list[str]:
    if not _FEWEST <= len(ids) <= _MOST:
        raise PydanticCustomError(
            "ids",
            "expected {fewest} to {most} ids, separated by commas, received {count}",
            {"fewest": _FEWEST, "most": _MOST, "count": len(ids)},
        )
    if len(set(ids)) < len(ids):
        twice = next(each for each in ids if ids.count(each) > 1)
        raise PydanticCustomError("ids", "received {id} twice; name each experiment once", {"id": twice[:50]})
    return ids


Ids = Annotated[
    list[str],
    BeforeValidator(_separated),
    AfterValidator(_some_different),
    Query(description=f"{_FEWEST} to {_MOST} ids, separated by commas; the others are compared with the first"),
]


@router.get("/compare", responses={200: {"content": examples.COMPARISON}})
def get_comparison(
    ids: Ids,
    store: StoreDep,
    part: PartName = "test",
    limit: Annotated[int, Query(ge=0, le=_MOST_FLIPS, description="flipped samples listed, each way")] = 20,
) -> Comparison:
    """Experiments side by side, on the same samples: how their specs differ, their figures, which samples flipped, and
    whether the difference may be chance. Refused with 409 where they were not asked the same samples."""
    return compared(results_of(ids, store.experiments, part), part, limit, store.known_datasets())


@router.get("/experiments/{experiment_id}/lineage", responses={200: {"content": examples.LINEAGE}})
def get_lineage(experiment_id: str, experiments: ExperimentsDep) -> Lineage:
    """How it came about: the experiments that `based_on` leads back to, oldest first, with what each changed and what
    that gained, and those that are based on this one."""
    return lineage_of(experiment_id, experiments)
