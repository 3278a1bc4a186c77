"""One training, top to bottom: data, network, fit, evaluate, publish."""

import errno
import logging
import shutil
from functools import partial

import tensorflow as tf

from models_store.artifacts import write_manifest
from models_store.errors import StorageFull
from models_store.experiments.record import Failure, FailureType, Progress
from models_store.experiments.training_samples import write_samples
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec
from worker.data import AddedSource, DatasetUnavailable, load_splits
from worker.evaluation.evaluate import evaluate
from worker.jobs.channel import Channel
from worker.jobs.messages import Advanced, Begun, Failed, Finished, Stopped, TrainingJob, TrainingResult
from worker.training import checkpoint as checkpoints
from worker.training.compiling import compile_model
from worker.training.export import ExportFailed, export
from worker.training.fit import Diverged, Fit, OutOfTime
from worker.training.network import build, predict, with_softmax
from worker.training.precision import choose_policy, copy_in_float32, set_precision
from worker.training.transfer import WeightsUnavailable, transfer_weights

log = logging.getLogger(__name__)


def run(job: TrainingJob, channel: Channel) -> None:
    """Train and report events. An error is logged with its traceback and reported as Failed: another attempt would fail
    as well. The supervisor notices if the process is killed.
    """
    try:
        train(job, _spec_of(job), channel)
    except Exception as error:
        log.exception("experiment %s failed", job.experiment_id)
        shutil.rmtree(job.attempt_folder / "staged", ignore_errors=True)
        channel.report(Failed(failure=_failure(error)))


def train(job: TrainingJob, spec: ExperimentSpec, channel: Channel) -> None:
    if spec.training.deterministic:
        tf.config.experimental.enable_op_determinism()

    splits = load_splits(spec, job.datasets_dir, job.uploaded.folder if job.uploaded else None, _added(job, spec))
    training, validation, _ = splits
    write_samples(job.attempt_folder, training.images, training.labels, spec.dataset.facts.classes)
    model = build(spec, training.images)
    checkpoint = checkpoints.latest(job.attempts_folder)
    if checkpoint is None and job.weights is not None:
        transfer_weights(model, job.weights)
    policy = choose_policy(spec, model)
    set_precision(model, policy)
    accuracy = compile_model(model, spec, policy)

    fit = Fit(
        model,
        accuracy,
        training,
        validation,
        spec,
        policy,
        channel,
        save=lambda checkpoint: checkpoints.save(checkpoint, job.attempt_folder),
    )
    if checkpoint is not None:
        fit.restore(checkpoint)
    channel.report(
        Begun(
            points=checkpoint.points if checkpoint else [],
            elapsed_seconds=checkpoint.elapsed_seconds if checkpoint else 0.0,
        )
    )
    reason = fit.run()
    if reason == "cancelled" or reason == "shutdown":  # noqa: PLR1714 - so that types are narrowed
        channel.report(Stopped(reason=reason))
        return
    published = fit.use_kept_weights()

    channel.report(Advanced(progress=Progress(phase="evaluating")))
    served = with_softmax(copy_in_float32(model), spec)
    results = evaluate(partial(predict, served), splits, spec.dataset.facts.classes, policy)

    channel.report(Advanced(progress=Progress(phase="exporting")))
    staged = job.attempt_folder / "staged"
    staged.mkdir()
    export(served, spec, validation.images, results.temperature, results.confidence, staged)
    results.write(staged)
    write_manifest(staged)
    channel.report(
        Finished(
            result=TrainingResult(
                staged=staged,
                stop_reason=reason,
                published=published,
                metrics=results.summary("validation", "val_"),
                test_metrics=results.summary("test"),
            )
        )
    )


def _spec_of(job: TrainingJob) -> ExperimentSpec:
    uploaded = (job.uploaded, *job.added) if job.uploaded else job.added
    known = {**DATASETS, **{each.facts.name: each.facts for each in uploaded}}
    for name in (job.spec.dataset.name, *job.spec.dataset.added_names):
        if name not in known:
            raise DatasetUnavailable(
                f"dataset {name} is no longer in the store; upload it and post the experiment again"
            )
    return job.spec.parse(known)


def _added(job: TrainingJob, spec: ExperimentSpec) -> dict[str, AddedSource]:
    uploaded = {each.facts.name: AddedSource(each.facts, each.folder) for each in job.added}
    return {each.name: uploaded.get(each.name) or AddedSource(DATASETS[each.name]) for each in spec.dataset.add}


def _failure(error: Exception) -> Failure:
    """With a message that begins with what happened."""
    if isinstance(error, OSError) and (error.errno == errno.ENOSPC or "No space left" in str(error)):
        error = StorageFull(f"disk full: {error}; free some space, then post the experiment again")
    for kind, failure_type, prefix in _FAILURES:
        if isinstance(error, kind):
            return Failure(type=failure_type, message=f"{prefix}{error}")
    return Failure(type="internal", message=f"{type(error).__name__}: {error}")


_FAILURES: tuple[tuple[type[BaseException], FailureType, str], ...] = (
    (StorageFull, "disk_full", ""),
    (Diverged, "diverged", "diverged: "),
    (DatasetUnavailable, "dataset_unavailable", ""),
    (WeightsUnavailable, "weights_unavailable", ""),
    (OutOfTime, "time_budget", "time budget: "),
    (ExportFailed, "export", ""),
    (MemoryError, "out_of_memory", "out of memory: "),
    (tf.errors.ResourceExhaustedError, "out_of_memory", "out of memory: "),
)
