"""Checks answers against the OpenAPI document that the API itself publishes."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any, NamedTuple

import httpx2
import jsonschema_rs

JsonObject = dict[str, Any]
_PROBLEM: JsonObject = {"$ref": "#/components/schemas/ProblemDetails"}
# Of the documentation and of the page.
_FILES = ("/static-offline-docs/", "/assets/", "/favicon.", "/manifest.webmanifest")
_METHODS = ("get", "put", "post", "delete", "patch")
_SAFE_METHODS = ("GET", "HEAD")
# The API takes a path with more slashes for the same.
_SLASHES = re.compile("/{2,}")
# Paths with a version are aliases that the document leaves out.
_VERSION = re.compile("^(/v[12]/models/[^/]+)/(?:versions|labels)/[^/:]+")


class Operation(NamedTuple):
    method: str
    path: str
    described: JsonObject

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def id(self) -> str:
        return str(self.described["operationId"])

    @property
    def description(self) -> str:
        return str(self.described.get("description", ""))

    @property
    def tags(self) -> list[str]:
        return list(self.described["tags"])

    @property
    def parameters(self) -> list[JsonObject]:
        return list(self.described.get("parameters", []))

    @property
    def request_content(self) -> JsonObject:
        return dict(self.described.get("requestBody", {}).get("content", {}))

    @property
    def responses(self) -> JsonObject:
        return dict(self.described["responses"])

    @property
    def success(self) -> JsonObject:
        """The media types of the successful answers; of one that creates, not of its dry run, which answers 200."""
        contents = [each.get("content", {}) for status, each in sorted(self.responses.items()) if status[0] == "2"]
        return {media_type: described for content in contents for media_type, described in content.items()}

    def response(self, status: int) -> JsonObject | None:
        """What the document has under the status itself or its range, as 4XX; of 403 only under itself."""
        of_range = None if status == HTTPStatus.FORBIDDEN else self.responses.get(f"{status // 100}XX")
        found: JsonObject | None = self.responses.get(str(status), of_range)
        return found


class Contract:
    """The promises of one document. Objects of answers are closed here: a member that is not in the schema is wrong.

    Validators are compiled once each, by jsonschema-rs: it is a hundred times faster than jsonschema, maintained, and
    knows all of draft 2020-12, which fastjsonschema does not.
    """

    def __init__(self, document: JsonObject) -> None:
        self.document = document
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
        operations = [
            (Operation(method, path, each[method]), _pattern(path))
            for path, each in document["paths"].items()
            for method in _METHODS
            if method in each
        ]
        # The most literal path is the one that a router with these paths must mean.
        self._operations = sorted(operations, key=lambda each: (each[0].path.count("{"), -len(each[0].path)))

    def check(self, response: httpx2.Response, *, with_body: bool = True) -> None:
        """AssertionError, with the operation and the place, unless the answer is as documented."""
        method, path = response.request.method, response.request.url.path
        is_preflight = method == "OPTIONS" and response.is_success
        if path in ("/openapi.json", "/docs", "/redoc") or path.startswith(_FILES) or is_preflight:
            return
        if response.status_code == HTTPStatus.FORBIDDEN and with_body and method != "HEAD":
            _check_forbidden(response)
        operation = self.operation(method, path)
        if operation is None:
            self._check_unknown(response)
            return
        where = f"{operation.name} -> {response.status_code}"
        described = operation.response(response.status_code)
        assert described is not None, f"{where}: the document has no such status"
        media_type = response.headers.get("content-type", "").partition(";")[0]
        if (content := described.get("content")) is None:
            assert not with_body or not response.content, f"{where}: the document has no body, received {media_type}"
            return
        assert media_type in content, f"{where}: received {media_type!r}, the document has {sorted(content)}"
        if with_body and method != "HEAD":
            self._check_body(response, media_type, content[media_type], where)

    def operation(self, method: str, path: str) -> Operation | None:
        wanted = "get" if method == "HEAD" else method.lower()
        path = _VERSION.sub(r"\1", _SLASHES.sub("/", path).rstrip("/") or "/")
        return next((op for op, pattern in self._operations if op.method == wanted and pattern.fullmatch(path)), None)

    def operations(self) -> Iterator[Operation]:
        return (operation for operation, _ in self._operations)

    def errors(self, schema: JsonObject, value: object, *, closed: bool = False) -> list[str]:
        """What is wrong with `value`, with its place in it."""
        return [
            f"/{'/'.join(map(str, each.instance_path))}: {each.message[:300]}"
            for each in self._validator(schema, closed).iter_errors(value)
        ]

    def _check_unknown(self, response: httpx2.Response) -> None:
        where = f"{response.request.method} {response.request.url.path} -> {response.status_code}"
        assert response.status_code in (403, 404, 405), f"{where}: the document has no such route"
        assert response.headers["content-type"] in ("application/problem+json", "application/json"), where
        if response.request.method != "HEAD":
            self._assert_valid(_PROBLEM, response.json(), where)

    def _check_body(self, response: httpx2.Response, media_type: str, described: JsonObject, where: str) -> None:
        item, schema = described.get("itemSchema"), described.get("schema")
        if item is not None:
            for value in _ITEMS[media_type](response.text):
                self._assert_valid(_decode_data(item) if media_type == "text/event-stream" else item, value, where)
            return
        assert schema, f"{where}: {media_type} has no schema"
        if media_type.endswith("json"):
            self._assert_valid(schema, response.json(), where)

    def _assert_valid(self, schema: JsonObject, value: object, where: str) -> None:
        wrong = self.errors(schema, value, closed=True)
        assert not wrong, f"{where}: {wrong[:5]}"

    def _validator(self, schema: JsonObject, closed: bool) -> jsonschema_rs.Draft202012Validator:
        key = f"{closed} {schema.get('$ref') or json.dumps(schema)}"
        if key not in self._validators:
            components = self._closed_components if closed else self.document["components"]
            whole = {**(_close(schema) if closed else schema), "components": components}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self._validators[key]

    @cached_property
    def _closed_components(self) -> JsonObject:
        closed: JsonObject = _close(self.document["components"])
        return closed


def _check_forbidden(response: httpx2.Response) -> None:
    """The rules for browsers forbid on every path: unknown names of the service, and foreign pages that do more than
    read. What a key does not allow is forbidden to requests that sent one."""
    kind, request = response.json()["type"].rpartition(":")[2], response.request
    is_rule = (
        kind == "unknown_host"
        or (kind == "not_admitted" and request.url.path == "/login/provider/key")
        or (kind == "foreign_origin" and request.method not in _SAFE_METHODS)
        or (
            kind in ("insufficient_scope", "not_owner", "forbidden", "space_used_up", "not_admitted")
            and "authorization" in request.headers
        )
    )
    assert is_rule, f"{response.request.method} {response.request.url.path} -> 403 {kind}: no rule forbids this"


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", path)
    return re.compile("[^/]+".join(map(re.escape, parts)))


def _close(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_close(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {name: _close(each) for name, each in schema.items()}
    if schema.get("type") == "object" and "properties" in schema and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
    return closed


def _lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def _events(text: str) -> list[Any]:
    """Server-sent events with their data as values; comments are left out."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    events = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    return [{**event, "data": json.loads(event["data"])} for event in events]


def _decode_data(item: JsonObject) -> JsonObject:
    """The schema of events whose data are values: validators do not look into `contentSchema`."""
    kinds = [
        {**kind, "properties": {**kind["properties"], "data": kind["properties"]["data"]["contentSchema"]}}
        for kind in item["anyOf"]
    ]
    return {"anyOf": kinds}


_ITEMS: Mapping[str, Callable[[str], list[Any]]] = {"application/x-ndjson": _lines, "text/event-stream": _events}
