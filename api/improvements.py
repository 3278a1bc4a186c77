"""Fine-tuned models that are to replace those that serve: checked when they are trained, then promoted or not."""

import logging
import time
from collections.abc import Callable

from analysis.comparison.improvement import check_improvement
from analysis.comparison.pairing import NotComparable
from api.postponed import Postponed
from models_store.connection import require_redis
from models_store.errors import Damaged, InvalidState, NotFound, Outdated, ResultsHidden, StoreError, Unavailable
from models_store.experiments.improvement import Improvement, ImprovementCheck
from models_store.experiments.index_entries import UNCHECKED, improving
from models_store.experiments.record import Record, Status
from models_store.models.pins import Pin
from models_store.store import Store
from models_store.visibility import seeing_everything
from serving.errors import NoModel, ServingError
from serving.registry import Registry
from specs.access import KeyScope
from specs.splits import SplitName

# A model that is being loaded may take so long.
_REFRESH_SECONDS = 5.0
# Where nothing serves for some minutes, somebody is to decide.
_MOST_TRIES = 8
log = logging.getLogger(__name__)


class Improvements:
    """In every API process, because these know what serves. Whichever finds a trained one first checks it: the others
    come to the same result, and what is decided once stays decided."""

    def __init__(self, store: Store, registry: Registry, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._registry = registry
        self._experiments = store.experiments
        self._postponed = Postponed(clock)

    # -- beside the requests -----------------------------------------------------------------------------------------

    def check_all(self) -> None:
        """Check those that have been trained since. What is unavailable or busy is checked later, each time after twice
        as long, up to a minute. Raises redis's errors, and Unavailable while the index is being rebuilt: what serves
        may not be what should."""
        index = self._experiments.index
        index.require_complete()
        unchecked = index.ids(UNCHECKED)
        self._postponed.retain(unchecked)
        with seeing_everything():
            for experiment_id in unchecked:
                if self._postponed.blocks(experiment_id):
                    continue
                try:
                    self._check(experiment_id)
                except (StoreError, NoModel) as error:
                    seconds = self._postponed.add(experiment_id)
                    log.warning("improvement %s is checked in %.0f s: %s", experiment_id, seconds, error)

    def _check(self, experiment_id: str) -> None:
        record = self._experiments.read(experiment_id)
        if not _is_unchecked(record) or record.improvement is None:
            return
        pin = self._pin(record.dataset)
        try:
            check = self._compare(record, record.improvement)
        except ResultsHidden:  # in this moment
            raise
        except NoModel as error:  # it may be loaded in a moment
            if self._postponed.tries(experiment_id) < _MOST_TRIES:
                raise
            self._write(record, record.improvement.wait(f"it could not be checked: {error}"))
            return
        except (ServingError, NotComparable, InvalidState, NotFound, Damaged) as error:
            self._write(record, record.improvement.wait(f"it could not be checked: {error}"))
            return
        if check.is_worse:
            reason = f"it is worse than what serves, on the same {check.split} samples"
            self._write(record, record.improvement.decide("rejected", reason, check))
        elif record.improvement.promote == "on_approval":
            self._write(record, record.improvement.wait("it waits for approval", check))
        else:
            self._promote_by_itself(record, record.improvement, check, pin)

    def _compare(self, record: Record, improvement: Improvement) -> ImprovementCheck:
        """With what serves now, which may be another one than at its start. Where the test results are hidden the
        validation split decides: a promotion would show something of them. Raises Unavailable if it may be another one
        in a moment."""
        if not self._registry.refresh(_REFRESH_SECONDS):
            raise Unavailable(f"what is to serve {record.dataset} is not known yet")
        serving = self._registry.get(record.dataset, None).record.id
        baseline = improvement.baseline if serving == record.id else serving
        split: SplitName = "validation" if self._experiments.holdout.hidden.is_hidden(record.dataset) else "test"
        return check_improvement(baseline, record.id, self._experiments, split)

    def _promote_by_itself(
        self, record: Record, improvement: Improvement, check: ImprovementCheck, pin: Pin | None
    ) -> None:
        """Unless its owner may no longer do that. `pin` is that of the dataset before the check. Raises Outdated if
        another one is pinned or serves since, Unavailable, Busy."""
        if reason := self._objection(record, improvement, pin):
            self._write(record, improvement.wait(reason, check))
            return
        promoted = improvement.decide("promoted", check=check)

        def change(stored: Record) -> Record:
            """Loading it has taken a while, in which all of that may have changed."""
            if not _is_unchecked(stored):
                raise InvalidState(f"experiment {record.id} was checked by another process")
            serving = self._registry.serving().get(record.dataset)
            is_compared = serving is not None and serving.id in (check.baseline, record.id)
            if not is_compared or self._pin(record.dataset) != pin or self._objection(record, improvement, pin):
                raise Outdated(f"what serves {record.dataset}, or what {record.owner} may, has changed since the check")
            return stored.replace(improvement=promoted)

        try:
            self._registry.pin(record.dataset, record.id, record.owner, change)
        except (InvalidState, NotFound, Damaged) as error:
            self._write(record, improvement.wait(f"it could not be promoted: {error}", check))

    def _pin(self, dataset: str) -> Pin | None:
        """None for a damaged one, too: the best serves in its place."""
        pin = self._store.models.pins().get(dataset)
        return pin if isinstance(pin, Pin) else None

    def _objection(self, record: Record, improvement: Improvement, pin: Pin | None) -> str | None:
        """Why it may not be promoted by itself: by the keys that its owner has now. Of an identity provider's tokens
        there is nothing to ask, and what they allowed at the request counts."""
        owner, keys = record.owner, self._store.keys
        if owner is None:
            return None
        if not (improvement.by_token or keys.has_live(owner, KeyScope.SERVE)):
            return f"{owner} has no valid key with the scope serve any more, which promoting it by itself needs"
        if pin is not None and pin.owner not in (None, owner) and not keys.has_live_admin(owner):
            return f"the pin of {record.dataset} belongs to {pin.owner}"
        return None

    def _write(self, record: Record, improvement: Improvement) -> None:
        """Unless it was decided meanwhile."""
        with self._experiments.lock(record.id) as stored:
            if _is_unchecked(stored):
                self._experiments.write(stored.replace(improvement=improvement))

    # -- on request ----------------------------------------------------------------------------------------------------

    def unfinished(self, baseline: str) -> list[Record]:
        """Those that are shown of the experiments that are to improve `baseline`, and are not decided. Raises
        Unavailable."""
        index = self._experiments.index
        with require_redis():
            index.require_complete()
            return index.get_many(index.shown(index.ids(improving(baseline))))

    def promote(self, experiment_id: str, owner: str | None, check_pin: Callable[[str], None]) -> Record:
        """Pin one that waits, was rejected or declined. `check_pin` raises if the pin of a dataset may not be replaced.
        Raises InvalidState if it is none, or was not checked yet; NotFound, Damaged, Unavailable."""
        record = self._experiments.get(experiment_id)

        def change(stored: Record) -> Record:
            check_pin(record.dataset)  # loading it takes a while, in which somebody may set another one
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
