"""`POST /predict`: what is on these pictures?"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api import examples, shortcut
from api.dependencies import PredictorDep
from api.predictor import DEFAULT, ID_LENGTH, MOST_CLASSES, Asked
from api.serving.answering import AnsweringModel

router = APIRouter(tags=["predictions"])


class TopClass(BaseModel):
    label: str
    index: int
    probability: float


class Prediction(BaseModel):
    """`id` is what `POST /predictions/{id}/label` takes, for as long as the prediction is kept."""

    id: str
    filename: str
    top: list[TopClass]


class Predictions(BaseModel):
    model: AnsweringModel
    predictions: list[Prediction]
    duration_ms: float


@router.post(
    shortcut.PATH,
    response_model=Predictions,
    openapi_extra=examples.PICTURE_BODY,
    responses={200: {"content": examples.PREDICTIONS}},
)
async def predict(
    request: Request,
    predictor: PredictorDep,
    dataset: Annotated[str | None, Query(description="the model that serves this data set")] = None,
    experiment: Annotated[str | None, Query(max_length=ID_LENGTH, description="the model of this experiment")] = None,
    top: Annotated[int, Query(ge=1, le=MOST_CLASSES, description="how many classes to name")] = DEFAULT.top,
) -> Response:
    """Name the most probable classes of each picture: a form with `file` (one or many), one raw picture, or JSON
    with base64. Where a data set has numbers and no pictures, as blobs, send them as JSON: `{"features": [1.5, -2]}`,
    or a list of such rows. The best model by validation accuracy answers; of a `dataset` the one that serves
    it, which may be pinned; or that of an `experiment`.

    Each prediction has an `id`: whoever knows better tells it what the picture shows.
    """
    answer = await predictor.answer(request.scope, request.receive, Asked(dataset, experiment, top))
    return Response(answer, media_type="application/json")
