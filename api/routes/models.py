"""`/models`: which model serves each dataset, and why."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import content, request_bodies
from api.access import READ, SERVE, KeyDep
from api.dependencies import BaselinesDep, BodyDep, RegistryDep, StoreDep, SyntaxDep
from api.ownership import OWN_PIN, Owner, check_pin
from api.schemas.models import PromotionList, ServingModel, ServingModelList, ServingTraffic, ServingTrafficList
from api.wire.caching import ValidatorsDep, conditional
from api.wire.posted_spec import parse_posted_document
from models_store.errors import NotFound
from models_store.experiments.record import Record
from models_store.models.traffic import ModelTraffic
from serving.answering_model import AnsweringModel
from serving.errors import UnknownDataset
from specs.dataset import unknown_dataset
from specs.serving import parse_serving

router = APIRouter(tags=["models"])


@router.get("/models", response_model=ServingModelList, responses=content.or_not_modified({}), dependencies=[READ])
def list_models(registry: RegistryDep, validators: ValidatorsDep) -> Response:
    """List for each dataset the model that serves now, and why: it is pinned, or the best. Damaged models are listed
    with what is wrong with them."""
    found = ServingModelList(items=[ServingModel.of(status) for status in registry.statuses()])
    return conditional(found.model_dump_json(), content.JSON, validators)


@router.put("/models/serving/{dataset}", openapi_extra=request_bodies.SERVING, dependencies=[SERVE, OWN_PIN])
def set_serving_model(
    dataset: str, body: BodyDep, syntax: SyntaxDep, store: StoreDep, registry: RegistryDep, owner: Owner, key: KeyDep
) -> ServingModel:
    """Pin a model to a dataset, so that it answers even if others are better: `{"experiment_id": "..."}`; or return to
    the best: `{"policy": "best"}`. It takes effect here at once, in other API processes within a second, and outlasts
    restarts.

    A model is read, loaded and tested before it is pinned. Rejected with 409, and nothing changes: a model that has not
    succeeded, one of another dataset, and one that is damaged.
    """
    if dataset not in (known := store.known_datasets()):
        raise NotFound(unknown_dataset(dataset, known))
    wanted = parse_serving(parse_posted_document(body, syntax, '{"policy": "best"}'))

    def check(record: Record) -> Record:
        check_pin(dataset, store, key)  # loading it takes a while, in which somebody may set another one
        return record

    if wanted.experiment_id is not None:
        registry.pin(dataset, wanted.experiment_id, owner, check)
    else:
        registry.unpin(dataset)
    return ServingModel.of(registry.status(dataset))


@router.get("/models/promotions", dependencies=[READ])
def list_promotions(
    store: StoreDep,
    dataset: Annotated[str | None, Query(description="default: of all datasets")] = None,
) -> PromotionList:
    """List which models have served, since when, and why: pinned, the best, or as a fallback for one that is damaged.
    The newest come first; the last hundred of each dataset are kept."""
    if dataset is not None and dataset not in (known := store.known_datasets()):
        raise NotFound(unknown_dataset(dataset, known))
    return PromotionList(items=store.models.promotions(dataset)[::-1])


@router.get("/models/traffic", dependencies=[READ])
def list_traffic(registry: RegistryDep, store: StoreDep, baselines: BaselinesDep) -> ServingTrafficList:
    """List what the model that serves each dataset was asked and has answered: requests by minute, verdicts, predicted
    classes, and whether these have drifted from those on its validation split. Counted in all API processes, since
    Redis was last emptied."""
    traffic = store.traffic.read()
    items = [
        ServingTraffic.of(record, labels, traffic.get(record.id, ModelTraffic()), baselines.get(record.id))
        for record, labels in registry.serving_labels()
    ]
    return ServingTrafficList(items=items)


@router.get("/models/best", dependencies=[READ])
def get_best_model(
    store: StoreDep,
    dataset: Annotated[str | None, Query(description="default: of all datasets")] = None,
) -> AnsweringModel:
    """Get the published model with the highest validation accuracy; of equal ones, the one with the lower validation
    loss. Models that know only some classes of their dataset come last. The test split never decides.

    Without `dataset` those of private datasets that you may see are considered, too; `POST /predict` without one is
    answered by public models alone."""
    record = store.models.best([dataset] if dataset else store.models.datasets())
    if record is None:
        if dataset and dataset not in (known := store.known_datasets()):
            raise UnknownDataset(unknown_dataset(dataset, known))
        raise NotFound(f"no experiment on {dataset or 'any dataset'} has succeeded yet")
    return AnsweringModel.of(record)
