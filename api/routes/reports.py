"""`GET /experiments/{id}/report.html` and `.md`."""

from fastapi import APIRouter, Response

from analysis.report.rendering import as_html, as_markdown
from analysis.report.report import report_on
from api.dependencies import SettingsDep, StoreDep
from api.schemas import content

router = APIRouter(tags=["evaluation"])
# The report quotes users: nothing in it may run or load anything.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@router.get("/experiments/{experiment_id}/report.html", response_class=Response, responses=content.text(content.HTML))
def get_report_html(experiment_id: str, store: StoreDep, settings: SettingsDep) -> Response:
    """Get a report on the experiment as one self-contained page: results, diagnosis, curves, confusion, misclassified
    samples, network and spec. Of one that has not ended, as much as is known."""
    report = report_on(store.experiments.get(experiment_id), store, settings)
    return Response(as_html(report), media_type=content.HTML, headers={"Content-Security-Policy": _POLICY})


@router.get("/experiments/{experiment_id}/report.md", response_class=Response, responses=content.text(content.MARKDOWN))
def get_report_markdown(experiment_id: str, store: StoreDep, settings: SettingsDep) -> Response:
    """Get the report as Markdown, without images."""
    report = report_on(store.experiments.get(experiment_id), store, settings)
    return Response(as_markdown(report), media_type=content.MARKDOWN)
