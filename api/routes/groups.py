"""`/groups`: experiments that are trained several times, with other seeds."""

from fastapi import APIRouter, Response

from analysis.groups import GroupView, group_view
from api import content
from api.access import READ
from api.dependencies import StoreDep
from api.wire.caching import ValidatorsDep, conditional

router = APIRouter(tags=["experiments"], dependencies=[READ])


@router.get("/groups/{group_id}", response_model=GroupView, responses=content.or_not_modified({}))
def get_group(group_id: str, store: StoreDep, validators: ValidatorsDep) -> Response:
    """Get the repeats of an experiment (`POST /experiments?repeats=5`): each training, and of every metric the mean,
    standard deviation and 95 % confidence interval. `GET /experiments?group=ID` lists their records."""
    view = group_view(store.groups.members(group_id))
    return conditional(view.model_dump_json(), content.JSON, validators)
