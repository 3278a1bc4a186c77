"""`/models`: what serves, and why. `/presets`: experiments to start from."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import examples
from api.dependencies import RegistryDep, StoreDep
from api.predictions import AnsweringModel, described
from api.serving.registry import UnknownDataset
from models_store.errors import NotFound
from specs.dataset import unknown_dataset
from specs.experiment import parse_spec
from specs.presets import PRESETS

router = APIRouter(tags=["models"])


@router.get("/models", responses={200: {"content": examples.MODELS}})
def list_models(registry: RegistryDep) -> dict[str, Any]:
    """The models that serve now, one for each data set."""
    return {
        "items": [described(model.record).model_dump() for model in registry.served()],
        "next_cursor": None,
    }


@router.get("/models/best", responses={200: {"content": examples.BEST_MODEL}})
def get_best_model(
    store: StoreDep,
    dataset: Annotated[str | None, Query(description="of all data sets if left out")] = None,
) -> AnsweringModel:
    """The published model with the highest validation accuracy; of equal ones, the one with the lower validation
    loss. Models that know only some classes of their data set come last. The test part never decides."""
    record = store.models.best([dataset] if dataset else store.models.datasets())
    if record is None:
        if dataset and dataset not in (known := store.known_datasets()):
            raise UnknownDataset(unknown_dataset(dataset, known))
        raise NotFound(f"no experiment on {dataset or 'any data set'} has succeeded yet")
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
