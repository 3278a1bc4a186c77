"""`POST /predict`: what is on these pictures?"""

import time
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from api import examples
from api.dependencies import RegistryDep, SettingsDep
from api.pictures import SentPicture, read_pictures
from api.serving.registry import Registry
from api.serving.served_model import Guess, ServedModel
from imaging.decode import decode
from imaging.errors import PictureError
from imaging.resize import to_array
from models_store.records import Record
from specs.dataset import DatasetName

router = APIRouter(tags=["predictions"])
PICTURE_BYTES = 10_000_000


class AnsweringModel(BaseModel):
    """The model that answered. `accuracy` is that on the test part."""

    experiment_id: str
    dataset: str
    name: str
    accuracy: float | None
    val_accuracy: float | None


class TopClass(BaseModel):
    label: str
    index: int
    probability: float


class Prediction(BaseModel):
    filename: str
    top: list[TopClass]


class Predictions(BaseModel):
    model: AnsweringModel
    predictions: list[Prediction]
    duration_ms: float


@router.post(
    "/predict",
    max_body_size=PICTURE_BYTES,
    openapi_extra=examples.PICTURE_BODY,
    responses={200: {"content": examples.PREDICTIONS}},
)
async def predict(
    request: Request,
    registry: RegistryDep,
    settings: SettingsDep,
    dataset: Annotated[DatasetName | None, Query(description="the best model of this data set")] = None,
    experiment: Annotated[str | None, Query(max_length=26, description="the model of this experiment")] = None,
    top: Annotated[int, Query(ge=1, le=1000, description="how many classes to name")] = 3,
) -> Predictions:
    """Name the most probable classes of each picture: a form with `file` (one or many), one raw picture, or JSON
    with base64. The best model by validation accuracy answers, unless `dataset` or `experiment` names another.
    """
    started = time.perf_counter()
    with request.app.state.metrics.counted_prediction() as counted:
        pictures = await read_pictures(request)
        # Threads of their own: neither decoding nor a store that waits for Redis takes the other's.
        model, predictions = await to_thread.run_sync(
            _answer,
            registry,
            dataset,
            experiment,
            pictures,
            settings.max_image_pixels,
            top,
            limiter=request.app.state.predicting,
        )
        counted.model = model.info.dataset
    return Predictions(
        model=described(model.record),
        predictions=predictions,
        duration_ms=round((time.perf_counter() - started) * 1000, 3),
    )


def described(record: Record) -> AnsweringModel:
    return AnsweringModel(
        experiment_id=record.id,
        dataset=record.dataset,
        name=record.name,
        accuracy=record.test_metrics.get("accuracy"),
        val_accuracy=record.validation_metrics.get("val_accuracy"),
    )


def _answer(
    registry: Registry,
    dataset: str | None,
    experiment: str | None,
    pictures: list[SentPicture],
    max_pixels: int,
    top: int,
) -> tuple[ServedModel, list[Prediction]]:
    """Decode and answer, all with one model, however many promotions come meanwhile."""
    model = registry.get(dataset, experiment)
    predictions = []
    for picture in pictures:
        try:
            array = to_array(decode(picture.data, max_pixels), model.info.image_shape, model.info.resize)
        except PictureError as error:
            raise type(error)(f"{picture.filename[:100]}: {error}") from error
        (guesses,) = model.top(array[None], top)
        predictions.append(Prediction(filename=picture.filename, top=[_named(guess) for guess in guesses]))
    return model, predictions


def _named(guess: Guess) -> TopClass:
    return TopClass(label=guess.label, index=guess.index, probability=round(guess.probability, 6))
