"""The client for asyncio."""

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, BinaryIO, Concatenate, ParamSpec, Self, TypeVar, Unpack

import httpx2

from trainyard import operations, transport
from trainyard.answers.datasets import Dataset
from trainyard.answers.evaluations import EvaluationView
from trainyard.answers.events import Change, Event
from trainyard.answers.experiments import Experiment
from trainyard.answers.predictions import BatchLine
from trainyard.answers.sweeps import Sweep
from trainyard.archives import Archive, length_of, open_archive
from trainyard.batch import Batch
from trainyard.client import PIECE_BYTES, POLL_SECONDS
from trainyard.errors import ApiError, NotFound, Unreachable
from trainyard.event_stream import ChangeStream, Connection, EventStream
from trainyard.operations.experiments import Filters
from trainyard.operations.operation import Operation, describe_method
from trainyard.runs import AsyncRuns

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E")


def _sends(define: Callable[P, Operation[T]]) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, T]]:
    """The method that sends an operation. It is defined in a thread, because it may read files."""

    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.send(await asyncio.to_thread(define, *args, **kwargs))

    describe_method(method, define)
    return method


class AsyncClient:
    """As `trainyard.Client`, for asyncio: methods are awaited, `runs`, `events` and `predict_batch` are iterated over
    with `async for`."""

    def __init__(self, base_url: str | None = None, key: str | None = None) -> None:
        self.url = transport.resolve_url(base_url)
        with transport.translate_errors(self.url):
            self._http = httpx2.AsyncClient(**transport.connection_options(self.url, key))

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # -- experiments -------------------------------------------------------------------------------------------------

    submit = _sends(operations.experiments.submit)
    submit_change = _sends(operations.experiments.submit_change)
    submit_repeats = _sends(operations.experiments.submit_repeats)
    continue_training = _sends(operations.experiments.continue_training)
    validate = _sends(operations.experiments.validate)
    page = _sends(operations.experiments.page)
    summaries = _sends(operations.experiments.summaries)
    get = _sends(operations.experiments.get)
    group = _sends(operations.experiments.group)
    history = _sends(operations.experiments.history)
    history_csv = _sends(operations.experiments.history_csv)
    files = _sends(operations.experiments.files)
    log = _sends(operations.experiments.log)
    diagnosis = _sends(operations.experiments.diagnosis)
    compare = _sends(operations.experiments.compare)
    lineage = _sends(operations.experiments.lineage)
    edit = _sends(operations.experiments.edit)
    stop = _sends(operations.experiments.stop)
    cancel = _sends(operations.experiments.cancel)
    retry = _sends(operations.experiments.retry)
    reproduce = _sends(operations.experiments.reproduce)
    reproduction = _sends(operations.experiments.reproduction)
    provenance = _sends(operations.experiments.provenance)
    prune = _sends(operations.experiments.prune)
    delete = _sends(operations.experiments.delete)
    delete_state = _sends(operations.experiments.delete_state)
    presets = _sends(operations.experiments.presets)

    def runs(self, **filters: Unpack[Filters]) -> AsyncRuns:
        """As `Client.runs`."""
        return AsyncRuns(self.send, filters)

    def events(self, experiment_id: str) -> AsyncIterator[Event]:
        """As `Client.events`."""
        return self._follow(EventStream(experiment_id))

    def changes(self, *experiment_ids: str, since: str | None = None) -> AsyncIterator[Change]:
        """As `Client.changes`."""
        return self._follow(ChangeStream(experiment_ids, since))

    async def _follow(self, stream: Connection[E]) -> AsyncIterator[E]:
        while True:
            try:
                async with self._stream(stream.operation()) as source:
                    async for message in source:
                        event = stream.receive(message)
                        if event is not None:
                            yield event
                        if stream.has_ended:
                            return
            except (Unreachable, ApiError) as error:
                stream.lose_connection(error)
            await asyncio.sleep(stream.next_delay())

    async def wait(self, experiment_id: str) -> Experiment:
        """As `Client.wait`."""
        async for _ in self.events(experiment_id):
            pass
        return await self.get(experiment_id)

    # -- sweeps ------------------------------------------------------------------------------------------------------

    start_sweep = _sends(operations.sweeps.start_sweep)
    plan_sweep = _sends(operations.sweeps.plan_sweep)
    sweeps = _sends(operations.sweeps.sweeps)
    sweep = _sends(operations.sweeps.sweep)
    trials_csv = _sends(operations.sweeps.trials_csv)
    edit_sweep = _sends(operations.sweeps.edit_sweep)
    cancel_sweep = _sends(operations.sweeps.cancel_sweep)
    delete_sweep = _sends(operations.sweeps.delete_sweep)
    resume_trial = _sends(operations.sweeps.resume_trial)

    async def wait_for_sweep(self, sweep_id: str) -> Sweep:
        """As `Client.wait_for_sweep`."""
        while not (view := await self.sweep(sweep_id)).has_ended:
            await asyncio.sleep(POLL_SECONDS)
        return view

    # -- evaluations and figures -------------------------------------------------------------------------------------

    evaluation = _sends(operations.evaluations.evaluation)
    misclassified = _sends(operations.evaluations.misclassified)
    misclassified_sheet = _sends(operations.evaluations.misclassified_sheet)
    relabel = _sends(operations.evaluations.relabel)
    evaluate = _sends(operations.evaluations.evaluate)
    evaluation_on = _sends(operations.evaluations.evaluation_on)
    evaluations = _sends(operations.evaluations.evaluations)
    plot = _sends(operations.figures.plot)
    plot_spec = _sends(operations.figures.plot_spec)
    plot_comparison = _sends(operations.figures.plot_comparison)
    plot_sweep = _sends(operations.figures.plot_sweep)
    image = _sends(operations.figures.image)

    async def wait_for_evaluation(self, experiment_id: str, dataset: str) -> EvaluationView:
        """As `Client.wait_for_evaluation`."""
        while not (view := await self.evaluation_on(experiment_id, dataset)).has_ended:
            await asyncio.sleep(POLL_SECONDS)
        return view

    # -- datasets ----------------------------------------------------------------------------------------------------

    datasets = _sends(operations.datasets.datasets)
    dataset = _sends(operations.datasets.dataset)
    add_dataset = _sends(operations.datasets.add_dataset)
    set_dataset_private = _sends(operations.datasets.set_dataset_private)
    hide_test = _sends(operations.datasets.hide_test)
    reveal_test = _sends(operations.datasets.reveal_test)
    delete_dataset = _sends(operations.datasets.delete_dataset)
    samples_sheet = _sends(operations.datasets.samples_sheet)

    async def wait_for_dataset(self, name: str) -> Dataset:
        """As `Client.wait_for_dataset`."""
        while not (view := await self.dataset(name)).is_converted:
            await asyncio.sleep(POLL_SECONDS)
        return view

    # -- models and predictions --------------------------------------------------------------------------------------

    models = _sends(operations.models.models)
    promotions = _sends(operations.models.promotions)
    traffic = _sends(operations.models.traffic)
    best_model = _sends(operations.models.best_model)
    serve = _sends(operations.models.serve)
    predict = _sends(operations.models.predict)
    label = _sends(operations.models.label)

    async def predict_batch(
        self, images: Archive, dataset: str | None = None, experiment: str | None = None, top: int = 3
    ) -> AsyncIterator[BatchLine]:
        """As `Client.predict_batch`."""
        batch = Batch()
        async with self._stream(operations.models.predict_batch(images, dataset, experiment, top)) as response:
            async for line in response.aiter_lines():
                yield batch.receive(line)
        batch.check_complete()

    async def bundle(self, experiment_id: str, target: str | os.PathLike[str]) -> Path:
        """As `Client.bundle`."""
        return await self._download(operations.models.bundle(experiment_id), Path(target))

    async def download(self, experiment_id: str, name: str, target: str | os.PathLike[str]) -> Path:
        """As `Client.download`."""
        return await self._download(operations.experiments.file(experiment_id, name), Path(target))

    async def _download(self, operation: Operation[httpx2.Response], path: Path) -> Path:
        partial = path.with_name(f"{path.name}.part")
        try:
            async with self._stream(operation) as response:
                with await asyncio.to_thread(partial.open, "wb") as file:
                    async for piece in response.aiter_bytes():
                        await asyncio.to_thread(file.write, piece)
            return partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    # -- the service itself ------------------------------------------------------------------------------------------

    workers = _sends(operations.service.workers)
    queue = _sends(operations.service.queue)
    reorder_queue = _sends(operations.service.reorder_queue)
    pause_queue = _sends(operations.service.pause_queue)
    resume_queue = _sends(operations.service.resume_queue)
    disk = _sends(operations.service.disk)
    add_webhook = _sends(operations.webhooks.add_webhook)
    webhooks = _sends(operations.webhooks.webhooks)
    delete_webhook = _sends(operations.webhooks.delete_webhook)
    test_webhook = _sends(operations.webhooks.test_webhook)
    deliveries = _sends(operations.webhooks.deliveries)
    create_key = _sends(operations.keys.create_key)
    keys = _sends(operations.keys.keys)
    own_key = _sends(operations.keys.own_key)
    revoke_key = _sends(operations.keys.revoke_key)
    login = _sends(operations.keys.login)
    finish_sign_in = _sends(operations.keys.finish_sign_in)
    owner = _sends(operations.owners.owner)
    owners = _sends(operations.owners.owners)
    set_quota = _sends(operations.owners.set_quota)
    set_default_privacy = _sends(operations.owners.set_default_privacy)

    # -- classes -----------------------------------------------------------------------------------------------------

    create_class = _sends(operations.classes.create_class)
    classes = _sends(operations.classes.classes)
    school_class = _sends(operations.classes.school_class)
    delete_class = _sends(operations.classes.delete_class)
    add_students = _sends(operations.classes.add_students)
    remove_student = _sends(operations.classes.remove_student)
    replace_student_key = _sends(operations.classes.replace_student_key)
    class_progress = _sends(operations.classes.class_progress)
    class_progress_csv = _sends(operations.classes.class_progress_csv)
    student_report = _sends(operations.classes.student_report)
    comment = _sends(operations.classes.comment)
    comments = _sends(operations.classes.comments)
    create_assignment = _sends(operations.assignments.create_assignment)
    assignments = _sends(operations.assignments.assignments)
    assignment = _sends(operations.assignments.assignment)
    move_deadline = _sends(operations.assignments.move_deadline)
    delete_assignment = _sends(operations.assignments.delete_assignment)
    submit_experiment = _sends(operations.assignments.submit_experiment)
    submissions = _sends(operations.assignments.submissions)
    leaderboard = _sends(operations.assignments.leaderboard)
    leaderboard_csv = _sends(operations.assignments.leaderboard_csv)

    # -- HTTP --------------------------------------------------------------------------------------------------------

    async def send(self, operation: Operation[T]) -> T:
        """As `Client.send`."""
        async with self._request(operation) as options:
            for tries in itertools.count(1):
                with transport.translate_errors(self.url):
                    response = await self._http.request(**options)
                delay = transport.retry_delay(operation, response, tries)
                if delay is None:
                    break
                await asyncio.sleep(delay)
        transport.raise_for_problem(response)
        return operation.read(response)

    @contextlib.asynccontextmanager
    async def _stream(self, operation: Operation[T]) -> AsyncIterator[T]:
        """An answer whose body has not been read. Raises Unreachable, also when the connection breaks later."""
        async with self._request(operation) as options:
            with transport.translate_errors(self.url):
                async with self._http.stream(**options) as response:
                    if not response.is_success:
                        await response.aread()
                    transport.raise_for_problem(response)
                    yield operation.read(response)

    @contextlib.asynccontextmanager
    async def _request(self, operation: Operation[Any]) -> AsyncIterator[dict[str, Any]]:
        """Keyword arguments for a request of httpx2, while its archive is open."""
        options = {
            "method": operation.method,
            "url": f"{self.url}{operation.path}",
            **transport.request_options(operation),
        }
        if operation.archive is None:
            yield options
            return
        if operation.unless is not None:
            with contextlib.suppress(NotFound):
                await self.send(operation.unless)
        with contextlib.ExitStack() as stack:
            file = await asyncio.to_thread(stack.enter_context, open_archive(operation.archive))
            yield {**options, "content": _pieces(file), "headers": transport.archive_headers(length_of(file))}


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece
