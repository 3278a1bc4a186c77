"""`POST /predict`: what is on these images?"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.dependencies import PredictorDep
from api.schemas import examples
from api.wire import fast_predict
from api.wire.predictor import DEFAULT, ID_LENGTH, MAX_CLASSES, Asked
from serving.answering_model import AnsweringModel
from serving.preparation import Prep
from serving.served_model import Verdict

router = APIRouter(tags=["predictions"])


class TopClass(BaseModel):
    label: str
    index: int
    probability: float


class Preprocessing(BaseModel):
    """What was done to the image, in order; `image`, what the network saw of it, as a data URL, with `explain`."""

    steps: list[str]
    image: str | None = None


class Prediction(BaseModel):
    """`id` is what `POST /predictions/{id}/label` takes, for as long as the prediction is kept. `margin` is between the
    probabilities of the first two classes.

    `confident`: of such answers on the validation split no more than one of 200 was wrong. `not_a_digit`: what was sent
    to a network of digits shows none; `top` says what it would be if it were one.
    """

    id: str
    filename: str
    top: list[TopClass]
    margin: float
    verdict: Verdict
    preprocessing: Preprocessing


class Predictions(BaseModel):
    model: AnsweringModel
    predictions: list[Prediction]
    duration_ms: float


@router.post(
    fast_predict.PATH,
    response_model=Predictions,
    openapi_extra=examples.IMAGE_BODY,
    responses={200: {"content": examples.PREDICTIONS}},
)
async def predict(
    request: Request,
    predictor: PredictorDep,
    dataset: Annotated[str | None, Query(description="the model that serves this dataset")] = None,
    experiment: Annotated[str | None, Query(max_length=ID_LENGTH, description="the model of this experiment")] = None,
    top: Annotated[int, Query(ge=1, le=MAX_CLASSES, description="how many classes to name")] = DEFAULT.top,
    prep: Annotated[
        Prep,
        Query(description="auto: a network of digits is shown the digit that is found; none: resize only"),
    ] = DEFAULT.prep,
    explain: Annotated[bool, Query(description="show the image that the network saw")] = DEFAULT.explain,
) -> Response:
    """Name the most probable classes of each image: a form with `file` (one or many), one raw image, or JSON
    with base64. Where a dataset has numbers and no images, as blobs, send them as JSON: `{"features": [1.5, -2]}`,
    or a list of such rows. The best model by validation accuracy answers; of a `dataset` the one that serves
    it, which may be pinned; or that of an `experiment`.

    Probabilities are calibrated on the validation split. Where the network knows digits, as those of MNIST and of the
    digits dataset, any image of one will do: dark or light, photographed, ruled, small in a corner. It is found and
    given the form that the network knows, and `verdict` tells what is no digit.

    Each prediction has an `id`: whoever knows better tells it what the image shows.
    """
    answer = await predictor.answer(request.scope, request.receive, Asked(dataset, experiment, top, prep, explain))
    return Response(answer, media_type="application/json")
