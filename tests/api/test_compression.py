"""Which answers are compressed, and what that changes."""

import gzip

import pytest
from backports import zstd

from tests.support.api import ApiClient

GZIP = {"Accept-Encoding": "gzip"}
IDENTITY = {"Accept-Encoding": "identity"}


def raw(client: ApiClient, path: str, **headers: str) -> tuple[dict[str, str], bytes]:
    """Headers and body as they were sent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.stream("GET", path, headers=named) as answer:
        return dict(answer.headers), b"".join(answer.iter_raw())


@pytest.mark.parametrize("path", ["/presets", "/openapi.json", "/metrics"])
def test_texts_are_compressed(client: ApiClient, path: str) -> None:
    headers, body = raw(client, path, accept_encoding="br, gzip")
    plain_headers, plain = raw(client, path, accept_encoding="identity")

    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == len(body) < len(plain)
    assert "Accept-Encoding" in headers["vary"]
    assert "Accept-Encoding" in plain_headers["vary"]
    assert "content-encoding" not in plain_headers
    if path != "/metrics":
        assert gzip.decompress(body) == plain


@pytest.mark.parametrize("encodings", ["gzip, deflate, br, zstd", "zstd", "*", "gzip;q=0.5, zstd;q=0.8"])
def test_zstd_is_preferred(client: ApiClient, encodings: str) -> None:
    headers, body = raw(client, "/presets", accept_encoding=encodings)
    _, plain = raw(client, "/presets", accept_encoding="identity")

    assert headers["content-encoding"] == "zstd"
    assert int(headers["content-length"]) == len(body) < len(plain)
    assert zstd.decompress(body) == plain


@pytest.mark.parametrize("encodings", ["gzip, zstd;q=0.5", "gzip, zstd;q=0", "*, zstd;q=0"])
def test_client_may_prefer_gzip(client: ApiClient, encodings: str) -> None:
    headers, _ = raw(client, "/presets", accept_encoding=encodings)

    assert headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("encodings", ["", "identity", "br", "gzip;q=0", "*;q=0"])
def test_clients_that_do_not_accept_get_plain_text(client: ApiClient, encodings: str) -> None:
    headers, _ = raw(client, "/presets", accept_encoding=encodings)

    assert "content-encoding" not in headers


def test_short_answers_stay_as_they_are(client: ApiClient) -> None:
    headers, body = raw(client, "/health/live", accept_encoding="gzip")

    assert "content-encoding" not in headers
    assert body.startswith(b"{")


def test_compressed_answer_is_revalidated(client: ApiClient, tiny_document: dict[str, object]) -> None:
    for _ in range(3):
        client.post("/experiments", json=tiny_document)
    first = client.get("/experiments?fields=summary", headers=GZIP)
    cached = client.get("/experiments?fields=summary", headers=GZIP)
    plain = client.get("/experiments?fields=summary", headers=IDENTITY)
    again = client.get("/experiments?fields=summary", headers={**GZIP, "If-None-Match": first.headers["ETag"]})

    assert first.headers["ETag"] == f"W/{plain.headers['ETag']}"
    assert first.json() == cached.json() == plain.json()
    assert (again.status_code, again.content) == (304, b"")


def test_weak_tag_of_a_record_can_be_edited(client: ApiClient, tiny_document: dict[str, object]) -> None:
    path = client.post("/experiments", json=tiny_document).headers["Location"]
    etag = client.get(path, headers=GZIP).headers["ETag"]

    assert etag.startswith("W/")
    assert client.patch(path, json={"star": True}, headers={"If-Match": etag}).status_code == 200


def test_each_encoding_is_cached_for_itself(client: ApiClient, tiny_document: dict[str, object]) -> None:
    for _ in range(3):
        client.post("/experiments", json=tiny_document)
    path = "/experiments?fields=summary"
    for _ in range(2):
        bodies = [raw(client, path, accept_encoding=each)[1] for each in ("zstd", "gzip", "identity")]
        assert zstd.decompress(bodies[0]) == gzip.decompress(bodies[1]) == bodies[2]


@pytest.mark.parametrize("encoding", ["zstd", "gzip", "identity"])
@pytest.mark.parametrize(
    "path", ["/presets", "/health/live", "/datasets", "/experiments.csv", "/openapi.json", "/docs", "/"]
)
def test_head_has_the_headers_of_get(client: ApiClient, path: str, encoding: str) -> None:
    got, _ = raw(client, path, accept_encoding=encoding, accept="text/html")
    head = client.head(path, headers={"Accept-Encoding": encoding, "Accept": "text/html"})

    assert dict(head.headers) == got
    assert "content-length" in got
    assert head.content == b""


def test_posted_answers_stay_as_they_are(client: ApiClient, tiny_document: dict[str, object]) -> None:
    with client.stream("POST", "/experiments:validate", json=tiny_document, headers=GZIP) as answer:
        assert len(b"".join(answer.iter_raw())) > 1_000
    assert "Content-Encoding" not in answer.headers
