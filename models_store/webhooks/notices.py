"""What webhooks are told, and whether it has happened."""

from contextlib import suppress
from typing import Any

from models_store.errors import Damaged, NotFound
from models_store.experiments.folders import RecordFolders
from models_store.experiments.record import Record
from models_store.experiments.summary import ExperimentSummary
from models_store.models.promotions import Promotion
from models_store.sweeps.record import SweepRecord
from models_store.webhooks.webhook import Notice


def experiment_notice(folders: RecordFolders, record: Record) -> Notice | None:
    """If `record`, which is about to be written, ends it. Trials are left out: their sweep has an event of its own. So
    is what is private: who reads what a webhook sends is not asked for a key."""
    if record.private or not record.status.is_terminal or record.sweep is not None or record.ended_at is None:
        return None
    with suppress(NotFound, Damaged):
        if folders.read(record.id).status.is_terminal:
            return None  # it has ended before, and is edited
    data = ExperimentSummary.of(record).model_dump(mode="json")
    return Notice(event=f"experiment.{record.status}", subject=record.id, at=record.ended_at, data=data)


def sweep_notice(before: SweepRecord, record: SweepRecord) -> Notice | None:
    """If `record`, which is about to be written, ends it; unless it is private."""
    if record.private or before.has_ended or not record.has_ended or record.ended_at is None:
        return None
    best = record.best
    data: dict[str, Any] = {
        "id": record.id,
        "name": record.name,
        "status": record.status,
        "trials": len(record.trials),
        "metric": record.spec.metric,
        "best_trial": best.number if best else None,
        "best_value": best.value if best else None,
        "best_experiment_id": best.experiment_id if best else None,
        "conclusion": record.conclusion,
        "error": record.error,
    }
    return Notice(event="sweep.ended", subject=record.id, at=record.ended_at, data=data)


def promotion_notice(promotion: Promotion) -> Notice | None:
    """Unless no model serves, or it is private."""
    if promotion.private or promotion.experiment_id is None:
        return None
    data = promotion.model_dump(mode="json")
    return Notice(event="model.promoted", subject=promotion.dataset, at=promotion.at, data=data)
