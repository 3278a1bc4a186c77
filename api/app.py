"""The API's composition root, which api/server.py serves."""

import asyncio
import gc
import logging
import os
import sys
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline

from analysis.comparison.pairing import NotComparable
from analysis.plots.preview_samples import NoImages
from api import openapi
from api.access import open_access, undeclared
from api.browsers import BrowserRules
from api.compression import Compressed
from api.content import PROBLEMS
from api.cores import usable_cores
from api.dependencies import Services
from api.errors import Problems
from api.improvements import Improvements
from api.metrics import Metrics
from api.middleware import HeadAsGet, KnownPaths, TimedRequests
from api.paths import Paths
from api.periodic import stop_all
from api.processes import Sibling
from api.routes import (
    assignments,
    batch_predictions,
    bundles,
    classes,
    comparisons,
    corrections,
    datasets,
    diagnosis,
    evaluations,
    events,
    experiment_files,
    experiment_lists,
    experiments,
    explanations,
    groups,
    histories,
    improvements,
    keys,
    login,
    models,
    open_inference,
    operations,
    owners,
    page,
    plots,
    predictions,
    pruning,
    queue,
    reports,
    result_plots,
    results,
    sweeps,
    tensorboard,
    tensorflow_serving,
    webhooks,
)
from api.upkeep import list_upkeep
from api.webhooks.deliverer import Deliverer
from api.webhooks.sender import Sender
from api.wire.bad_request import BadRequest
from api.wire.batches import Batches, BatchLimits
from api.wire.caching import RenderCache
from api.wire.explaining import Explaining
from api.wire.fast_predict import PlainPredict, Shortcut
from api.wire.page import Page
from api.wire.predict import PredictEndpoint
from api.wire.query import check_query
from archives.errors import InvalidArchive
from imaging.errors import ImageError
from models_store.automatic_retention import AutomaticRetention
from models_store.errors import StoreError
from models_store.files import PRIVATE_UMASK
from models_store.owners.quota import Quota
from models_store.predictions.recent import FOLDER as PREDICTIONS
from models_store.predictions.recent import RecentPredictions
from models_store.retention import Retention
from models_store.store import open_store
from serving.admission import AdmissionControl
from serving.batching import Batcher
from serving.drift import Baselines
from serving.errors import ServingError
from serving.explanations.explainer import Explainer
from serving.explanations.turns import Turns
from serving.loaded_models import LoadedModels
from serving.predictor import Predictor
from serving.registry import Registry
from settings import VERSION, Settings
from specs.errors import SpecsError

