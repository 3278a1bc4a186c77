"""Advances a sweep: records the outcomes of its trials, starts others, ends it.

A worker that is killed at any point leaves a record from which the next one gets the same result: a trial is written
to the record before its experiment is created, with the id that the experiment will have; every write needs the claim.
"""

import logging
from functools import cached_property

from ulid import ULID

from models_store.errors import InvalidState, Newer, NotFound
from models_store.experiments.places import TrialId
from models_store.models.pins import Pin
from models_store.store import Store
from models_store.sweeps.claim import SweepClaim
from models_store.sweeps.record import SweepRecord, SweepStatus
from models_store.sweeps.trial import Trial, TrialStatus
from models_store.visibility import Viewer, seeing_as
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.sweep import Point
from worker.sweeps.repeats import conclude, missing_repeats, repeated_points
from worker.sweeps.suggest import suggest

log = logging.getLogger(__name__)


def advance(claim: SweepClaim, store: Store) -> SweepRecord:
    """Raises ClaimLost, Busy, StorageFull, Unavailable."""
    step = _Step(claim, store)
    step.close_ended()
    if claim.record.cancel_requested:
        return step.cancel()
    step.plan()
    step.create_planned()
    return step.finish()


class _Step:
    def __init__(self, claim: SweepClaim, store: Store) -> None:
        self._claim = claim
        self._store = store
        self._created: list[Trial] = []

    @cached_property
    def _viewer(self) -> Viewer | None:
        """Who has posted it may not see all that a worker does: what is private to others is unknown to its trials,
        too. Only where something is looked at: the files of all keys are read for it."""
        return self._store.viewer_of(self._claim.record.owner)

    @property
    def _record(self) -> SweepRecord:
        return self._claim.record

    # -- what has ended ----------------------------------------------------------------------------------------------

    def close_ended(self) -> None:
        if self._ended(self._record):
            # Again, under the lock: an experiment may have been retried meanwhile.
            self._claim.update(lambda current: _with_importance(current.with_trials(self._ended(current))))

    def _ended(self, sweep: SweepRecord) -> list[Trial]:
        """Its open trials whose experiments have ended, with their outcomes."""
        return [trial for each in sweep.open_trials if (trial := self._closed(each)) is not each]

    def _closed(self, trial: Trial) -> Trial:
        """With its outcome, if its experiment has ended."""
        experiment = self._store.sweep_jobs.experiment(trial)
        if experiment is None:
            return trial.replace(status=TrialStatus.DELETED) if trial.is_created else trial
        if not experiment.status.is_terminal:
            return trial
        return trial.replace(is_created=True).close(experiment, self._record.spec.metric)

    # -- what is next ------------------------------------------------------------------------------------------------

    def plan(self) -> None:
        """Write the next trials into the record, unless it was paused or cancelled meanwhile."""
        planned = self._planned()
        added = planned.trials[len(self._record.trials) :]

        def add(current: SweepRecord) -> SweepRecord:
            is_stopped = current.cancel_requested or current.status is not SweepStatus.RUNNING
            return current if is_stopped else current.with_trials(added).replace(exhausted=planned.exhausted)

        if planned is not self._record:
            self._claim.update(add)

    def _planned(self) -> SweepRecord:
        """The record with the trials that there is room for."""
        record = self._record
        room = self._store.sweep_jobs.room(record)
        open_trials = len(record.open_trials) + room
        while len(record.open_trials) < open_trials:
            self._claim.renew()
            if record.may_start:
                point = suggest(record)
                record = record.replace(exhausted=True) if point is None else self._with_point(record, point)
            elif (trial := _repeat(record)) is not None:
                record = record.with_trials([trial])
            else:
                break
        return record

    def _with_point(self, record: SweepRecord, point: Point) -> SweepRecord:
        number = len(record.trials)
        trial = Trial(number=number, point=point, experiment_id=str(ULID()))
        try:
            with seeing_as(self._viewer):
                self._parse(trial)
        except SpecError as error:
            trial = trial.reject("; ".join(map(str, error.problems)))
        return record.with_trials([trial])

    def _parse(self, trial: Trial) -> ExperimentSpec:
        datasets = self._store.known_datasets()
        document = self._record.spec.trial_document(trial.point, trial.number, trial.seed)
        spec = parse_spec(document, datasets)
        self._store.transfers.transferred_layers(spec, datasets)
        return spec

    # -- experiments -------------------------------------------------------------------------------------------------

    def create_planned(self) -> None:
        for trial in self._record.open_trials:
            if not trial.is_created:
                self._claim.renew()
                self._created.append(self._create(trial))

    def _create(self, trial: Trial) -> Trial:
        place = TrialId(self._record.id, trial.number, trial.experiment_id or "")
        try:
            with seeing_as(self._viewer):
                self._create_experiment(trial, place)
        except (SpecError, InvalidState) as error:
            # It was valid when it was planned: its dataset was deleted since.
            return trial.reject(str(error))
        return trial.replace(is_created=True)

    def _create_experiment(self, trial: Trial, place: TrialId) -> None:
        """Raises SpecError, InvalidState if it is no longer valid."""
        spec = self._parse(trial)
        with (
            self._store.datasets.keep(*spec.dataset.names),
            self._store.transfers.keep(spec, self._store.known_datasets()) as layers,
        ):
            self._claim.create_experiment(
                lambda private: self._store.experiments.create(
                    spec,
                    transferred_layers=layers,
                    place=place,
                    priority=self._record.spec.priority,
                    owner=self._record.owner,
                    private=private,
                )
            )

    # -- ends --------------------------------------------------------------------------------------------------------

    def finish(self) -> SweepRecord:
        settled = self._settle(self._record)
        if settled.status is SweepStatus.SUCCEEDED and settled.spec.serve is not None:
            self._serve(settled.winner)
        return self._claim.finish(self._settle)

    def _settle(self, current: SweepRecord) -> SweepRecord:
        """With the trials that were created, and ended if nothing is left to do."""
        record = current.with_trials(self._created)
        if record.open_trials or record.may_start or record.status is not SweepStatus.RUNNING:
            return record
        if _repeat(record) is not None:
            return record
        if record.best is None:
            return record.end(SweepStatus.FAILED, conclusion=_describe_failure(record))
        record = record.replace(repeated=repeated_points(record))
        return record.end(SweepStatus.SUCCEEDED, conclusion=conclude(record))

    def _serve(self, winner: str) -> None:
        try:
            experiment = self._store.experiments.read(winner)
        except NotFound:
            log.warning("sweep %s: experiment %s, the best one, was deleted and cannot serve", self._record.id, winner)
            return
        if not self._store.models.may_serve(experiment.dataset, winner):
            log.warning("sweep %s: experiment %s, the best one, is private and cannot serve", self._record.id, winner)
            return
        owner, pin = self._record.owner, self._store.models.pins().get(experiment.dataset)
        if self._viewer is not None and isinstance(pin, Pin) and pin.owner not in (None, owner):
            log.warning("sweep %s: the pin of %s belongs to %s, and stays", self._record.id, pin.dataset, pin.owner)
            return
        self._store.experiments.pins.put(Pin(dataset=experiment.dataset, experiment_id=winner, owner=owner))

    def cancel(self) -> SweepRecord:
        """Cancel the trials; the sweep is cancelled when all have ended."""
        cancelled = [each.replace(status=TrialStatus.CANCELLED) for each in self._record.open_trials if self._end(each)]

        def end(current: SweepRecord) -> SweepRecord:
            changed = current.with_trials(cancelled)
            return changed if changed.open_trials else changed.end(SweepStatus.CANCELLED)

        return self._claim.finish(end)

    def _end(self, trial: Trial) -> bool:
        """Cancel its experiment; True if it has none, or one that has ended by now, as a newer one is not known to."""
        try:
            return self._store.experiments.cancel(trial.experiment_id or "").status.is_terminal
        except Newer:
            return False
        except (NotFound, InvalidState):
            return True


def _repeat(sweep: SweepRecord) -> Trial | None:
    """The next repeat, once the search is over."""
    if any(trial.repeat_of is None for trial in sweep.open_trials):
        return None
    missing = next(iter(missing_repeats(sweep)), None)
    if missing is None:
        return None
    trial, seed = missing
    return Trial(
        number=len(sweep.trials),
        point=trial.point,
        experiment_id=str(ULID()),
        repeat_of=trial.number,
        seed=seed,
        never_prune=True,
    )


def _describe_failure(sweep: SweepRecord) -> str:
    reasons = [trial.reason for trial in sweep.trials if trial.reason]
    last = f"; the last one: {reasons[-1]}" if reasons else ""
    return f"none of the {len(sweep.trials)} trials has succeeded{last}"


def _with_importance(sweep: SweepRecord) -> SweepRecord:
    from worker.sweeps.tpe import importance  # noqa: PLC0415 - see suggest.py

    return sweep.replace(importance=importance(sweep))
