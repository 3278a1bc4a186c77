"""An HTTP server on loopback that plays canned answers, each once, and records the requests."""

import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()

    @property
    def content_type(self) -> str:
        return "text/event-stream" if isinstance(self.body, str) else "application/json"


@dataclass(frozen=True)
class Request:
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


def problem(status: int, detail: str, **members: Any) -> Answer:
    headers = {"Retry-After": "0"} if status == 503 else {}
    return Answer({"title": "Rejected", "status": status, "detail": detail, **members}, status, headers)


class CannedApi:
    """`api.on("GET", "/presets", answer, ...)`: the answers are given in turn, the last one again and again."""

    def __init__(self) -> None:
        self._answers: dict[str, list[Answer]] = {}
        self._requests: dict[str, list[Request]] = defaultdict(list)
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

    def on(self, method: str, path: str, *answers: Answer) -> None:
        self._answers[f"{method} {path}"] = list(answers)

    def requests(self, method: str, path: str) -> list[Request]:
        return self._requests[f"{method} {path}"]

    def answer(self, route: str, request: Request) -> Answer:
        self._requests[route].append(request)
        answers = self._answers.get(route, [problem(404, f"no answer for {route}")])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                target = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(target.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(query, headers, self.rfile.read(int(headers.get("content-length", 0))))
                answer = api.answer(f"{self.command} {target.path}", request)
                self.send_response(answer.status)
                for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def sse(kind: str, data: Any, identity: int | None = None) -> str:
    lines = [f"event: {kind}", f"data: {json.dumps(data)}", *([] if identity is None else [f"id: {identity}"])]
    return "\n".join(lines) + "\n\n"


def epoch_event(epoch: int, **metrics: float | None) -> str:
    return sse("epoch", {"epoch": epoch, "seconds": 0.1, "metrics": metrics}, epoch)