ROUTES = (
    datasets,
    experiment_lists,
    experiments,
    histories,
    tensorboard,
    pruning,
    groups,
    experiment_files,
    sweeps,
    events,
    diagnosis,
    comparisons,
    results,
    evaluations,
    models,
    improvements,
    bundles,
    predictions,
    batch_predictions,
    explanations,
    corrections,
    plots,
    result_plots,
    reports,
    operations,
    queue,
    webhooks,
    keys,
    login,
    owners,
    classes,
    assignments,
    page,
    tensorflow_serving,
    open_inference,
)
_DOMAIN_ERRORS = (
    SpecsError,
    ImageError,
    StoreError,
    InvalidArchive,
    NotComparable,
    NoImages,
    ServingError,
    BadRequest,
)
# Also bounds the memory of decoded images: a large one takes 100 MB for a moment.
_PREPARING_THREADS = 4
# For predictions that other processes have not written.
_LOOKING_THREADS = 4
# Each holds a few decoded images, and up to TRAINYARD_MAX_BATCH_BYTES of the disk.
_BATCHES = 4
log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None, sibling: Sibling | None = None) -> FastAPI:
    """Build the application, as a `sibling` of others on one port or alone. Settings are read from the environment
    unless given. Redis need not be up."""
    os.umask(PRIVATE_UMASK)
    settings = settings or Settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    app = FastAPIOffline(
        title="Trainyard",
        version=VERSION,
        description="POST an experiment, watch it learn, see how good it is, send it an image.",
        responses=PROBLEMS,
        dependencies=[Depends(check_query)],
        generate_unique_id_function=openapi.operation_id,
        # Looking for a listener takes longer than all middleware; measurements are at /metrics.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    paths = Paths([*app.routes, *(route for module in ROUTES for route in module.router.routes)])
    services, problems = _services(settings, sibling), Problems(_DOMAIN_ERRORS, paths)
    app.state.services = services
    app.add_middleware(Compressed)
    app.add_middleware(HeadAsGet)
    app.add_middleware(KnownPaths, paths=paths, problems=problems)
    problems.install(app)
    openapi.install(app)
    for module in ROUTES:
        if open_to_all := undeclared(module.router.routes):
            raise TypeError(f"{module.__name__} does not declare who may call {', '.join(open_to_all)}; see api.access")
        app.include_router(module.router)
    predict = problems.wrap(PlainPredict(services.predict, services.access))
    # Around FastAPI's own middleware, which answers unexpected errors: pages of other origins can read these answers,
    # too, and predictions do not pass what they do not need.
    shortcut = Shortcut(app.build_middleware_stack(), predict)
    app.middleware_stack = TimedRequests(
        BrowserRules(shortcut, settings.hosts, settings.cors_origins), services.metrics
    )
    return app


def _services(settings: Settings, sibling: Sibling | None) -> Services:
    # Threads of one of several processes; there is a core for each process.
    cores = max(1, usable_cores() // (sibling.count if sibling else 1))
    where, quota = (settings.store_dir, settings.redis_url), Quota(**settings.quota)
    store = open_store(*where, settings.lease_seconds, settings.max_attempts, "api", quota, settings.private)
    loaded = LoadedModels(store.models, settings.inference_threads, settings.max_loaded_bytes)
    registry = Registry(store.models, store.known_datasets, loaded)
    recent = RecentPredictions(
        settings.store_dir / PREDICTIONS, settings.prediction_seconds, settings.max_prediction_bytes
    )
    recent.prepare()
    metrics = Metrics(store, sibling)
    access, sign_in = open_access(settings, store, metrics)
    batcher = Batcher(max(1, cores // settings.inference_threads))
    admission = AdmissionControl(settings.max_waiting_images, settings.max_waiting_bytes)
    preparing = CapacityLimiter(_PREPARING_THREADS)
    explaining = Explaining(Explainer(batcher, preparing), access, store.quotas, Turns())
    predictor = Predictor(registry, batcher, recent, store.traffic, settings.max_image_pixels, preparing)
    return Services(
        settings=settings,
        store=store,
        access=access,
        sign_in=sign_in,
        registry=registry,
        metrics=metrics,
        renders=RenderCache(),
        recent=recent,
        batcher=batcher,
        admission=admission,
        preparing=preparing,
        looking=CapacityLimiter(_LOOKING_THREADS),
        predict=PredictEndpoint(predictor, explaining, admission, metrics, store.quotas),
        page=Page(),
        retention=AutomaticRetention(
            store,
            Retention(settings.retention_days, settings.retention_count, settings.retention_bytes),
            settings.retention_seconds,
        ),
        improvements=Improvements(store, registry),
        baselines=Baselines(store.experiments),
        explaining=explaining,
        batches=Batches(predictor, metrics, store.quotas, settings.store_dir, _batch_limits(settings, cores)),
    )


def _batch_limits(settings: Settings, cores: int) -> BatchLimits:
    return BatchLimits(
        settings.max_batch_bytes,
        settings.max_batch_images,
        settings.max_dataset_bytes,
        settings.max_image_pixels,
        _BATCHES,
        # The other half of the cores is for single images.
        max(1, cores // 2),
    )


def warn_of_server(modules: Container[str]) -> None:
    """Log a warning if Uvicorn's are among the loaded `modules`, but not the protocol that it should run with: Uvicorn
    imports it before it starts the application."""
    if "uvicorn.server" in modules and "api.http_protocol" not in modules:
        log.warning(
            "requests that offer an upgrade, as of Java and `curl --http2`, lose their body; start Uvicorn with "
            "`--http api.http_protocol:HttpProtocol`, or `python -m api.server`"
        )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    warn_of_server(sys.modules)
    services: Services = app.state.services
    store, sender = services.store, Sender(services.settings.webhook_private_addresses)
    deliverer = Deliverer(store, sender, services.settings.webhook_retry_seconds)
    upkeep = list_upkeep(services, deliverer)
    for periodic in upkeep:
        periodic.start()
    store.feed.start()
    renewing = asyncio.create_task(store.open_streams.renew_forever())
    # A full garbage collection walks every live object: with all that was imported that is a pause of a tenth of a
    # second, now and then under load. Frozen objects are left out.
    gc.freeze()
    yield
    gc.unfreeze()
    renewing.cancel()
    await store.feed.stop()
    await to_thread.run_sync(stop_all, upkeep)
    # First what would be lost: who waits for this process kills it after a while.
    await to_thread.run_sync(services.recent.flush)
    await to_thread.run_sync(store.flush_counts)
    await to_thread.run_sync(store.reconciler.resign)
    await to_thread.run_sync(deliverer.close)
    services.batcher.close()
    await store.changes.close()
    await store.rate_limiter.close()
    store.close()
