"""What routes are given, as type aliases."""

from typing import Annotated, cast

from fastapi import Depends, Header, Request

from api.wire.predictor import Predictor
from api.wire.spec_document import Syntax
from models_store.experiments.store import ExperimentStore
from models_store.predictions.recent import RecentPredictions
from models_store.store import Store
from serving.registry import Registry
from settings import Settings
from specs import limits

SPEC_BYTES = limits.DOCUMENT_BYTES
_SYNTAXES: dict[str, Syntax] = {
    "application/json": "json",
    "application/merge-patch+json": "merge-patch",
    "application/yaml": "yaml",
    "application/x-yaml": "yaml",
    "text/yaml": "yaml",
    "text/x-yaml": "yaml",
}


# All of them are coroutines, so that none waits for a thread.
async def get_store(request: Request) -> Store:
    return cast(Store, request.app.state.store)


async def get_experiments(request: Request) -> ExperimentStore:
    return cast(Store, request.app.state.store).experiments


async def get_registry(request: Request) -> Registry:
    return cast(Registry, request.app.state.registry)


async def get_recent(request: Request) -> RecentPredictions:
    return cast(RecentPredictions, request.app.state.recent)


async def get_predictor(request: Request) -> Predictor:
    return cast(Predictor, request.app.state.predictor)


async def get_settings(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


async def read_body(request: Request) -> bytes:
    return await request.body()


async def get_syntax(content_type: Annotated[str, Header()] = "") -> Syntax | None:
    """What the sender says the body is; None (curl's default, or nothing) means: see for yourself."""
    return _SYNTAXES.get(content_type.split(";")[0].strip().lower())


StoreDep = Annotated[Store, Depends(get_store)]
ExperimentsDep = Annotated[ExperimentStore, Depends(get_experiments)]
RegistryDep = Annotated[Registry, Depends(get_registry)]
RecentDep = Annotated[RecentPredictions, Depends(get_recent)]
PredictorDep = Annotated[Predictor, Depends(get_predictor)]
SettingsDep = Annotated[Settings, Depends(get_settings)]
BodyDep = Annotated[bytes, Depends(read_body)]
SyntaxDep = Annotated[Syntax | None, Depends(get_syntax)]
