"""The upper bound for Starlette: read the form, return a constant."""

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ANSWER = (
    b'{"model":{"experiment_id":"01K6W3E8Z4T5V6X7Y8Z9A0B1C2","dataset":"mnist","name":"mnist-cnn","accuracy":0.99,'
    b'"val_accuracy":0.99},"predictions":[{"filename":"7.png","top":[{"label":"7","index":7,"probability":0.999993},'
    b'{"label":"1","index":1,"probability":6e-6},{"label":"9","index":9,"probability":1e-6}]}],"duration_ms":1.0}'
)


async def predict(request: Request) -> Response:
    async with request.form() as form:
        file = form["file"]
        assert isinstance(file, UploadFile)
        await file.read()
    return Response(ANSWER, media_type="application/json")


app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
