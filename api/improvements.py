"""Fine-tuned models that are to replace those that serve: checked when they are trained, then promoted or not."""

import logging
from functools import partial

from analysis.comparison.improvement import check_improvement
from analysis.comparison.pairing import NotComparable
from models_store.errors import Damaged, InvalidState, NotFound, ResultsHidden, StoreError
from models_store.experiments.improvement import Improvement, ImprovementCheck
from models_store.experiments.index_entries import UNCHECKED
from models_store.experiments.record import Record, Status
from models_store.models.pins import Pin
from models_store.store import Store
from models_store.visibility import seeing_everything
from serving.errors import ServingError
from serving.registry import Registry
from specs.splits import SplitName

log = logging.getLogger(__name__)


class Improvements:
    """In every API process, because these know what serves. Whichever finds a trained one first checks it: the others
    come to the same result, and what is decided once stays decided."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._registry = registry
        self._experiments = store.experiments

    # -- beside the requests -----------------------------------------------------------------------------------------

    def check_all(self) -> None:
        """Check those that have been trained since. What is unavailable or busy is checked later. Raises redis's
        errors."""
        with seeing_everything():
            for experiment_id in self._experiments.index.ids(UNCHECKED):
                try:
                    self._check(experiment_id)
                except StoreError as error:
                    log.warning("improvement %s is checked later: %s", experiment_id, error)

    def _check(self, experiment_id: str) -> None:
        record = self._experiments.read(experiment_id)
        if not _is_unchecked(record) or record.improvement is None:
            return
        try:
            check = self._compare(record, record.improvement)
        except ResultsHidden:  # in this moment
            raise
        except (ServingError, NotComparable, InvalidState, NotFound, Damaged) as error:
            self._write(record, record.improvement.wait(f"it could not be checked: {error}"))
            return
        if check.is_worse:
            reason = f"it is worse than what serves, on the same {check.split} samples"
            self._write(record, record.improvement.decide("rejected", reason, check))
        elif record.improvement.promote == "on_approval":
            self._write(record, record.improvement.wait("it waits for approval", check))
        else:
            self._promote_by_itself(record, record.improvement, check)

    def _compare(self, record: Record, improvement: Improvement) -> ImprovementCheck:
        """With what serves now, which may be another one than at its start. Where the test results are hidden the
        validation split decides: a promotion would show something of them."""
        self._registry.refresh()
        serving = self._registry.get(record.dataset, None).record.id
        baseline = improvement.baseline if serving == record.id else serving
        split: SplitName = "validation" if self._experiments.holdout.hidden.is_hidden(record.dataset) else "test"
        return check_improvement(baseline, record.id, self._experiments, split)

    def _promote_by_itself(self, record: Record, improvement: Improvement, check: ImprovementCheck) -> None:
        pin = self._store.models.pins().get(record.dataset)
        is_limited = self._store.viewer_of(record.owner) is not None
        if isinstance(pin, Pin) and is_limited and pin.owner not in (None, record.owner):
            self._write(record, improvement.wait(f"the pin of {record.dataset} belongs to {pin.owner}", check))
            return
        promoted = improvement.decide("promoted", check=check)
        try:
            self._registry.pin(record.dataset, record.id, record.owner, partial(_replace_unchecked, promoted))
        except (InvalidState, Damaged) as error:
            self._write(record, improvement.wait(f"it could not be promoted: {error}", check))

    def _write(self, record: Record, improvement: Improvement) -> None:
        """Unless it was decided meanwhile."""
        with self._experiments.lock(record.id) as stored:
            if _is_unchecked(stored):
                self._experiments.write(stored.replace(improvement=improvement))

    # -- on request ----------------------------------------------------------------------------------------------------

    def promote(self, experiment_id: str, owner: str | None) -> Record:
        """Pin one that waits, was rejected or declined. Raises InvalidState if it is none, or was not checked yet;
        NotFound, Damaged, Unavailable."""
        record = self._experiments.get(experiment_id)

        def change(stored: Record) -> Record:
            return stored.replace(improvement=_decidable(stored).decide("promoted", by=owner))

        _decidable(record)
        self._registry.pin(record.dataset, experiment_id, owner, change)
        return self._experiments.get(experiment_id)

    def decline(self, experiment_id: str, owner: str | None) -> Record:
        """Decide against one that waits. Raises InvalidState if it does not; NotFound, Damaged."""
        with self._experiments.lock(experiment_id) as stored:
            improvement = _decidable(stored)
            if improvement.state != "waiting":
                raise InvalidState(f"experiment {experiment_id} is {improvement.state}, and does not wait for approval")
            declined = improvement.decide("declined", improvement.reason, by=owner)
            self._experiments.write(stored.replace(improvement=declined))
        return self._experiments.get(experiment_id)


def _is_unchecked(record: Record) -> bool:
    is_pending = record.improvement is not None and record.improvement.state == "pending"
    return is_pending and record.status is Status.SUCCEEDED


def _replace_unchecked(improvement: Improvement, record: Record) -> Record:
    """Raises InvalidState if it was decided meanwhile: somebody may have pinned another one since."""
    if not _is_unchecked(record):
        raise InvalidState(f"experiment {record.id} was checked by another process")
    return record.replace(improvement=improvement)


def _decidable(record: Record) -> Improvement:
    """Raises InvalidState."""
    improvement = record.improvement
    if improvement is None:
        raise InvalidState(
            f"experiment {record.id} was not made to improve what serves {record.dataset}; PUT "
            f'{{"experiment_id": "{record.id}"}} to /models/serving/{record.dataset} has it serve'
        )
    if record.status is not Status.SUCCEEDED or improvement.state == "pending":
        raise InvalidState(
            f"experiment {record.id} is {record.status}; it is checked within seconds of its success, and can be "
            "promoted or declined then"
        )
    if improvement.state == "promoted":
        raise InvalidState(
            f"experiment {record.id} was promoted already; PUT to /models/serving/{record.dataset} changes what serves"
        )
    return improvement
