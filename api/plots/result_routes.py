"""Routes of pictures of what came out of experiments."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from api import examples
from api.dependencies import ExperimentsDep
from api.plots.rendered import Rendered, key_of
from api.plots.routes import MEDIA_TYPES, Format
from api.plots.runs import run_of

router = APIRouter(tags=["plots"])
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": examples.PLOT},
    304: {"description": "The picture is as it was when it had the ETag in `If-None-Match`."},
}
SkipDep = Annotated[int, Query(ge=0, description="leave out so many epochs at the beginning")]


class Answer:
    """Answers a request with a picture: 304 where the sender has it, the one that was drawn before, or a new one."""

    def __init__(self, request: Request, if_none_match: Annotated[str, Header()] = "") -> None:
        self._rendered: Rendered = request.app.state.rendered
        self._known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}

    def __call__(self, kind: str, picture_format: Format, drawn_from: object, draw: Callable[[], bytes]) -> Response:
        """`drawn_from` is all that `draw` depends on."""
        key = key_of(f"{kind}.{picture_format}", drawn_from)
        headers = {"ETag": f'"{key}"', "Cache-Control": "no-cache"}
        if not self._known.isdisjoint({f'"{key}"', "*"}):
            return Response(status_code=304, headers=headers)
        picture = self._rendered.get(key)
        if picture is None:
            picture = draw()
            self._rendered.put(key, picture)
        return Response(picture, media_type=MEDIA_TYPES[picture_format], headers=headers)


AnswerDep = Annotated[Answer, Depends()]


@router.get(
    "/experiments/{experiment_id}/plots/history.{picture_format}", response_class=Response, responses=_RESPONSES
)
def plot_history(
    experiment_id: str, picture_format: Format, experiments: ExperimentsDep, answer: AnswerDep, skip: SkipDep = 0
) -> Response:
    """Loss and accuracy of training and validation by epoch, the first being 1, also while the experiment runs. The
    best epoch is marked, and where the learning rate fell by a step or after a plateau."""
    record = experiments.get(experiment_id)
    run = run_of(record, experiments.history(experiment_id)[0], skip)

    def draw() -> bytes:
        from api.plots import figure, history  # noqa: PLC0415 - see the package

        return figure.drawn(lambda: history.history_figure(run), picture_format)

    return answer("history", picture_format, run, draw)
