"""`/models`: what serves, and why. `/presets`: experiments to start from."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.dependencies import SPEC_BYTES, BodyDep, RegistryDep, StoreDep, SyntaxDep
from api.schemas import examples
from models_store.errors import NotFound
from serving.answering_model import AnsweringModel, described
from serving.registry import UnknownDataset
from serving.status import Standing
from specs.dataset import unknown_dataset
from specs.document import parse_document
from specs.experiment import parse_spec
from specs.presets import PRESETS
from specs.serving import parse_serving

router = APIRouter(tags=["models"])
_NOTHING = {"experiment_id": None, "name": None, "accuracy": None, "val_accuracy": None}


class RefusedModel(BaseModel):
    """A model that could not serve; `experiment_id` is null where the pin itself is damaged."""

    experiment_id: str | None
    reason: str


class ServingModel(BaseModel):
    """What serves a dataset, and why.

    `policy` is what is asked for: the model that is `pinned`, or the `best`. What cannot serve is in `rejected`; then
    the model of before goes on, and after a restart the best of those that are sound. The first members are those of
    the model that serves, null if none can.
    """

    dataset: str
    experiment_id: str | None
    name: str | None
    accuracy: float | None
    val_accuracy: float | None
    policy: Literal["pinned", "best"]
    pinned_experiment_id: str | None
    pinned_at: datetime | None
    rejected: list[RefusedModel]


class ServingModels(BaseModel):
    items: list[ServingModel]
    next_cursor: None = None


@router.get("/models", responses={200: {"content": examples.MODELS}})
def list_models(registry: RegistryDep) -> ServingModels:
    """For each dataset the model that serves now, and why: it is pinned, or the best. Models that are damaged are
    named with what is wrong with them."""
    return ServingModels(items=[_serving(standing) for standing in registry.standings()])


@router.put(
    "/models/serving/{dataset}",
    max_body_size=SPEC_BYTES,
    openapi_extra=examples.SERVING_BODY,
    responses={200: {"content": examples.SERVING_MODEL}},
)
def put_serving_model(
    dataset: str, body: BodyDep, syntax: SyntaxDep, store: StoreDep, registry: RegistryDep
) -> ServingModel:
    """Pin a model to a dataset, so that it answers for it whatever is better: `{"experiment_id": "..."}`; or go back
    to the best: `{"policy": "best"}`. Here it holds at once, in other API processes within a second, and it outlasts
    restarts.

    A model is read, loaded and asked before it is pinned. Rejected with 409, and nothing changes: one that has not
    succeeded, one of another dataset, and one that is damaged.
    """
    if dataset not in (known := store.known_datasets()):
        raise NotFound(unknown_dataset(dataset, known))
    wanted = parse_serving(parse_document(body, None if syntax == "merge-patch" else syntax))
    if wanted.experiment_id is not None:
        registry.pin(dataset, wanted.experiment_id)
    else:
        registry.unpin(dataset)
    return _serving(registry.standing(dataset))


def _serving(standing: Standing) -> ServingModel:
    model = described(standing.serving).model_dump() if standing.serving else _NOTHING
    return ServingModel(
        **{**model, "dataset": standing.dataset},
        policy="pinned" if standing.pin else "best",
        pinned_experiment_id=standing.pin.experiment_id if standing.pin else None,
        pinned_at=standing.pin.pinned_at if standing.pin else None,
        rejected=[RefusedModel(experiment_id=each.experiment_id, reason=each.reason) for each in standing.rejected],
    )


@router.get("/models/best", responses={200: {"content": examples.BEST_MODEL}})
def get_best_model(
    store: StoreDep,
    dataset: Annotated[str | None, Query(description="of all datasets if left out")] = None,
) -> AnsweringModel:
    """The published model with the highest validation accuracy; of equal ones, the one with the lower validation
    loss. Models that know only some classes of their dataset come last. The test split never decides."""
    record = store.models.best([dataset] if dataset else store.models.datasets())
    if record is None:
        if dataset and dataset not in (known := store.known_datasets()):
            raise UnknownDataset(unknown_dataset(dataset, known))
        raise NotFound(f"no experiment on {dataset or 'any dataset'} has succeeded yet")
    return described(record)


@router.get("/presets", tags=["experiments"], responses={200: {"content": examples.PRESETS_PAGE}})
def list_presets() -> dict[str, Any]:
    """Whole experiments to take and change: `POST` a preset's `spec` as it is, or with your own values in it."""
    items = [
        {
            "name": preset.name,
            "title": preset.title,
            "source": preset.source,
            "parameters": parse_spec(preset.spec, preset.datasets).network().parameters.total,
            "spec": preset.spec,
        }
        for preset in PRESETS.values()
    ]
    return {"items": items, "next_cursor": None}
