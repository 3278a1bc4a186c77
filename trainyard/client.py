"""The client."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar, Unpack

import httpx2

from trainyard import operations
from trainyard.answers.datasets import Dataset
from trainyard.answers.evaluations import EvaluationView
from trainyard.answers.events import Change, Event
from trainyard.answers.experiments import Experiment
from trainyard.answers.predictions import BatchLine
from trainyard.answers.sweeps import Sweep
from trainyard.archives import Archive
from trainyard.batch import Batch
from trainyard.errors import ApiError, Unreachable
from trainyard.event_stream import ChangeStream, Connection, EventStream
from trainyard.operations.experiments import Filters
from trainyard.operations.operation import Operation
from trainyard.runs import Runs
from trainyard.sender import Sender, sends

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E")
POLL_SECONDS = 0.5


class Client(Sender):
    """Sends requests to one Trainyard; answers are typed (`trainyard.answers`).

    `base_url` defaults to TRAINYARD_URL of the environment, or http://127.0.0.1:8000; `key`, where the service asks for
    one, to TRAINYARD_KEY, or what `trainyard login` has kept for that address. Every method raises
    TrainyardError: Unreachable if nothing answers, ApiError if the API rejects the request. Requests that change
    nothing are sent again while the API is not ready. Close it, or use it as a context.
    """

    # -- experiments -------------------------------------------------------------------------------------------------

    submit = sends(operations.experiments.submit)
    submit_change = sends(operations.experiments.submit_change)
    submit_repeats = sends(operations.experiments.submit_repeats)
    continue_training = sends(operations.experiments.continue_training)
    validate = sends(operations.experiments.validate)
    page = sends(operations.experiments.page)
    summaries = sends(operations.experiments.summaries)
    get = sends(operations.experiments.get)
    group = sends(operations.experiments.group)
    history = sends(operations.experiments.history)
    history_csv = sends(operations.experiments.history_csv)
    summaries_csv = sends(operations.experiments.summaries_csv)
    tensorboard = sends(operations.experiments.tensorboard)
    files = sends(operations.experiments.files)
    log = sends(operations.experiments.log)
    diagnosis = sends(operations.experiments.diagnosis)
    compare = sends(operations.experiments.compare)
    lineage = sends(operations.experiments.lineage)
    edit = sends(operations.experiments.edit)
    stop = sends(operations.experiments.stop)
    cancel = sends(operations.experiments.cancel)
    retry = sends(operations.experiments.retry)
    reproduce = sends(operations.experiments.reproduce)
    reproduction = sends(operations.experiments.reproduction)
    provenance = sends(operations.experiments.provenance)
    prune = sends(operations.experiments.prune)
    delete = sends(operations.experiments.delete)
    delete_state = sends(operations.experiments.delete_state)
    presets = sends(operations.experiments.presets)

    def runs(self, **filters: Unpack[Filters]) -> Runs:
        """All experiments that match, newest first unless `sort` says otherwise. Filters: `status`, `dataset`, `tag`,
        `name` (a part of it), `sort` (`created_at`, `val_accuracy`; descending with `-`)."""
        return Runs(self.send, filters)

    def events(self, experiment_id: str) -> Iterator[Event]:
        """Follow an experiment: all epochs so far, then what happens, up to StreamEnd.

        Reconnects when the connection breaks, with no epoch missed or repeated.
        """
        return self._follow(EventStream(experiment_id))

    def changes(self, *experiment_ids: str, since: str | None = None) -> Iterator[Change]:
        """Follow everything that changes, without end: experiments (only these, if there are ids), datasets,
        evaluations, models that serve, workers. Begins with `ready`; `since` is the id of the last event received.

        Reconnects when the connection breaks, without loss or repetition; `reset` says that events are lost.
        """
        return self._follow(ChangeStream(experiment_ids, since))

    def _follow(self, stream: Connection[E]) -> Iterator[E]:
        while True:
            try:
                with self._stream(stream.operation()) as source:
                    for message in source:
                        event = stream.receive(message)
                        if event is not None:
                            yield event
                        if stream.has_ended:
                            return
            except (Unreachable, ApiError) as error:
                stream.lose_connection(error)
            time.sleep(stream.next_delay())

    def wait(self, experiment_id: str) -> Experiment:
        """Wait until an experiment has ended, in whichever way; return its record."""
        for _ in self.events(experiment_id):
            pass
        return self.get(experiment_id)

    # -- sweeps ------------------------------------------------------------------------------------------------------

    start_sweep = sends(operations.sweeps.start_sweep)
    plan_sweep = sends(operations.sweeps.plan_sweep)
    sweeps = sends(operations.sweeps.sweeps)
    sweep = sends(operations.sweeps.sweep)
    trials_csv = sends(operations.sweeps.trials_csv)
    edit_sweep = sends(operations.sweeps.edit_sweep)
    cancel_sweep = sends(operations.sweeps.cancel_sweep)
    delete_sweep = sends(operations.sweeps.delete_sweep)
    resume_trial = sends(operations.sweeps.resume_trial)

    def wait_for_sweep(self, sweep_id: str) -> Sweep:
        """Wait until a sweep has ended."""
        while not (view := self.sweep(sweep_id)).has_ended:
            time.sleep(POLL_SECONDS)
        return view

    # -- evaluations and figures -------------------------------------------------------------------------------------

    evaluation = sends(operations.evaluations.evaluation)
    misclassified = sends(operations.evaluations.misclassified)
    misclassified_sheet = sends(operations.evaluations.misclassified_sheet)
    relabel = sends(operations.evaluations.relabel)
    evaluate = sends(operations.evaluations.evaluate)
    evaluation_on = sends(operations.evaluations.evaluation_on)
    evaluations = sends(operations.evaluations.evaluations)
    plot = sends(operations.figures.plot)
    plot_spec = sends(operations.figures.plot_spec)
    plot_comparison = sends(operations.figures.plot_comparison)
    plot_sweep = sends(operations.figures.plot_sweep)
    image = sends(operations.figures.image)

    def wait_for_evaluation(self, experiment_id: str, dataset: str) -> EvaluationView:
        """Wait until an evaluation on another dataset has ended."""
        while not (view := self.evaluation_on(experiment_id, dataset)).has_ended:
            time.sleep(POLL_SECONDS)
        return view

    # -- datasets ----------------------------------------------------------------------------------------------------

    datasets = sends(operations.datasets.datasets)
    dataset = sends(operations.datasets.dataset)
    add_dataset = sends(operations.datasets.add_dataset)
    set_dataset_private = sends(operations.datasets.set_dataset_private)
    hide_test = sends(operations.datasets.hide_test)
    reveal_test = sends(operations.datasets.reveal_test)
    delete_dataset = sends(operations.datasets.delete_dataset)
    samples_sheet = sends(operations.datasets.samples_sheet)

    def wait_for_dataset(self, name: str) -> Dataset:
        """Wait until an uploaded dataset is ready or has failed."""
        while not (view := self.dataset(name)).is_converted:
            time.sleep(POLL_SECONDS)
        return view

    # -- models and predictions --------------------------------------------------------------------------------------

    models = sends(operations.models.models)
    promotions = sends(operations.models.promotions)
    traffic = sends(operations.models.traffic)
    best_model = sends(operations.models.best_model)
    serve = sends(operations.models.serve)
    improve = sends(operations.models.improve)
    promote = sends(operations.models.promote)
    decline = sends(operations.models.decline)
    predict = sends(operations.models.predict)
    label = sends(operations.models.label)
    explain = sends(operations.explanations.explain)
    explain_sample = sends(operations.explanations.explain_sample)

    def predict_batch(
        self, images: Archive, dataset: str | None = None, experiment: str | None = None, top: int = 3
    ) -> Iterator[BatchLine]:
        """Predict all images of a zip, a tar or a folder. Lines come as they are known: BatchModel, then a Prediction
        or a BatchError for each image, then BatchEnd. Raises IncompleteAnswer after the last line if that is not all.
        """
        batch = Batch()
        with self._stream(operations.models.predict_batch(images, dataset, experiment, top)) as response:
            for line in response.iter_lines():
                yield batch.receive(line)
        batch.check_complete()

    def bundle(self, experiment_id: str, target: str | os.PathLike[str]) -> Path:
        """Write the model of an experiment to the zip `target`, with all that is needed to run it without Trainyard.
        An existing file is replaced when the download is complete. Raises OSError if it cannot be written."""
        return self._download(operations.models.bundle(experiment_id), Path(target))

    def download(self, experiment_id: str, name: str, target: str | os.PathLike[str]) -> Path:
        """Write the stored file `name` of an experiment, as `files` lists them, to `target`, as `bundle` does."""
        return self._download(operations.experiments.file(experiment_id, name), Path(target))

    def _download(self, operation: Operation[httpx2.Response], path: Path) -> Path:
        partial = path.with_name(f"{path.name}.part")
        try:
            with self._stream(operation) as response, partial.open("wb") as file:
                for piece in response.iter_bytes():
                    file.write(piece)
            return partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    # -- the service itself ------------------------------------------------------------------------------------------

    workers = sends(operations.service.workers)
    drain = sends(operations.service.drain)
    resume_worker = sends(operations.service.resume_worker)
    queue = sends(operations.service.queue)
    reorder_queue = sends(operations.service.reorder_queue)
    pause_queue = sends(operations.service.pause_queue)
    resume_queue = sends(operations.service.resume_queue)
    disk = sends(operations.service.disk)
    add_webhook = sends(operations.webhooks.add_webhook)
    webhooks = sends(operations.webhooks.webhooks)
    delete_webhook = sends(operations.webhooks.delete_webhook)
    test_webhook = sends(operations.webhooks.test_webhook)
    deliveries = sends(operations.webhooks.deliveries)
    create_key = sends(operations.keys.create_key)
    keys = sends(operations.keys.keys)
    own_key = sends(operations.keys.own_key)
    revoke_key = sends(operations.keys.revoke_key)
    login = sends(operations.keys.login)
    finish_sign_in = sends(operations.keys.finish_sign_in)
    owner = sends(operations.owners.owner)
    owners = sends(operations.owners.owners)
    set_quota = sends(operations.owners.set_quota)
    set_default_privacy = sends(operations.owners.set_default_privacy)

    # -- classes -----------------------------------------------------------------------------------------------------

    create_class = sends(operations.classes.create_class)
    classes = sends(operations.classes.classes)
    school_class = sends(operations.classes.school_class)
    delete_class = sends(operations.classes.delete_class)
    add_students = sends(operations.classes.add_students)
    remove_student = sends(operations.classes.remove_student)
    replace_student_key = sends(operations.classes.replace_student_key)
    class_progress = sends(operations.classes.class_progress)
    class_progress_csv = sends(operations.classes.class_progress_csv)
    student_report = sends(operations.classes.student_report)
    comment = sends(operations.classes.comment)
    comments = sends(operations.classes.comments)
    create_assignment = sends(operations.assignments.create_assignment)
    assignments = sends(operations.assignments.assignments)
    assignment = sends(operations.assignments.assignment)
    move_deadline = sends(operations.assignments.move_deadline)
    delete_assignment = sends(operations.assignments.delete_assignment)
    submit_experiment = sends(operations.assignments.submit_experiment)
    submissions = sends(operations.assignments.submissions)
    leaderboard = sends(operations.assignments.leaderboard)
    leaderboard_csv = sends(operations.assignments.leaderboard_csv)
