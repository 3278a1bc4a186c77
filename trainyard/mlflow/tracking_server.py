"""MLflow's tracking server, by version 2.0 of its REST API (https://mlflow.org/docs/latest/rest-api.html)."""

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

import httpx2

from trainyard.errors import TrackingError

JsonObject = dict[str, Any]
_SILENCE_SECONDS = 60.0
# Of one request to runs/log-batch; in bytes it may have 1 MB.
_MAX_METRICS, _MAX_PARAMS, _MAX_TAGS, _MAX_BYTES = 1_000, 100, 100, 800_000
_MISSING = "RESOURCE_DOES_NOT_EXIST"


class Metric(NamedTuple):
    """`timestamp` is in milliseconds since 1970; `value` may be NaN."""

    key: str
    value: float
    timestamp: int
    step: int

    def to_json(self) -> JsonObject:
        # NaN is no JSON: Protocol Buffers have it as a text.
        value: float | str = "NaN" if math.isnan(self.value) else self.value
        return {**self._asdict(), "value": value}


class FoundRun(NamedTuple):
    id: str
    params: frozenset[str]


class TrackingServer:
    """Sends requests to the tracking server at `url`. What it asks of MLflow's own clients is taken from the same
    variables: MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. `self.url` can be shown:
    it has no credentials, which the address may have (`http://name:password@host`). Methods raise TrackingError. Close
    it, or use it as a context."""

    def __init__(self, url: str) -> None:
        self._address = url.rstrip("/")
        self.url = _without_credentials(self._address)
        try:
            self._http = httpx2.Client(timeout=_SILENCE_SECONDS, **_authentication())
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._unreachable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def experiment_id(self, name: str) -> str:
        """Of MLflow's experiment with that name, which is created if there is none."""
        try:
            found = self._get("experiments/get-by-name", {"experiment_name": name})
        except TrackingError as error:
            if error.code != _MISSING:
                raise
            return self._id_in(self._post("experiments/create", {"name": name}), "experiment_id")
        return self._id_in(found, "experiment", "experiment_id")

    def find_run(self, experiment_id: str, tag: str, value: str) -> FoundRun | None:
        """The run with that value of a tag that is not deleted; None for none. `value` has no quotes."""
        document = {"experiment_ids": [experiment_id], "filter": f"tags.`{tag}` = '{value}'", "max_results": 1}
        runs = self._post("runs/search", document).get("runs", [])
        if not runs:
            return None
        try:
            params = frozenset(each["key"] for each in runs[0].get("data", {}).get("params", []))
        except (KeyError, TypeError, AttributeError) as error:
            raise self._foreign("runs with params") from error
        return FoundRun(self._id_in(runs[0], "info", "run_id"), params)

    def create_run(self, experiment_id: str, name: str, start_time: int, tags: Mapping[str, str]) -> FoundRun:
        document = {"experiment_id": experiment_id, "run_name": name, "start_time": start_time, "tags": _pairs(tags)}
        return FoundRun(self._id_in(self._post("runs/create", document), "run", "info", "run_id"), frozenset())

    def update_run(self, run_id: str, name: str, status: str, end_time: int | None) -> None:
        ended = {} if end_time is None else {"end_time": end_time}
        self._post("runs/update", {"run_id": run_id, "run_name": name, "status": status, **ended})

    def metric_history(self, run_id: str, key: str) -> dict[int, float]:
        """The values of a metric by step."""
        found: dict[int, float] = {}
        token = ""
        while True:
            asked = {"run_id": run_id, "metric_key": key, **({"page_token": token} if token else {})}
            page = self._get("metrics/get-history", asked)
            try:
                found |= {int(each.get("step", 0)): float(each["value"]) for each in page.get("metrics", [])}
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise self._foreign("metrics with values") from error
            if not (token := page.get("next_page_token", "")):
                return found

    def log(self, run_id: str, metrics: Sequence[Metric], params: Mapping[str, str], tags: Mapping[str, str]) -> None:
        """Metrics are added to those there are; of a parameter only the same value may be logged again."""
        for name, items, limit in (
            ("params", _pairs(params), _MAX_PARAMS),
            ("tags", _pairs(tags), _MAX_TAGS),
            ("metrics", [each.to_json() for each in metrics], _MAX_METRICS),
        ):
            for batch in _batches(items, limit):
                self._post("runs/log-batch", {"run_id": run_id, name: batch})

    def _id_in(self, answer: Any, *path: str) -> str:
        for name in path:
            answer = answer.get(name) if isinstance(answer, dict) else None
        if not isinstance(answer, str) or not answer:
            raise self._foreign(".".join(path))
        return answer

    def _foreign(self, expected: str) -> TrackingError:
        return TrackingError(
            f"what answers at {self.url} is not MLflow: its JSON has no {expected}; check the address of the tracking "
            "server"
        )

    def _get(self, path: str, params: Mapping[str, str]) -> JsonObject:
        return self._send("GET", path, params=params)

    def _post(self, path: str, document: JsonObject) -> JsonObject:
        return self._send("POST", path, json=document)

    def _send(self, method: str, path: str, **options: Any) -> JsonObject:
        try:
            response = self._http.request(method, f"{self._address}/api/2.0/mlflow/{path}", **options)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._unreachable(error) from error
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.is_success and isinstance(answer, dict):
            return answer
        known = answer if isinstance(answer, dict) else {}
        said = known.get("message") or f"status {response.status_code}, no JSON of MLflow"
        code = str(known.get("error_code", ""))
        raise TrackingError(f"MLflow at {self.url} rejected {path}: {said}", code, is_rejected=True)

    def _unreachable(self, error: Exception) -> TrackingError:
        reason = str(error).replace(self._address, self.url) or type(error).__name__
        return TrackingError(f"no MLflow answers at {self.url} ({reason}): check the address of its tracking server")


def _without_credentials(url: str) -> str:
    """Also of what is not a URL."""
    scheme, separator, rest = url.rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _authentication() -> dict[str, Any]:
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return {"headers": {"Authorization": f"Bearer {token}"}}
    if name := os.environ.get("MLFLOW_TRACKING_USERNAME"):
        return {"auth": (name, os.environ.get("MLFLOW_TRACKING_PASSWORD", ""))}
    return {}


def _pairs(values: Mapping[str, str]) -> list[JsonObject]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _batches(items: Iterable[JsonObject], limit: int) -> Iterator[list[JsonObject]]:
    batch: list[JsonObject] = []
    size = 0
    for item in items:
        length = len(json.dumps(item))
        if batch and (len(batch) >= limit or size + length > _MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += length
    if batch:
        yield batch
