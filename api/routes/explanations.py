"""`POST /experiments/{id}/explanations`: why its model answers what it does."""

import base64
import time
from functools import partial
from typing import Annotated, Literal

import orjson
from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request, Response

from api import content, request_bodies
from api.access import EXPLAIN, owner_of
from api.dependencies import ImagesDep, ServicesDep
from api.explained_images import check_sent, read_sample, read_sent
from api.results import ClassName
from api.schemas.explanations import ExplanationView
from api.wire.body import receive_body
from api.wire.negotiation import negotiate
from api.wire.parameters import class_index
from api.wire.predict import DEFAULT, MAX_BODY_BYTES
from serving.explanations.explainer import check_explainable
from serving.preparation import Prep
from specs.splits import SplitName

router = APIRouter(tags=["predictions"], dependencies=[EXPLAIN])
_MEDIA_TYPES = {"json": content.JSON, "png": content.PNG}


@router.post(
    "/experiments/{experiment_id}/explanations",
    response_model=ExplanationView,
    openapi_extra=request_bodies.EXPLAINED_IMAGE,
    responses=content.IMAGE,
)
async def create_explanation(
    request: Request,
    experiment_id: str,
    services: ServicesDep,
    images: ImagesDep,
    method: Annotated[Literal["occlusion"], Query(description="how to explain")] = "occlusion",
    index: Annotated[
        int | None, Query(ge=0, description="instead of an image: the number of a sample in `split`")
    ] = None,
    split: Annotated[SplitName, Query(description="the split that `index` counts in")] = "test",
    class_name: Annotated[
        ClassName, Query(alias="class", description="explain this class instead of the answered one")
    ] = None,
    prep: Annotated[
        Prep, Query(description="of an image that is sent, as for `POST /predict`; a sample is as it was in training")
    ] = DEFAULT.prep,
    image_format: Annotated[Literal["json", "png"] | None, Query(alias="format", description="before `Accept`")] = None,
    accept: Annotated[list[str] | None, Header(include_in_schema=False)] = None,
    content_type: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Explain the answer of an experiment's model to one image, sent as for `POST /predict`, or to a sample that it was
    evaluated on, `?split=test&index=5` as in the list of misclassified samples. With `class=4`: what speaks for that
    class.

    `occlusion` hides the image patch by patch (Zeiler and Fergus 2014), and answers how much the probability of the
    class falls at each place. `Accept: image/png`, or `format=png`, gives the map over the image. Counts as 20
    predictions.
    """
    started = time.perf_counter()
    wanted = _MEDIA_TYPES.get(image_format or "")
    media_type, headers = (wanted, {}) if wanted else negotiate(",".join(accept or ()), [content.JSON, content.PNG])
    owner = owner_of(request.scope)
    with services.metrics.counted_prediction() as counted, services.admission.admit(owner) as admission:
        body = await receive_body(request.scope, request.receive, MAX_BODY_BYTES, admission)
        check_sent(body, index)
        get = partial(services.registry.get, None, experiment_id)
        counted.model = model = await to_thread.run_sync(get, limiter=services.preparing)
        check_explainable(model.info)
        explained = class_index(class_name, model.info.labels)
        admission.add_request(1)
        if index is None:
            read = partial(read_sent, content_type, body, model.info, services.settings.max_image_pixels, prep)
        else:
            read = partial(read_sample, services.store, images, experiment_id, split, index, model.info)
        pixels = await to_thread.run_sync(read, limiter=services.preparing)
        explanation = await services.explaining.occlude_class(request.scope, admission, model, pixels, explained)
    if media_type == content.PNG:
        return Response(base64.b64decode(explanation.image.partition(",")[2]), media_type=media_type, headers=headers)
    answer = {"model": model.description, "explanation": explanation}
    milliseconds = round((time.perf_counter() - started) * 1000, 3)
    return Response(orjson.dumps({**answer, "duration_ms": milliseconds}), media_type=media_type, headers=headers)
