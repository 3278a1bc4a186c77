"""`POST /predict`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import content, request_bodies
from api.access import PREDICT
from api.dependencies import PredictDep
from api.schemas.predictions import Predictions
from api.wire import fast_predict
from api.wire.predict import DEFAULT, ID_LENGTH, MAX_CLASSES
from serving.predictor import Explain, PredictionOptions
from serving.preparation import Digits, Prep

router = APIRouter(tags=["predictions"], dependencies=[PREDICT])


@router.post(fast_predict.PATH, response_model=Predictions, openapi_extra=request_bodies.IMAGES)
async def predict(
    request: Request,
    endpoint: PredictDep,
    dataset: Annotated[str | None, Query(description="ask the model that serves this dataset")] = None,
    experiment: Annotated[str | None, Query(max_length=ID_LENGTH, description="ask this experiment's model")] = None,
    top: Annotated[int, Query(ge=1, le=MAX_CLASSES, description="number of classes in the answer")] = DEFAULT.top,
    prep: Annotated[
        Prep,
        Query(description="auto: a network of digits receives the digit that was found; none: resize only"),
    ] = DEFAULT.prep,
    explain: Annotated[
        Explain,
        Query(description="true: include the image that the network saw; occlusion: and `explanations` of the answers"),
    ] = DEFAULT.explain,
    digits: Annotated[
        Digits,
        Query(description="many: read a row of digits from left to right; a prediction for each, and `readings`"),
    ] = DEFAULT.digits,
) -> Response:
    """Classify images: a form with `file` (one or many), one raw image, or JSON with base64. Where a dataset has
    numbers instead of images, as blobs, send them as JSON: `{"features": [1.5, -2]}`, or a list of such rows. The best
    model by validation accuracy answers; of a `dataset` the one that serves it, which may be pinned; or that of an
    `experiment`.

    Probabilities are calibrated on the validation split. Where the network knows digits, as those of MNIST and of the
    digits dataset, any image of one will do: dark or light, photographed, ruled, small in a corner. The digit is found
    and brought into the form that the network knows, and `verdict` marks images without a digit or
    with several. A row of digits, as a house number, is read with `digits=many`.

    With `explain=occlusion` there are `explanations`, one for each prediction: how much the probability of the first
    class falls when a patch of the image is hidden, place by place. For images alone, at most 10 in one request; each
    counts as 20 predictions.

    Each prediction has an `id`, with which `POST /predictions/{id}/label` corrects it.
    """
    options = PredictionOptions(dataset, experiment, top, prep, explain, digits)
    answer = await endpoint.answer(request.scope, request.receive, options)
    return Response(answer, media_type=content.JSON)
