"""A 304 has the headers by which caches went with its 200 (RFC 9110, 15.4.5)."""

from collections.abc import Callable
from functools import reduce

import pytest

from models_store.store import Store
from specs.experiment import ExperimentSpec
from tests.support.api import ApiClient
from tests.support.published import publish

ACCEPTED = ["*/*", "application/json", "text/csv", "text/html"]
CACHING = ("Cache-Control", "Content-Location", "Expires")


def items_of(header: str) -> set[str]:
    return {item.strip().lower() for item in header.split(",")} - {""}


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_not_modified_has_the_headers_of_the_answer(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec], encoding: str
) -> None:
    filled = {"experiment_id": publish(api_store, tiny_spec(), epochs=3).id, "name": "digits", "history_format": "csv"}
    filled |= {"plot": "history", "image_format": "svg", "plot_format": "svg"}
    paths = client.get("/openapi.json").json()["paths"]
    conditional = [path for path, routes in paths.items() if "304" in routes.get("get", {}).get("responses", {})]
    seen = set()
    for route in conditional:
        path = reduce(lambda path, item: path.replace(f"{{{item[0]}}}", item[1]), filled.items(), route)
        for accept in ACCEPTED if "{" not in path else []:
            headers = {"Accept": accept, "Accept-Encoding": encoding}
            whole = client.get(path, headers=headers)
            if whole.status_code != 200 or "ETag" not in whole.headers:
                continue
            again = client.get(path, headers={**headers, "If-None-Match": whole.headers["ETag"]})

            seen.add(path)
            assert (again.status_code, again.content) == (304, b""), path
            assert again.headers["ETag"] == whole.headers["ETag"], path
            assert {name: again.headers.get(name) for name in CACHING} == {
                name: whole.headers.get(name) for name in CACHING
            }, path
            # That of an image may name the encoding, which is known of its 200 alone.
            varies = items_of(again.headers.get("Vary", "")) - {"accept-encoding"}
            assert varies == items_of(whole.headers.get("Vary", "")) - {"accept-encoding"}, path
            if "accept-encoding" in items_of(whole.headers.get("Vary", "")):
                assert "accept-encoding" in items_of(again.headers["Vary"]), path
    assert len(seen) > len(conditional) / 2, (seen, conditional)
    assert any(path.endswith("/history") for path in seen)
