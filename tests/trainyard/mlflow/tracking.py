"""What MLflow 3.17 does with requests to its REST API, in memory: limits, immutable parameters, metrics that are only
added to. It rejects what MLflow rejects."""

import json
import math
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

JsonObject = dict[str, Any]
_LIMITS = {"metrics": 1_000, "params": 100, "tags": 100}
_KEY = re.compile(r"[/\w.\- :]{1,250}")
_FILTER = re.compile(r"tags\.`([\w.]+)` = '([^']*)'")
_PAGE = 500


@dataclass
class Run:
    info: JsonObject
    tags: dict[str, str]
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[JsonObject] = field(default_factory=list)

    def values(self, key: str) -> list[tuple[int, float | str]]:
        """With their steps."""
        return [(each["step"], each["value"]) for each in self.metrics if each["key"] == key]


class Rejected(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.document = {"error_code": code, "message": message}


def _check(is_valid: bool, message: str) -> None:
    if not is_valid:
        raise Rejected(400, "INVALID_PARAMETER_VALUE", message)


class Tracking:
    """`experiments` are ids by name, `runs` by id; `failing` is the path of requests that fail from now on; `answers`
    are others than MLflow's, by path."""

    def __init__(self) -> None:
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, Run] = {}
        self.authorizations: set[str | None] = set()
        self.failing: str | None = None
        self.answers: dict[str, JsonObject] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, route: str, asked: JsonObject, size: int) -> JsonObject:
        if route == self.failing:
            raise Rejected(500, "INTERNAL_ERROR", "the database is away")
        if route in self.answers:
            return self.answers[route]
        known: dict[str, Callable[[JsonObject], JsonObject]] = {
            "GET experiments/get-by-name": self._experiment,
            "POST experiments/create": self._create_experiment,
            "POST runs/search": self._search,
            "POST runs/create": self._create_run,
            "POST runs/update": self._update,
            "POST runs/log-batch": self._log,
            "GET metrics/get-history": self._history,
        }
        _check(size <= 1_000_000, "Batched logging API requests must be at most 1000000 bytes")
        return known[route](asked)

    def _experiment(self, asked: JsonObject) -> JsonObject:
        name = asked["experiment_name"]
        if name not in self.experiments:
            raise Rejected(404, "RESOURCE_DOES_NOT_EXIST", f"Could not find experiment with name '{name}'")
        return {"experiment": {"experiment_id": self.experiments[name], "name": name}}

    def _create_experiment(self, asked: JsonObject) -> JsonObject:
        _check(len(asked["name"]) <= 500, "'name' exceeds the maximum length of 500 characters")
        self.experiments[asked["name"]] = str(len(self.experiments) + 1)
        return {"experiment_id": self.experiments[asked["name"]]}

    def _search(self, asked: JsonObject) -> JsonObject:
        wanted = _FILTER.fullmatch(asked["filter"])
        assert wanted is not None
        found = [
            {"info": run.info, "data": {"params": [{"key": key, "value": value} for key, value in run.params.items()]}}
            for run in self.runs.values()
            if run.info["experiment_id"] in asked["experiment_ids"] and run.tags.get(wanted[1]) == wanted[2]
        ]
        # Protocol Buffers leave out what is empty.
        return {"runs": found[: asked["max_results"]]} if found else {}

    def _create_run(self, asked: JsonObject) -> JsonObject:
        run_id = f"{len(self.runs) + 1:032x}"
        info = {"run_id": run_id, "experiment_id": asked["experiment_id"], "start_time": asked["start_time"]}
        info |= {"run_name": asked["run_name"], "status": "RUNNING"}
        self.runs[run_id] = Run(info, {each["key"]: each["value"] for each in asked["tags"]})
        return {"run": {"info": info}}

    def _update(self, asked: JsonObject) -> JsonObject:
        _check(asked["status"] in ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"), asked["status"])
        self.runs[asked["run_id"]].info.update(asked)
        return {}

    def _log(self, asked: JsonObject) -> JsonObject:
        run = self.runs[asked["run_id"]]
        for kind, limit in _LIMITS.items():
            items = asked.get(kind, [])
            _check(len(items) <= limit, f"A batch logging request can contain at most {limit} {kind}")
            _check(all(_KEY.fullmatch(each["key"]) for each in items), f"Invalid key in {kind}")
        for each in asked.get("params", []):
            _check(len(each["value"]) <= 6_000, "Param value exceeds the maximum length")
            is_same = run.params.setdefault(each["key"], each["value"]) == each["value"]
            _check(is_same, f"Changing param values is not allowed. Param with key={each['key']!r} was already logged")
        for each in asked.get("tags", []):
            _check(len(each["value"]) <= 8_000, "Tag value exceeds the maximum length")
            run.tags[each["key"]] = each["value"]
        for each in asked.get("metrics", []):
            _check(isinstance(each["value"], float | int) or each["value"] == "NaN", "no number")
            _check(isinstance(each["timestamp"], int) and isinstance(each["step"], int), "no integer")
            run.metrics.append(each)
        return {}

    def _history(self, asked: JsonObject) -> JsonObject:
        found = [each for each in self.runs[asked["run_id"]].metrics if each["key"] == asked["metric_key"]]
        start = int(asked.get("page_token", 0))
        following = {"next_page_token": str(start + _PAGE)} if len(found) > start + _PAGE else {}
        return {"metrics": found[start : start + _PAGE], **following}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        tracking = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                target = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                asked = json.loads(body, parse_constant=_no_json) if body else {}
                asked |= {name: values[0] for name, values in parse_qs(target.query).items()}
                tracking.authorizations.add(self.headers.get("authorization"))
                route = f"{self.command} {target.path.removeprefix('/api/2.0/mlflow/')}"
                try:
                    status, document = 200, tracking.answer(route, asked, len(body))
                except Rejected as rejected:
                    status, document = rejected.status, rejected.document
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer  # noqa: N815 - named by http.server

            def log_message(self, *_: object) -> None: ...

        return Handler


def _no_json(constant: str) -> float:
    assert math.isnan(float(constant))
    raise Rejected(400, "BAD_REQUEST", f"{constant} is no JSON")
