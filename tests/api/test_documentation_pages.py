"""`/docs` and `/redoc`, as a browser without a connection to the internet opens them."""

import re

import pytest

from tests.support.api import ApiClient


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_page_needs_nothing_of_other_hosts(client: ApiClient, page: str) -> None:
    html = client.get(page).text
    loaded = re.findall(r"""<(?:script|link|img)[^>]* (?:src|href)="([^"]+)\"""", html)

    assert any(each.endswith(".js") for each in loaded)
    for each in loaded:
        assert re.fullmatch(r"/static-offline-docs/[a-z.-]+", each), each
        answer = client.get(each)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(("text/javascript", "text/css", "image/png")), each
    assert "http" not in re.sub(r"http://www\.w3\.org/\S+", "", html)


def test_page_shows_the_document(client: ApiClient) -> None:
    html = client.get("/docs").text

    assert "SwaggerUIBundle" in html
    assert "url: '/openapi.json'" in html
    assert client.get("/static-offline-docs/swagger-ui-bundle.js").text.count("SwaggerUIBundle") > 0
