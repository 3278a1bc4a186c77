"""`POST /predict`, from the request to the JSON of its answer."""

import time
from collections.abc import Sequence
from functools import partial
from itertools import islice

import orjson
from starlette.types import Receive, Scope

from api.access import owner_of
from api.metrics import Metrics
from api.wire.body import receive_body
from api.wire.explaining import Explaining
from api.wire.samples import parse_samples
from imaging import fast_decode
from models_store.owners.quotas import Quotas
from serving.admission import AdmissionControl
from serving.explanations.explanation import Occlusion
from serving.predictor import PredictionOptions, Predictor, Reading
from serving.preparation import ImageSample, Sample

MAX_BODY_BYTES = 10_000_000
MAX_CLASSES = 1000
ID_LENGTH = 26
DEFAULT = PredictionOptions()


class PredictEndpoint:
    """One for each application."""

    def __init__(
        self,
        predictor: Predictor,
        explaining: Explaining,
        admission: AdmissionControl,
        metrics: Metrics,
        quotas: Quotas,
    ) -> None:
        self._predictor = predictor
        self._explaining = explaining
        self._admission = admission
        self._metrics = metrics
        self._quotas = quotas

    async def answer(self, scope: Scope, receive: Receive, options: PredictionOptions) -> bytes:
        """Raises the errors of `receive_body`, `parse_samples`, Predictor and Explaining, Overloaded, QuotaReached."""
        started = time.perf_counter()
        with self._metrics.counted_prediction() as counted, self._admission.admit(owner_of(scope)) as admission:
            body = await receive_body(scope, receive, MAX_BODY_BYTES, admission)
            samples = await self._parse(_content_type(scope), body)
            if isinstance(samples[0], ImageSample):
                admission.add_request(len(samples))
            explains = options.explain == "occlusion"
            if explains:
                self._explaining.check_count(len(samples))
            else:
                self._quotas.count_predictions(owner_of(scope), len(samples))
            digits: list[int] = []
            explanations: list[Occlusion] = []
            if options.digits == "one":
                model, prepared = await self._predictor.prepare(samples, options)
            else:
                model, prepared, digits = await self._predictor.prepare_rows(samples, options)
            counted.model = model
            predict = partial(self._predictor.predict, model, prepared, options)
            if explains:
                occlude = self._explaining.occlude
                predictions, explanations = await occlude(scope, admission, model, prepared.samples, predict)
            else:
                predictions = await predict()
        answer = {"model": model.description, "predictions": predictions}
        if digits:
            rest = iter(predictions)
            answer["readings"] = [Reading.of(list(islice(rest, count))) for count in digits]
        if explanations:
            answer["explanations"] = explanations
        return orjson.dumps({**answer, "duration_ms": round((time.perf_counter() - started) * 1000, 3)})

    async def _parse(self, content_type: str, body: bytes) -> Sequence[Sample]:
        if len(body) <= fast_decode.MAX_BYTES:
            return parse_samples(content_type, body)
        return await self._predictor.run_in_thread(partial(parse_samples, content_type, body))


def _content_type(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"content-type"), "")
