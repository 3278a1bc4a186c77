"""What pages of other origins may do: the rules of origin and host, and CORS."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.testclient import TestClient

from api.browsers import BrowserRules
from settings import Settings
from tests.support.api import ApiClient

EVIL, APP = "https://evil.example", "https://app.example.org"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,idempotency-key"}
EXPOSED = {"Link", "Location", "ETag", "Last-Event-ID", "Retry-After"}
SPEC = b"{model: {preset: digits-cnn}}"


@pytest.fixture
def open_client(settings: Settings) -> Iterator[ApiClient]:
    """A service that pages of one other origin may use."""
    with ApiClient(settings.model_copy(update={"cors_origins": (APP,)})) as client:
        yield client


def rules(hosts: tuple[str, ...] = (), origins: tuple[str, ...] = ()) -> TestClient:
    """The rules alone, in front of an application that accepts everything."""
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def accept() -> None: ...

    app.add_middleware(BrowserRules, hosts=hosts, origins=origins)
    return TestClient(app)


def post(client: TestClient, **headers: str) -> int:
    return client.post(
        "/anything", headers={name.replace("_", "-"): value for name, value in headers.items()}
    ).status_code


# -- origin ----------------------------------------------------------------------------------------------------------


def test_foreign_page_changes_nothing(client: ApiClient) -> None:
    for method, path in (
        ("POST", "/experiments"),
        ("POST", "/experiments/01K6W3E8Z4T5V6X7Y8Z9A0B1C2:cancel"),
        ("DELETE", "/experiments/01K6W3E8Z4T5V6X7Y8Z9A0B1C2"),
        ("POST", "/datasets"),
        ("PUT", "/models/serving/mnist"),
        ("POST", "/predict"),
        ("POST", "/predict:batch"),
        ("POST", "/v1/models/mnist:predict"),
        ("POST", "/v2/models/mnist/infer"),
        ("POST", "/no/such/route"),
    ):
        for headers in ({"Origin": EVIL}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = client.request(method, path, headers=headers, content=SPEC)
            assert answer.status_code == 403, path
            assert answer.json()["type"] == "urn:trainyard:problem:foreign_origin"
            assert "TRAINYARD_CORS_ORIGINS" in answer.json()["error"]
            assert "access-control-allow-origin" not in answer.headers
            is_protocol = path.startswith(("/v1", "/v2"))
            assert answer.headers["content-type"] == f"application/{'json' if is_protocol else 'problem+json'}"


def test_foreign_post_of_a_spec_queues_nothing(client: ApiClient) -> None:
    sent = {"Origin": EVIL, "Content-Type": "text/plain"}

    assert EVIL in client.post("/experiments", content=SPEC, headers=sent).json()["detail"]
    assert client.get("/experiments").json()["items"] == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec_Fetch_Site": "none"}, 200),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "HTTP://TestServer"}, 200),
        ({"Origin": "https://testserver"}, 200),  # behind a proxy that ends TLS
        ({"Origin": "http://testserver:3000"}, 403),
        ({"Origin": "http://localhost"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Origin": "http://evil.example@testserver"}, 403),
        ({"Origin": EVIL, "Sec_Fetch_Site": "same-origin"}, 403),
        ({"Origin": "http://lab:8000", "Host": "lab:8000"}, 200),
        ({"Origin": "http://lab:8000", "Host": "lab"}, 403),
        ({"Origin": "https://lab", "Host": "lab:443"}, 200),
        ({"Origin": "https://lab", "Host": "lab:80"}, 403),
        ({"Origin": "http://[::1]:8000", "Host": "[::1]:8000"}, 200),
    ],
)
def test_page_changes_only_its_own_origin(headers: dict[str, str], status: int) -> None:
    assert post(rules(), **headers) == status


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_unsafe_method_needs_an_allowed_origin(method: str) -> None:
    client = rules(origins=(APP,))

    assert client.request(method, "/x", headers={"Origin": EVIL}).status_code == 403
    assert client.request(method, "/x", headers={"Origin": APP}).status_code == 200


def test_foreign_page_may_read_but_sees_no_answer(client: ApiClient) -> None:
    answer = client.get("/experiments", headers={"Origin": EVIL})

    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_star_allows_every_page() -> None:
    answer = rules(origins=("*",)).post("/x", headers={"Origin": EVIL})

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


# -- host ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("LocalHost", 200),
        ("localhost.", 200),
        ("a.localhost", 200),
        ("192.168.1.20:8000", 200),
        ("[::1]:8000", 200),
        ("[fe80::1]", 200),
        ("api:8000", 200),  # a service of Compose
        ("lab.local", 200),
        ("trainyard.default.svc.cluster.local", 200),
        ("host.docker.internal:8000", 200),
        ("evil.example", 403),
        ("evil.example:8000", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("127.0.0.1@evil.example", 403),
        ("evil.example.", 403),
        ("notlocal.example/.local", 403),
        ("1:2:3:8000", 403),
        ("", 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_names_that_a_website_can_have_are_rejected(method: str, host: str, status: int) -> None:
    assert rules().request(method, "/x", headers={"Host": host}).status_code == status


def test_configured_names_are_known() -> None:
    client = rules(hosts=("lab.example.org", "*.example.net"))

    for host in ("lab.example.org", "LAB.example.org:443", "a.example.net", "a.b.example.net"):
        assert client.get("/", headers={"Host": host}).status_code == 200, host
    for host in ("example.org", "x.lab.example.org", "example.net", "badexample.net"):
        assert client.get("/", headers={"Host": host}).status_code == 403, host
    assert rules(hosts=("*",)).get("/", headers={"Host": "any.example"}).status_code == 200


def test_unknown_name_is_rejected(client: ApiClient) -> None:
    for method, path in (("GET", "/experiments"), ("PUT", "/models/serving/mnist"), ("DELETE", "/datasets/x")):
        rebound = client.request(method, path, headers={"Host": "evil.example", "Origin": "http://evil.example"})
        assert rebound.status_code == 403
        assert "TRAINYARD_HOSTS" in rebound.json()["error"]


# -- CORS ------------------------------------------------------------------------------------------------------------


def assert_readable(answer: httpx2.Response) -> None:
    assert answer.headers["access-control-allow-origin"] == APP
    assert "Origin" in answer.headers["vary"]
    assert set(answer.headers["access-control-expose-headers"].split(", ")) >= EXPOSED


def test_preflight_succeeds_on_every_route(open_client: ApiClient) -> None:
    for operation in open_client.contract.operations():
        path = operation.path.replace("{", "").replace("}", "")
        wanted = {**PREFLIGHT, "Access-Control-Request-Method": operation.method.upper(), "Origin": APP}
        answer = open_client.options(path, headers=wanted)
        assert answer.status_code == 200, path
        assert operation.method.upper() in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-headers"] == PREFLIGHT["Access-Control-Request-Headers"]
        assert answer.headers["access-control-allow-origin"] == APP


def test_foreign_preflight_says_what_to_set(client: ApiClient, open_client: ApiClient) -> None:
    for each in (client, open_client):
        answer = each.options("/experiments", headers={**PREFLIGHT, "Origin": EVIL})
        assert answer.status_code == 403
        assert "TRAINYARD_CORS_ORIGINS" in answer.json()["detail"]
        assert "access-control-allow-origin" not in answer.headers


def test_allowed_page_reads_every_answer(open_client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(method: str, path: str, **sent: Any) -> int:
        answer = open_client.request(method, path, **{"headers": {"Origin": APP}, **sent})
        assert_readable(answer)
        return answer.status_code

    assert ask("GET", "/experiments") == 200
    assert ask("POST", "/experiments", content=SPEC) == 202
    assert ask("POST", "/experiments", content=b"{model: {}}") == 422
    assert ask("GET", "/experiments/nonsense") == 404
    assert ask("DELETE", "/experiments") == 405
    assert ask("GET", "/no/such/route") == 404
    assert ask("POST", "/predict", content=b"no image") == 503  # by the fast way: there is no model
    assert ask("POST", "/predict?top=0", content=b"no image") == 422
    assert ask("POST", "/predict", content=b"x" * 10_000_001) == 413
    assert ask("POST", "/v1/models/mnist:predict", content=b"{") in (400, 503)
    assert ask("GET", "/experiments", headers={"Origin": APP, "Host": "evil.example"}) == 403

    monkeypatch.setattr(type(open_client.services.store.experiments), "page", None)
    assert ask("GET", "/experiments") == 500
    monkeypatch.setattr(type(open_client.services.predict), "answer", None)
    assert ask("POST", "/predict", content=b"no image") == 500


def test_page_of_its_own_origin_needs_no_cors(open_client: ApiClient) -> None:
    answer = open_client.post("/experiments", content=SPEC, headers={"Origin": "http://testserver"})

    assert answer.status_code == 202
    assert "access-control-allow-origin" not in answer.headers


# -- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("", ()),
        ("https://app.example.org", (APP,)),
        ("https://App.Example.org/, http://localhost:3000", (APP, "http://localhost:3000")),
        ("http://a.example:80 https://b.example:443", ("http://a.example", "https://b.example")),
        ("*", ("*",)),
        ("chrome-extension://abc", ("chrome-extension://abc",)),
    ],
)
def test_origins_are_read_as_browsers_send_them(
    sent: str, read: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_CORS_ORIGINS", sent)

    assert Settings().cors_origins == read


@pytest.mark.parametrize("sent", ["app.example.org", "https://app.example.org/page", "null", "https://*", "https://"])
def test_what_is_no_origin_is_rejected(sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_CORS_ORIGINS", sent)

    with pytest.raises(ValidationError, match=r"is not an origin such as https://app\.example\.org"):
        Settings()


@pytest.mark.parametrize("sent", ["https://lab.example.org", "lab.example.org:8000", "*.*", "a*.example.org"])
def test_what_is_no_host_is_rejected(sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_HOSTS", sent)

    with pytest.raises(ValidationError, match=r"without scheme and port"):
        Settings()


def test_hosts_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_HOSTS", "Lab.example.org,*.example.net")

    assert Settings().hosts == ("lab.example.org", "*.example.net")


@pytest.mark.parametrize("sent", ["lab.example.org.", "Lab.Example.org"])
def test_configured_host_is_known_with_and_without_dot(sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_HOSTS", sent)
    client = rules(Settings().hosts)

    for host in ("lab.example.org", "lab.example.org.", "LAB.example.org.:8000"):
        assert client.get("/anything", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("name", "sent"),
    [("HOSTS", "münchen.example"), ("HOSTS", "*.münchen.example"), ("CORS_ORIGINS", "https://münchen.example")],
)
def test_name_that_is_not_ascii_is_rejected(name: str, sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TRAINYARD_{name}", sent)

    with pytest.raises(ValidationError, match=rf"{re.escape(sent)}' is not ASCII; .* punycode, such as xn--"):
        Settings()


# -- headers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/docs", "/experiments", "/nothing", "/datasets/mnist/samples"])
def test_every_answer_restricts_browsers(client: ApiClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers.get_list("Content-Security-Policy") == ["frame-ancestors 'none'"]
