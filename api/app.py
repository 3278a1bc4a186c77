"""The API's composition root: `uvicorn api.app:create_app --factory`."""

import gc
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI

from api import __version__, errors, openapi
from api.metrics import Metrics, TimedRequests
from api.periodic import Periodic
from api.routes import (
    batch_predictions,
    bundles,
    comparisons,
    corrections,
    datasets,
    diagnosis,
    evaluations,
    events,
    experiments,
    models,
    open_inference,
    operations,
    plots,
    predictions,
    reports,
    result_plots,
    results,
    tensorflow_serving,
)
from api.wire.batches import Batches, Limits
from api.wire.fast_predict import PlainPredict, Shortcut
from api.wire.head import HeadLikeGet
from api.wire.predictor import Predictor
from api.wire.render_cache import Rendered
from models_store.predictions.recent import FOLDER as PREDICTIONS
from models_store.predictions.recent import RecentPredictions
from models_store.store import Store, open_store
from serving.admission import Room
from serving.batching import Dispatcher
from serving.loaded_models import LoadedModels
from serving.registry import Registry
from settings import Settings

_ROUTES = (
    datasets,
    experiments,
    events,
    diagnosis,
    comparisons,
    results,
    evaluations,
    models,
    bundles,
    predictions,
    batch_predictions,
    corrections,
    plots,
    result_plots,
    reports,
    operations,
    tensorflow_serving,
    open_inference,
)
_REFRESH_SECONDS = 0.5
_WRITE_SECONDS = 0.5
_COLLECT_SECONDS = 1.0
# Bounds the memory of decoded images, too: a large one takes 100 MB for a moment.
_PREPARING_THREADS = 4
# Each holds a few decoded images, and up to TRAINYARD_MAX_BATCH_BYTES of the disk.
_BATCHES = 4
_SILENCE_SECONDS = 60.0
_DESCRIPTION = "POST an experiment, watch it learn, see how good it is, send it an image."


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application. Settings are read from the environment unless given. Redis need not be up."""
    settings = settings or Settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    store = open_store(settings.store_dir, settings.redis_url, settings.lease_seconds, settings.max_attempts, "api")
    loaded = LoadedModels(store.models, settings.inference_threads, settings.max_loaded_bytes)
    registry = Registry(store.models, store.known_datasets, loaded)
    app = FastAPI(
        title="Trainyard",
        version=__version__,
        description=_DESCRIPTION,
        responses=errors.PROBLEM_RESPONSES,
        # Looking for somebody who listens takes longer than all middleware; what is measured is at /metrics.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=_lifespan,
    )
    app.state.settings, app.state.store, app.state.registry = settings, store, registry
    app.state.metrics = Metrics(store)
    app.state.rendered = Rendered()
    app.state.recent = RecentPredictions(
        settings.store_dir / PREDICTIONS, settings.prediction_seconds, settings.max_prediction_bytes
    )
    app.state.recent.prepare()
    app.state.dispatcher = Dispatcher(max(1, len(os.sched_getaffinity(0)) // settings.inference_threads))
    app.state.room = Room(settings.max_waiting_images, settings.max_waiting_bytes)
    app.state.preparing = CapacityLimiter(_PREPARING_THREADS)
    predictor = app.state.predictor = Predictor(
        registry,
        app.state.dispatcher,
        app.state.room,
        app.state.metrics,
        app.state.recent,
        settings.max_image_pixels,
        app.state.preparing,
    )
    app.state.batches = Batches(predictor, app.state.metrics, settings.store_dir, _batch_limits(settings))
    app.add_middleware(errors.ProblemsForRejections)
    app.add_middleware(HeadLikeGet)
    app.add_middleware(Shortcut, predict=errors.answered(PlainPredict(predictor)))
    app.add_middleware(TimedRequests, metrics=app.state.metrics)
    errors.install(app)
    openapi.install(app)
    for module in _ROUTES:
        app.include_router(module.router)
    return app


def _batch_limits(settings: Settings) -> Limits:
    return Limits(
        settings.max_batch_bytes,
        settings.max_batch_images,
        settings.max_dataset_bytes,
        settings.max_image_pixels,
        _BATCHES,
        # The other half of the cores is for those who wait for one image.
        max(1, len(os.sched_getaffinity(0)) // 2),
        _SILENCE_SECONDS,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    store: Store = app.state.store
    upkeep = [
        Periodic("reconciler", store.reconciler.sweep, app.state.settings.reconcile_seconds),
        Periodic("promotion", app.state.registry.refresh, _REFRESH_SECONDS),
        Periodic("corrections", store.corrections.collect, _COLLECT_SECONDS),
        Periodic("predictions", app.state.recent.upkeep, _WRITE_SECONDS),
    ]
    for periodic in upkeep:
        periodic.start()
    # A full garbage collection goes through all that lives: with everything that was imported that is a pause of a
    # tenth of a second, now and then under load. What is here by now stays.
    gc.freeze()
    yield
    gc.unfreeze()
    for periodic in upkeep:
        await to_thread.run_sync(periodic.stop)
    await to_thread.run_sync(app.state.recent.flush)
    app.state.dispatcher.close()
    await store.changes.close()
    store.close()
