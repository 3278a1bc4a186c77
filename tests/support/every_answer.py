"""What to ask of every operation that the OpenAPI document has."""

from collections.abc import Iterator
from itertools import product

import httpx2

from specs.splits import SPLITS
from tests.support.api import ApiClient
from tests.support.contract import Operation
from tests.support.retries import answered

# Answers that differ from one second to the next, and sizes of the whole store.
LIVE = {"GET /metrics", "GET /workers", "GET /disk", "GET /events", "GET /health/ready"}
PLOTS = {"kind": ["history"], "image_format": ["svg"], "history_format": ["json", "csv"]}
QUERIES: dict[str, list[str]] = {
    "GET /experiments": ["", "?fields=summary&limit=100", "?sort=-test_accuracy", "?test_accuracy>0"],
    "GET /experiments/{experiment_id}/mistakes": ["", "?split=validation", "?suspect=true", "?true=4&predicted=5"],
}
OF_SPLIT = ("/evaluation", "/mistakes", "/mistakes.png", "/plots/confusion", "/plots/classes", "/plots/reliability")


def targets(operation: Operation, values: dict[str, list[str]]) -> Iterator[str]:
    """The paths of an operation, with every value of its parameters and its queries."""
    names = [each["name"] for each in operation.parameters if each["in"] == "path"]
    known = {**values, **({"name": values["file"]} if operation.path.endswith("/files/{name}") else {})}
    for chosen in product(*(known[name] for name in names)):
        path = operation.path
        for name, value in zip(names, chosen, strict=True):
            path = path.replace(f"{{{name}}}", value)
        if operation.path.startswith("/compare"):
            yield from (f"{path}?ids={values['ids'][0]}&split={split}" for split in SPLITS)
        else:
            yield path
            yield from (f"{path}?split={split}" for split in SPLITS if any(each in path for each in OF_SPLIT))
            yield from (f"{path}{query}" for query in QUERIES.get(operation.name, []))


def get(client: ApiClient, target: str) -> httpx2.Response:
    """Again while the answer is 503, which tells nothing about what is asked for, whether it should or not."""
    return answered(lambda: client.get(target))
