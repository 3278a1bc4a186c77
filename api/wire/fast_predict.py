"""`POST /predict` without FastAPI, whose search for the route and its dependencies takes longer than the answer."""

import re
from http import HTTPStatus

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import Access
from api.wire.predict import DEFAULT, ID_LENGTH, MAX_CLASSES, PredictEndpoint
from serving.predictor import Explain, PredictionOptions
from serving.preparation import Prep
from specs.access import KeyScope

PATH = "/predict"
_SCOPES = (KeyScope.PREDICT,)
_OPTIONS = "trainyard.options"
# No character that a URL has to escape.
_VALUE = re.compile(rb"[-0-9A-Za-z_]{1,100}")
_PREPS: dict[bytes, Prep] = {b"auto": "auto", b"none": "none"}
_EXPLAINS: dict[bytes, Explain] = {b"true": True, b"false": False, b"1": True, b"0": False, b"occlusion": "occlusion"}
_CONTENT_TYPE = (b"content-type", b"application/json")


class Shortcut:
    """ASGI middleware: passes requests for a prediction with plain parameters to `predict`. All others, among them all
    that FastAPI may reject, reach the route of the same path (api/routes/predictions.py), which the OpenAPI document
    describes."""

    def __init__(self, app: ASGIApp, predict: ASGIApp) -> None:
        self._app = app
        self._predict = predict
        self._route = Route(PATH, predict, methods=["POST"])  # its path is what requests are counted under

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
            options = parse_plain_query(scope["query_string"])
            if options is not None:
                scope[_OPTIONS], scope["route"] = options, self._route
                await self._predict(scope, receive, send)
                return
        await self._app(scope, receive, send)


class PlainPredict:
    """The ASGI application behind it."""

    def __init__(self, endpoint: PredictEndpoint, access: Access) -> None:
        self._endpoint = endpoint
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._access.admit(scope, _SCOPES)
        answer = await self._endpoint.answer(scope, receive, scope[_OPTIONS])
        headers = [(b"content-length", b"%d" % len(answer)), _CONTENT_TYPE]
        await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


def parse_plain_query(query: bytes) -> PredictionOptions | None:
    """The parameters, if each is known, comes once, and has a value in its range that needs no decoding; else None."""
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
    prep, explain = _PREPS.get(sent.pop(b"prep", b"auto")), _EXPLAINS.get(sent.pop(b"explain", b"false"))
    if sent or prep is None or explain is None or len(experiment or b"") > ID_LENGTH:
        return None
    if not (top.isdigit() and 1 <= int(top) <= MAX_CLASSES):
        return None
    return PredictionOptions(
        dataset.decode() if dataset else None, experiment.decode() if experiment else None, int(top), prep, explain
    )
