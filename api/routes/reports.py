"""`GET /experiments/{id}/report.html` and `.md`."""

from typing import Any

from fastapi import APIRouter, Response

from analysis.report.rendering import as_html, as_markdown
from analysis.report.report import report_on
from api.dependencies import SettingsDep, StoreDep

router = APIRouter(tags=["evaluation"])
# What stands in it came from users: nothing in it may run or load anything.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}}}
_MARKDOWN: dict[int | str, dict[str, Any]] = {200: {"content": {"text/markdown": {}}}}


@router.get("/experiments/{experiment_id}/report.html", response_class=Response, responses=_HTML)
def get_report(experiment_id: str, store: StoreDep, settings: SettingsDep) -> Response:
    """The experiment on one page, which needs nothing beside itself: what came out, what to make of it, curves,
    confusion, mistakes, network and spec. Of one that has not ended, as much as there is."""
    report = report_on(store.experiments.get(experiment_id), store, settings)
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    return Response(as_html(report), media_type="text/html", headers=headers)


@router.get("/experiments/{experiment_id}/report.md", response_class=Response, responses=_MARKDOWN)
def get_report_as_text(experiment_id: str, store: StoreDep, settings: SettingsDep) -> Response:
    """The same as Markdown, without images."""
    return Response(
        as_markdown(report_on(store.experiments.get(experiment_id), store, settings)),
        media_type="text/markdown",
        headers={"X-Content-Type-Options": "nosniff"},
    )
