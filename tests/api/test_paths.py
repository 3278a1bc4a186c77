"""Paths that a client meant otherwise: slashes, verbs, methods, misspelled words."""

import pytest

from api.app import ROUTES
from api.paths import Paths
from tests.support.api import ApiClient

PATHS = Paths(route for module in ROUTES for route in module.router.routes)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/experiments", ["GET", "HEAD", "POST"]),
        ("/experiments:validate", ["POST"]),
        ("/experiments/X:cancel", ["POST"]),
        ("/experiments/X/events", ["GET"]),
        ("/datasets/x", ["DELETE", "GET", "HEAD", "PATCH"]),
        ("/models/serving/mnist", ["PUT"]),
        ("/predict", ["POST"]),
        ("/predict:batch", ["POST"]),
        ("/v1/models/digits:predict", ["POST"]),
        ("/v1/models/digits/versions/3:predict", ["POST"]),
        ("/v1/models/digits", ["GET", "HEAD"]),
        ("/", ["GET", "HEAD"]),
        ("/experiments/X:predict", []),
        ("/v1/models/a:b:predict", []),
        ("/nothing", []),
    ],
)
def test_all_methods_of_a_path_are_known(path: str, methods: list[str]) -> None:
    assert PATHS.allowed(path) == methods


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/experiment", "/experiments"),
        ("/predct", "/predict"),
        ("/Predict", "/predict"),
        ("/experiments/X:canel", "/experiments/X:cancel"),
        ("/experiments:valdate", "/experiments:validate"),
        ("/experiments/X/histroy", "/experiments/X/history"),
        ("/v1/models/digits:predit", "/v1/models/digits:predict"),
        ("/datasets/x/sample", "/datasets/x/samples"),
    ],
)
def test_misspelled_path_names_the_right_one(path: str, meant: str) -> None:
    assert PATHS.explain_absence(path) == f"No route for {path}; did you mean {meant}? See /docs."


@pytest.mark.parametrize("path", ["/foo", "/foo/bar/baz", "/x/../y", "/v1/models/digits:foo", "/" + "experiment" * 30])
def test_path_without_resemblance_names_none(path: str) -> None:
    assert PATHS.explain_absence(path) == f"No route for {path[:200]}. See /docs."


def test_missing_method_lists_all_others(client: ApiClient) -> None:
    for operation in client.contract.operations():
        path = operation.path.replace("{", "").replace("}", "")
        allowed = PATHS.allowed(path)
        assert operation.method.upper() in allowed
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(allowed):
            answer = client.request(method, path)
            assert answer.status_code == 405, (method, path)
            assert answer.headers["Allow"] == ", ".join(allowed), (method, path)
            assert f"takes {', '.join(allowed)}, received {method}" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/static-offline-docs/swagger-ui.css"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_pages_of_documentation_are_only_read(client: ApiClient, path: str, method: str) -> None:
    answer = client.request(method, path)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["error"] == f"Method Not Allowed: {path} takes GET, HEAD, received {method}"


def test_file_that_is_absent_is_not_found(client: ApiClient) -> None:
    answer = client.get("/static-offline-docs/nothing.js")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "No route for /static-offline-docs/nothing.js. See /docs."


def test_unknown_verb_is_no_part_of_a_name(client: ApiClient) -> None:
    get = client.get("/v1/models/digits:predict")
    unknown = client.get("/experiments/01K6W3E8Z4T5V6X7Y8Z9A0B1C2:cancle")

    assert (get.status_code, get.headers["Allow"]) == (405, "POST")
    assert unknown.status_code == 404
    assert "did you mean /experiments/01K6W3E8Z4T5V6X7Y8Z9A0B1C2:cancel?" in unknown.json()["detail"]


def test_slashes_too_many_change_nothing(client: ApiClient, digits: str) -> None:
    image = {"file": ("black.png", b"no image")}
    plain = client.post("/predict", files=image)

    for path in ("/predict/", "//predict", "/predict//"):
        answer = client.post(f"http://testserver{path}", files=image)
        assert (answer.status_code, answer.json()) == (plain.status_code, plain.json())
    assert client.get("/experiments/").json() == client.get("/experiments").json()
    assert (
        client.get(f"http://testserver//experiments//{digits}/").json() == client.get(f"/experiments/{digits}").json()
    )
    assert client.get("http://testserver//").json() == client.get("/").json()
    assert client.post("/v1/models/digits:predict/", json={}).status_code == 400
    assert client.get("/nothing/").json()["instance"] == "/nothing"


def test_path_itself_is_not_suggested() -> None:
    """As of a route whose file is missing."""
    assert PATHS.explain_absence("/predict") == "No route for /predict. See /docs."
