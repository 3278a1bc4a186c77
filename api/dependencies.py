"""The services of an API process, and the parts of them that routes ask for."""

from dataclasses import dataclass
from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Depends, Header, Query, Request

from analysis.dataset_images import ImageSource
from api.access import Access
from api.improvements import Improvements
from api.metrics import Metrics
from api.oidc.sign_in import SignIn
from api.wire.batches import Batches
from api.wire.body import receive_body
from api.wire.caching import RenderCache, Validators
from api.wire.explaining import Explaining
from api.wire.images import CachedPlots
from api.wire.page import Page
from api.wire.posted_spec import Syntax
from api.wire.predict import PredictEndpoint
from models_store.automatic_retention import AutomaticRetention
from models_store.experiments.store import ExperimentStore
from models_store.predictions.recent import RecentPredictions
from models_store.store import Store
from serving.admission import AdmissionControl
from serving.batching import Batcher
from serving.drift import Baselines
from serving.registry import Registry
from settings import Settings
from specs import limits

_PUBLISHED = "published"  # in the store: memory-mapped copies of the files that Keras publishes
_SYNTAXES: dict[str, Syntax] = {
    "application/json": "json",
    "application/merge-patch+json": "merge-patch",
    "application/yaml": "yaml",
    "application/x-yaml": "yaml",
    "text/yaml": "yaml",
    "text/x-yaml": "yaml",
}


@dataclass(frozen=True)
class Services:
    """Everything that requests share in one process. Built by api/app.py."""

    settings: Settings
    store: Store
    access: Access
    sign_in: SignIn | None
    registry: Registry
    metrics: Metrics
    renders: RenderCache
    recent: RecentPredictions
    batcher: Batcher
    admission: AdmissionControl
    preparing: CapacityLimiter
    looking: CapacityLimiter
    predict: PredictEndpoint
    explaining: Explaining
    batches: Batches
    baselines: Baselines
    page: Page
    retention: AutomaticRetention
    improvements: Improvements


def _services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


# All dependencies are coroutines, because FastAPI runs plain functions in threads. They have none of their own, each of
# which it would solve for each request.
async def get_services(request: Request) -> Services:
    return _services(request)


ServicesDep = Annotated[Services, Depends(get_services)]


async def get_plots(request: Request, validators: Annotated[Validators, Depends()]) -> CachedPlots:
    return CachedPlots(_services(request).renders, validators)


async def get_store(request: Request) -> Store:
    return _services(request).store


async def get_experiments(request: Request) -> ExperimentStore:
    return _services(request).store.experiments


async def get_registry(request: Request) -> Registry:
    return _services(request).registry


async def get_improvements(request: Request) -> Improvements:
    return _services(request).improvements


async def get_recent(request: Request) -> RecentPredictions:
    return _services(request).recent


async def get_predict(request: Request) -> PredictEndpoint:
    return _services(request).predict


async def get_batches(request: Request) -> Batches:
    return _services(request).batches


async def get_baselines(request: Request) -> Baselines:
    return _services(request).baselines


async def get_page(request: Request) -> Page:
    return _services(request).page


async def get_images(request: Request) -> ImageSource:
    services = _services(request)
    settings = services.settings
    cache = settings.store_dir / _PUBLISHED
    return ImageSource(services.store.datasets, settings.datasets_dir, cache, settings.max_image_pixels)


async def get_settings(request: Request) -> Settings:
    return _services(request).settings


async def read_document(request: Request) -> bytes:
    async with _services(request).access.without_place(request.scope):
        return await receive_body(request.scope, request.receive, limits.DOCUMENT_BYTES)


async def get_syntax(content_type: Annotated[str, Header(include_in_schema=False)] = "") -> Syntax | None:
    """The syntax that Content-Type names; None (curl's default, or no header) to detect it from the body."""
    return _SYNTAXES.get(content_type.split(";")[0].strip().lower())


async def judge(
    request: Request,
    judge: Annotated[
        bool, Query(description="answer a rejection with 200: the problem, with the status that it would have")
    ] = False,
) -> None:
    """For routes that can be asked for no more than a judgement: api/errors.py reads what is noted here."""
    request.state.judges = judge


StoreDep = Annotated[Store, Depends(get_store)]
ExperimentsDep = Annotated[ExperimentStore, Depends(get_experiments)]
RegistryDep = Annotated[Registry, Depends(get_registry)]
ImprovementsDep = Annotated[Improvements, Depends(get_improvements)]
RecentDep = Annotated[RecentPredictions, Depends(get_recent)]
PredictDep = Annotated[PredictEndpoint, Depends(get_predict)]
BatchesDep = Annotated[Batches, Depends(get_batches)]
BaselinesDep = Annotated[Baselines, Depends(get_baselines)]
ImagesDep = Annotated[ImageSource, Depends(get_images)]
PageDep = Annotated[Page, Depends(get_page)]
PlotsDep = Annotated[CachedPlots, Depends(get_plots)]
SettingsDep = Annotated[Settings, Depends(get_settings)]
BodyDep = Annotated[bytes, Depends(read_document)]
SyntaxDep = Annotated[Syntax | None, Depends(get_syntax)]
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="the same key and body create one thing only, for a day"),
]
