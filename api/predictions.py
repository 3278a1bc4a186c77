"""`POST /predict`: what is on these pictures?"""

import time
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Query, Request
from numpy.typing import NDArray
from pydantic import BaseModel

from api import examples
from api.dependencies import RegistryDep, SettingsDep
from api.pictures import BadRequestBody, SentFeatures, SentPicture, read_samples
from api.serving.registry import Registry
from api.serving.served_model import Guess, ServedModel
from imaging.decode import decode
from imaging.errors import PictureError
from imaging.resize import to_array
from models_store.records import Record
from models_store.serving_info import ServingInfo

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
    dataset: Annotated[str | None, Query(description="the best model of this data set")] = None,
    experiment: Annotated[str | None, Query(max_length=26, description="the model of this experiment")] = None,
    top: Annotated[int, Query(ge=1, le=1000, description="how many classes to name")] = 3,
) -> Predictions:
    """Name the most probable classes of each picture: a form with `file` (one or many), one raw picture, or JSON
    with base64. Where a data set has numbers and no pictures, as blobs, send them as JSON: `{"features": [1.5, -2]}`,
    or a list of such rows. The best model by validation accuracy answers, unless `dataset` or `experiment` names
    another.
    """
    started = time.perf_counter()
    with request.app.state.metrics.counted_prediction() as counted:
        samples = await read_samples(request)
        # Threads of their own: neither decoding nor a store that waits for Redis takes the other's.
        model, predictions = await to_thread.run_sync(
            _answer,
            registry,
            dataset,
            experiment,
            samples,
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
    samples: Sequence[SentPicture | SentFeatures],
    max_pixels: int,
    top: int,
) -> tuple[ServedModel, list[Prediction]]:
    """Decode and answer, all with one model, however many promotions come meanwhile."""
    model = registry.get(dataset, experiment, pictures=isinstance(samples[0], SentPicture))
    arrays = (_array(sample, model.info, max_pixels) for sample in samples)
    predictions = [
        Prediction(filename=sample.filename, top=[_named(guess) for guess in model.top(array[None], top)[0]])
        for sample, array in zip(samples, arrays, strict=True)
    ]
    return model, predictions


def _array(sample: SentPicture | SentFeatures, info: ServingInfo, max_pixels: int) -> NDArray[np.uint8 | np.float32]:
    match sample, info.image_shape:
        case SentPicture(), (height, width, channels):
            try:
                return to_array(decode(sample.data, max_pixels), (height, width, channels), info.resize)
            except PictureError as error:
                raise type(error)(f"{sample.filename[:100]}: {error}") from error
        case SentFeatures(values=values), (features,) if len(values) == features:
            return np.array(values, dtype=np.float32)
        case _:
            raise BadRequestBody(f"{sample.filename[:100]}: {_misdirected(sample, info)}")


def _misdirected(sample: SentPicture | SentFeatures, info: ServingInfo) -> str:
    received = f"{len(sample.values)} numbers" if isinstance(sample, SentFeatures) else "a picture"
    if info.takes_pictures:
        return f"the model of {info.dataset} takes pictures, received {received}; send one by curl -F file=@seven.png"
    features = info.image_shape[0]
    row = ", ".join(["1.5"] * features)
    return (
        f"the model of {info.dataset} takes {features} numbers a sample, received {received}; send JSON such as "
        f'{{"features": [{row}]}} or a list of such rows, with Content-Type: application/json'
    )


def _named(guess: Guess) -> TopClass:
    return TopClass(label=guess.label, index=guess.index, probability=round(guess.probability, 6))
