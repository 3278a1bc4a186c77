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
from api.dependencies import ImagesDep, PlotsDep, StoreDep
from api.results import EvaluationsDep, datasets_of, find_predictions, find_spec
from api.wire.caching import ValidatorsDep, conditional
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


@router.get(
    "/experiments/{experiment_id}/report.html",
    response_class=Response,
    responses=content.or_not_modified(content.text(content.HTML)),
)
def get_report_html(report: ReportDep, cached: PlotsDep, validators: ValidatorsDep) -> Response:
    """Get a report on the experiment as one self-contained page: results, diagnosis, curves, confusion, misclassified
    samples, network and spec. Of one that has not ended, as much as is known."""
    page = render_html(report, lambda plot: cached.svg(plot.kind, plot.source, plot.draw))
    return conditional(page, content.HTML, validators, content.REPORT_HEADERS)


@router.get(
    "/experiments/{experiment_id}/report.md",
    response_class=Response,
    responses=content.or_not_modified(content.text(content.MARKDOWN)),
)
def get_report_markdown(report: ReportDep, validators: ValidatorsDep) -> Response:
    """Get the report as Markdown, without images."""
    return conditional(render_markdown(report), content.MARKDOWN, validators)
