"""`POST /predict:batch`: thousands of images in one request."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import StreamingResponse
from starlette.types import Send

from api import content, request_bodies
from api.access import PREDICT
from api.dependencies import BatchesDep
from api.ownership import Owner
from api.wire.predict import DEFAULT, ID_LENGTH, MAX_CLASSES
from serving.predictor import PredictionOptions
from serving.preparation import Prep

router = APIRouter(tags=["predictions"], dependencies=[PREDICT])


async def temporary_file(batches: BatchesDep, owner: Owner) -> AsyncIterator[BinaryIO]:
    """Deleted when the answer has ended, even by an error."""
    with batches.open_file(owner) as file:
        yield file


class Lines(StreamingResponse):
    """Sends lines as they come, and ends the batch when the client leaves."""

    media_type = content.NDJSON

    def __init__(self, lines: AsyncGenerator[bytes, None]) -> None:
        super().__init__(lines)
        self._lines = lines

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._lines):
            await super().stream_response(send)


@router.post(
    "/predict:batch",
    response_class=Response,
    openapi_extra=request_bodies.BATCH,
    responses=content.BATCH_LINES,
)
async def predict_batch(
    request: Request,
    batches: BatchesDep,
    file: Annotated[BinaryIO, Depends(temporary_file)],
    dataset: Annotated[str | None, Query(description="ask the model that serves this dataset")] = None,
    experiment: Annotated[str | None, Query(max_length=ID_LENGTH, description="ask this experiment's model")] = None,
    top: Annotated[int, Query(ge=1, le=MAX_CLASSES, description="number of classes in the answer")] = DEFAULT.top,
    prep: Annotated[
        Prep,
        Query(description="auto: a network of digits receives the digit that was found; none: resize only"),
    ] = DEFAULT.prep,
) -> Response:
    """Classify the images of a zip, tar or tar.gz, sent as the body or in the form field `archive`, or of a form with
    any number of `file`; all by one model.

    Results are streamed as JSON Lines: first the `model`, then for each image in order what `POST /predict` has in
    `predictions`, or its `filename` and the `error` that makes it unreadable; last a line with `done`, which is false,
    with an `error`, if the archive broke off. An answer without that line is incomplete. Files that are not images, by
    their names and first bytes, are skipped.
    """
    lines = await batches.answer(request, file, PredictionOptions(dataset, experiment, top, prep))
    return Lines(lines)
