"""Reports over HTTP: complete, self-contained, and without anything that runs."""

import base64
import re
from collections.abc import Callable
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import yaml
from markdown_it import MarkdownIt

from analysis import plots
from models_store.experiments.record import Record
from models_store.store import Store
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.api import ApiClient
from tests.support.published import publish, results_on

Document = dict[str, Any]
HOSTILE = "<script>alert(1)</script> | `x` **b**"
# The note tries to leave the block in which the spec is shown, too.
HOSTILE_NOTES = f"""{HOSTILE}
![x](http://evil.example/x.png) [y](javascript:alert(1)) \\<img src=x onerror=alert(1)>
```
<script>alert(1)</script>
"""


class Page(HTMLParser):
    """The headings, images, tags and text of a document; `open_tags` is empty at its end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open_tags: list[str] = []
        self.sources: list[str] = []
        self.words: list[str] = []
        self.headings: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "img", "br"}:
            self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open_tags.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open_tags and self.open_tags[-1] == "h2":
            self.headings.append(data)
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def finished(api_store: Store, tiny_document: Document) -> Record:
    return publish(api_store, parse_spec({**tiny_document, "name": HOSTILE, "notes": HOSTILE_NOTES}), epochs=5)


def test_undefined_metrics_are_shown_as_dashes(client: ApiClient, api_store: Store, tiny_document: Document) -> None:
    """Of a class that is never predicted."""
    results = results_on(DATASETS["digits"])
    evaluation = results.evaluations["test"]
    first, *others = evaluation.per_class
    undefined = first.model_copy(update={"precision": None, "recall": 0.0, "f1": 0.0})
    changed = evaluation.model_copy(update={"per_class": (undefined, *others)})
    results = results._replace(evaluations={**results.evaluations, "test": changed})
    record = publish(api_store, parse_spec(tiny_document), results=results)

    bundle = ZipFile(BytesIO(client.get(f"/models/{record.id}/bundle.zip").content))
    markdown = client.get(f"/experiments/{record.id}/report.md").text
    page = client.get(f"/experiments/{record.id}/report.html").text

    for text in (bundle.read("MODEL_CARD.md").decode(), markdown):
        assert f"| 0 | \N{EN DASH} | 0.0000 | 0.0000 | {first.support} |" in text
        assert "not finite" not in text
    assert "<td>0</td><td>\N{EN DASH}</td><td>0.0000</td>" in page


def test_report_of_a_finished_experiment(client: ApiClient, finished: Record) -> None:
    answer = client.get(f"/experiments/{finished.id}/report.html")
    page = Page(answer.text)

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert page.open_tags == []
    assert page.headings == [
        "Results",
        "Diagnosis",
        "Curves",
        "Confusion",
        "Classes",
        "Reliability",
        "Metrics by class",
        "Misclassified samples",
        "Network",
        "Spec",
    ]
    accuracies = [
        results_on(DATASETS["digits"]).evaluations[split].accuracy for split in ("training", "validation", "test")
    ]
    assert "accuracy " + " ".join(f"{value:.4f}" for value in accuracies) in page.text
    assert "succeeded (completed) · 5 epochs" in page.text


def test_report_is_self_contained_and_runs_nothing(client: ApiClient, finished: Record) -> None:
    answer = client.get(f"/experiments/{finished.id}/report.html")
    page = Page(answer.text)

    assert page.sources
    assert all(source.startswith("data:image/") for source in page.sources)
    assert "script" not in page.tags
    assert HOSTILE in page.text
    [policy] = answer.headers.get_list("content-security-policy")
    assert policy.startswith("default-src 'none'")
    images = [base64.b64decode(source.partition(",")[2]) for source in page.sources]
    assert sum(image.startswith(b"\x89PNG") for image in images) == 10  # its ten misclassified samples
    assert sum(b"<svg" in image for image in images) == 4


def test_spec_in_the_report_can_be_posted_again(client: ApiClient, finished: Record) -> None:
    for name in ("report.html", "report.md"):
        text = client.get(f"/experiments/{finished.id}/{name}").text
        spec = Page(text).words[-3] if name.endswith("html") else MarkdownIt().parse(text)[-1].content

        assert yaml.safe_load(spec) == finished.spec.document


def test_markdown_tables_survive_hostile_names(client: ApiClient, finished: Record) -> None:
    answer = client.get(f"/experiments/{finished.id}/report.md")
    text = answer.text.partition("## Spec")[0]

    assert answer.headers["content-type"].startswith("text/markdown")
    assert "\n\n\n" not in text
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert len(tables) == 5  # results, history, metrics by class, misclassified samples, network
    for table in tables:
        columns = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(columns) == 1
    assert len(tables[1].splitlines()) == 2 + 5


def test_markdown_shows_hostile_text_as_it_is(client: ApiClient, finished: Record) -> None:
    """As a renderer that lets HTML through would show report and model card."""
    bundle = ZipFile(BytesIO(client.get(f"/models/{finished.id}/bundle.zip").content))
    for text in (client.get(f"/experiments/{finished.id}/report.md").text, bundle.read("MODEL_CARD.md").decode()):
        page = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))

        assert not {"script", "img", "strong"} & set(page.tags)
        assert [each for each in page.sources if ":" in each] == []
        assert HOSTILE in page.text
        for line in HOSTILE_NOTES.splitlines():
            assert line in page.text
        assert page.headings[-1] == "Spec"


def test_report_of_a_queued_experiment(client: ApiClient, tiny_document: Document) -> None:
    waiting = client.post("/experiments", json=tiny_document).json()["id"]

    page = Page(client.get(f"/experiments/{waiting}/report.html").text)

    assert page.headings == ["Diagnosis", "Network", "Spec"]
    assert "queued · 0 epochs" in page.text
    assert "## Results" not in client.get(f"/experiments/{waiting}/report.md").text


def test_misclassified_features_have_no_images(client: ApiClient, api_store: Store) -> None:
    record = publish(api_store, parse_spec({"model": {"preset": "blobs-mlp"}, "dataset": {"name": "blobs"}}))

    page = Page(client.get(f"/experiments/{record.id}/report.html").text)

    assert "Misclassified samples" in page.headings
    assert not any(source.startswith("data:image/png") for source in page.sources)


def test_report_of_unknown_experiment_is_not_found(client: ApiClient, tiny_spec: Callable[..., ExperimentSpec]) -> None:
    for name in ("report.html", "report.md"):
        assert client.get(f"/experiments/01K6W3E8Z4T5V6X7Y8Z9A0B1C2/{name}").status_code == 404


def test_report_has_metrics_by_class_and_as_served(client: ApiClient, api_store: Store) -> None:
    smoothed = {"loss": {"type": "CategoricalCrossentropy", "label_smoothing": 0.1}}
    layers = [{"type": "Flatten"}, {"type": "Dense"}]
    record = publish(api_store, parse_spec({"model": {"layers": layers}, "training": smoothed}))
    evaluation = client.get(f"/experiments/{record.id}/evaluation").json()
    page = Page(client.get(f"/experiments/{record.id}/report.html").text).text
    text = client.get(f"/experiments/{record.id}/report.md").text

    assert "calibration error, as served" in page
    assert "with a label smoothing of 0.1; the loss in this table is the plain cross-entropy" in page
    assert "with a label smoothing of 0.1; the loss in this table is the plain cross-entropy" in text
    for row in evaluation["per_class"]:
        cells = [f"{row[name]:.4f}" for name in ("precision", "recall", "f1")]
        assert f"{row['label']} {' '.join(cells)} {row['support']}" in page
        assert f"| {row['label']} | {' | '.join(cells)} | {row['support']} |" in text


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The format of each plot that is drawn."""
    formats: list[str] = []
    render = plots.figure.render

    def note(draw: Any, image_format: plots.figure.Format) -> bytes:
        formats.append(image_format)
        return render(draw, image_format)

    monkeypatch.setattr(plots.figure, "render", note)
    return formats


