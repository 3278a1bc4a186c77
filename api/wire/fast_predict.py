"""`POST /predict` without FastAPI, where FastAPI would only be in the way."""

import re

from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.wire.predictor import DEFAULT, ID_LENGTH, MAX_CLASSES, Asked, Predictor
from serving.preparation import Prep

PATH = "/predict"
_ASKED = "trainyard.asked"
# No character that an address would have to escape.
_VALUE = re.compile(rb"[-0-9A-Za-z_]{1,100}")
_PREPS: dict[bytes, Prep] = {b"auto": "auto", b"none": "none"}
_TRUTHS = {b"true": True, b"false": False, b"1": True, b"0": False}
_JSON = "application/json"


class Shortcut:
    """ASGI middleware: hands plain requests for a prediction to `predict`. All others, and among them all whose
    parameters FastAPI might reject, go on to the route of the same name (api/routes/predictions.py), which is also
    what the OpenAPI document shows. Finding that route and its dependencies takes FastAPI longer than the answer takes.
    """

    def __init__(self, app: ASGIApp, predict: ASGIApp) -> None:
        self._app = app
        self._predict = predict
        self._route = Route(PATH, predict, methods=["POST"])  # its path is what requests are counted under

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
            asked = plainly_asked(scope["query_string"])
            if asked is not None:
                scope[_ASKED], scope["route"] = asked, self._route
                await self._predict(scope, receive, send)
                return
        await self._app(scope, receive, send)


class PlainPredict:
    """The ASGI application behind it."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._predictor.answer(scope, receive, scope[_ASKED])
        await Response(answer, media_type=_JSON)(scope, receive, send)


def plainly_asked(query: bytes) -> Asked | None:
    """The parameters, if each is known, comes once, and has a value that needs no decoding and is in its range."""
    if not query:
        return DEFAULT
    sent: dict[bytes, bytes] = {}
    for pair in query.split(b"&", 6):
        name, _, value = pair.partition(b"=")
        if name in sent or _VALUE.fullmatch(value) is None:
            return None
        sent[name] = value
    dataset, experiment = sent.pop(b"dataset", None), sent.pop(b"experiment", None)
    top = sent.pop(b"top", b"%d" % DEFAULT.top)
    prep, explain = _PREPS.get(sent.pop(b"prep", b"auto")), _TRUTHS.get(sent.pop(b"explain", b"false"))
    if sent or prep is None or explain is None or len(experiment or b"") > ID_LENGTH:
        return None
    if not (top.isdigit() and 1 <= int(top) <= MAX_CLASSES):
        return None
    return Asked(
        dataset.decode() if dataset else None, experiment.decode() if experiment else None, int(top), prep, explain
    )
