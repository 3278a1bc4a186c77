"""`GET /experiments/{id}/report.html` and `.md`."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from analysis.misclassified import Misclassified, select
from analysis.report.rendering import render_html, render_markdown
from analysis.report.report import MAX_MISCLASSIFIED, Report, build_report, report_split
from analysis.sample_images import SampleImages
from api import content
from api.access import READ
from api.dependencies import ImagesDep, StoreDep
from api.results import EvaluationsDep, datasets_of, find_predictions, find_spec
from models_store.evaluations.evaluation import Evaluations
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore

router = APIRouter(tags=["evaluation"], dependencies=[READ])


def get_report(experiment_id: str, store: StoreDep, evaluations: EvaluationsDep, images: ImagesDep) -> Report:
    record = store.experiments.get(experiment_id)
    return build_report(
        record=record,
        spec=find_spec(record, store),
        history=store.experiments.history(experiment_id),
        evaluations=evaluations,
        misclassified=_misclassified(record, evaluations, store.experiments, images),
        peeks=store.experiments.holdout.peeks.of(record.dataset),
    )


def _misclassified(
    record: Record, evaluations: Evaluations, experiments: ExperimentStore, images: ImagesDep
) -> Sequence[Misclassified]:
    split = report_split(evaluations)
    predictions = find_predictions(record.id, split, experiments) if split else None
    if split is None or predictions is None:
        return ()
    selection = select(evaluations[split].confusion_matrix.labels, predictions, limit=MAX_MISCLASSIFIED)
    datasets = datasets_of(record)
    shown = SampleImages(split, predictions, partial(images.open_all, datasets))
    return selection.samples(shown.data_url, images.files(datasets))


ReportDep = Annotated[Report, Depends(get_report)]


@router.get("/experiments/{experiment_id}/report.html", response_class=Response, responses=content.text(content.HTML))
def get_report_html(report: ReportDep) -> Response:
    """Get a report on the experiment as one self-contained page: results, diagnosis, curves, confusion, misclassified
    samples, network and spec. Of one that has not ended, as much as is known."""
    return Response(render_html(report), media_type=content.HTML, headers=content.REPORT_HEADERS)


@router.get("/experiments/{experiment_id}/report.md", response_class=Response, responses=content.text(content.MARKDOWN))
def get_report_markdown(report: ReportDep) -> Response:
    """Get the report as Markdown, without images."""
    return Response(render_markdown(report), media_type=content.MARKDOWN)