def test_plots_of_a_report_are_drawn_once(client: ApiClient, finished: Record, drawn: list[str]) -> None:
    """As they are for the routes of plots, and again once the experiment has another name."""
    path = f"/experiments/{finished.id}"
    first = client.get(f"{path}/report.html")
    assert drawn == ["svg"] * 4

    again = client.get(f"{path}/report.html")
    for name in ("history.svg", "confusion.svg?normalize=false", "classes.svg", "reliability.svg"):
        assert client.get(f"{path}/plots/{name}").status_code == 200
    assert (again.text, again.headers["etag"], len(drawn)) == (first.text, first.headers["etag"], 4)

    client.patch(path, json={"name": "another"})
    assert "<h1>another</h1>" in client.get(f"{path}/report.html").text
    assert len(drawn) == 8


@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_report_that_the_client_has_is_not_sent(client: ApiClient, finished: Record, name: str) -> None:
    """Until it changes. The policy is sent all the same: where the page is kept, it replaces that of the page."""
    path = f"/experiments/{finished.id}/{name}"
    first = client.get(path)
    known = {"If-None-Match": first.headers["etag"]}

    again = client.get(path, headers=known)

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
    client.patch("/datasets/digits", json={"hide_test": True})
    hidden = client.get(path, headers=known)
    assert (hidden.status_code, "on the test split of digits are hidden" in hidden.text) == (200, True)
