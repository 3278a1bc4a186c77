"""`POST /predict:batch`: what is on thousands of images?"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, BinaryIO, cast

from anyio import fail_after
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

from api.schemas import examples
from api.wire.batches import Batches
from api.wire.predictor import DEFAULT, ID_LENGTH, MAX_CLASSES, Asked
from serving.preparation import Prep

router = APIRouter(tags=["predictions"])
log = logging.getLogger(__name__)


async def get_batches(request: Request) -> Batches:
    return cast(Batches, request.app.state.batches)


BatchesDep = Annotated[Batches, Depends(get_batches)]


async def temporary_file(batches: BatchesDep) -> AsyncIterator[BinaryIO]:
    """Closed, and so gone, once the answer has ended, however it ended."""
    with batches.place() as file:
        yield file


class Lines(StreamingResponse):
    """Lines as they come; the end for a client that takes none for `silence_seconds`."""

    media_type = "application/x-ndjson"

    def __init__(self, lines: AsyncGenerator[bytes, None], silence_seconds: float) -> None:
        super().__init__(lines)
        self._lines = lines
        self._silence_seconds = silence_seconds

    async def stream_response(self, send: Send) -> None:
        async def send_soon(message: Message) -> None:
            with fail_after(self._silence_seconds):
                await send(message)

        try:
            async with aclosing(self._lines):
                await super().stream_response(send_soon)
        except TimeoutError:
            log.warning("a batch broke off: its client took nothing for %g s", self._silence_seconds)


@router.post(
    "/predict:batch",
    response_class=Response,
    openapi_extra=examples.BATCH_BODY,
    responses={200: {"description": "A line of JSON for each image.", "content": examples.BATCH_ANSWER}},
)
async def predict_batch(
    request: Request,
    batches: BatchesDep,
    file: Annotated[BinaryIO, Depends(temporary_file)],
    dataset: Annotated[str | None, Query(description="the model that serves this dataset")] = None,
    experiment: Annotated[str | None, Query(max_length=ID_LENGTH, description="the model of this experiment")] = None,
    top: Annotated[int, Query(ge=1, le=MAX_CLASSES, description="how many classes to name")] = DEFAULT.top,
    prep: Annotated[
        Prep,
        Query(description="auto: a network of digits is shown the digit that is found; none: resize only"),
    ] = DEFAULT.prep,
) -> Response:
    """Name the most probable classes of each image of a zip, tar or tar.gz, sent as the body or in the form field
    `archive`, or of a form with any number of `file`; all by one model.

    The answer is a line of JSON each, as soon as it is known: first the `model`, then for each image in order what
    `POST /predict` has in `predictions`, or its `filename` and the `error` that makes it unreadable; at last `done`,
    which is false, with an `error`, where the archive broke off. An answer without that line is not whole. Files that
    are no images, by their names and by how they begin, are skipped.
    """
    lines = await batches.answer(request, file, Asked(dataset, experiment, top, prep))
    return Lines(lines, batches.limits.silence_seconds)
