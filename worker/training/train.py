"""One training, top to bottom: data, network, fit, evaluate, publish."""

import errno
import logging
import shutil

import keras
import tensorflow as tf

from models_store.artifacts import write_manifest
from models_store.errors import StorageFull, Unavailable
from models_store.experiments.log import LOG_FILE
from models_store.experiments.provenance import write_provenance
from models_store.experiments.record import Progress
from models_store.experiments.training_samples import write_samples
from models_store.jobs.failure import Failure, FailureType
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec
from worker.data import AddedSource, DatasetUnavailable, load_splits
from worker.data.uploaded import white_of_upload
from worker.evaluation.evaluate import evaluate
from worker.jobs.channel import Channel
from worker.jobs.messages import (
    Advanced,
    Begun,
    Failed,
    Finished,
    StartingWeights,
    Stopped,
    TrainingJob,
    TrainingResult,
)
from worker.training import checkpoint as checkpoints
from worker.training.compiling import compile_model
from worker.training.ends import Diverged, OutOfTime
from worker.training.export import ExportFailed, export
from worker.training.fit import Fit
from worker.training.imagenet import load_imagenet
from worker.training.job_log import describe_metrics, details, log_to
from worker.training.network import build, with_softmax
from worker.training.precision import choose_policy, copy_in_float32, set_precision
from worker.training.provenance import describe, device_name
from worker.training.replicas import Replicas, TooFewDevices
from worker.training.steps import predict_function
from worker.training.transfer import WeightsUnavailable, transfer_weights

log = logging.getLogger(__name__)


def run(job: TrainingJob, channel: Channel) -> bool:
    """Train and report events; return whether another training may follow in this process. An error is logged with its
    traceback and reported as Failed: another attempt would fail as well. The supervisor notices if the process is
    killed.
    """
    with log_to(job.attempts_folder.parent / LOG_FILE):
        try:
            spec = _spec_of(job)
            # Determinism of operations cannot be turned off again.
            return train(job, spec, channel) and not spec.training.deterministic
        except Exception as error:
            log.exception("experiment %s failed", job.experiment_id)
            shutil.rmtree(job.attempt_folder / "staged", ignore_errors=True)
            channel.report(Failed(failure=_failure(error)))
            return False


def train(job: TrainingJob, spec: ExperimentSpec, channel: Channel) -> bool:
    """Return whether another training may follow: it has finished, or was stopped because other trials are better."""
    if spec.training.deterministic:
        tf.config.experimental.enable_op_determinism()

    splits = load_splits(spec, job.datasets_dir, job.uploaded.folder if job.uploaded else None, _added(job, spec))
    training, validation, test = splits
    counts = (len(split.labels) for split in (training, validation, test))
    details.info("attempt %s: %d training, %d validation, %d test samples", job.attempt_folder.name, *counts)
    write_samples(job.attempt_folder, training.images, training.labels, spec.dataset.facts.classes)
    replicas = Replicas(spec.training.devices)
    with replicas.scope():
        model = build(spec, training.images)
    replicas.synchronize(model)
    checkpoint = checkpoints.latest(job.attempts_folder)
    if checkpoint is None:
        _start(model, job, spec)
    policy = choose_policy(spec, model)
    set_precision(model, policy)
    details.info("%s parameters in %s on %s", f"{model.count_params():,}", policy, _devices(replicas))
    accuracy = compile_model(model, spec, policy, replicas)

    fit = Fit(
        model,
        accuracy,
        training,
        validation,
        spec,
        policy,
        channel,
        save=lambda checkpoint: checkpoints.save(checkpoint, job.attempt_folder),
        checkpoint_seconds=job.checkpoint_seconds,
        replicas=replicas,
    )
    if checkpoint is not None:
        fit.restore(checkpoint)
        details.info("continues in epoch %d, step %d, from a checkpoint", checkpoint.epoch + 1, checkpoint.step)
    channel.report(Begun(points=fit.points, elapsed_seconds=fit.elapsed_seconds))
    reason = fit.run()
    details.info("the training has ended: %s", reason.replace("_", " "))
    if reason == "cancelled" or reason == "shutdown" or reason == "pruned":  # noqa: PLR1714 - so that types are narrowed
        channel.report(Stopped(reason=reason))
        return reason == "pruned"
    published = fit.use_kept_weights()
    replicas.synchronize(model, wanted=False)
    provenance = describe(spec, splits, policy, model.get_weights())

    channel.report(Advanced(progress=Progress(phase="evaluating")))
    served = with_softmax(copy_in_float32(model), spec)
    results = evaluate(predict_function(served), splits, spec.dataset.facts.classes, policy)
    details.info("epoch %d is published: %s", published.epoch + 1, describe_metrics(results.summary("test", "test_")))

    channel.report(Advanced(progress=Progress(phase="exporting")))
    staged = job.attempt_folder / "staged"
    staged.mkdir()
    white = white_of_upload(job.uploaded.folder) if job.uploaded else None
    export(served, spec, validation.images, results.temperature, results.confidence, staged, white)
    results.write(staged, test_hidden=job.test_hidden)
    write_provenance(provenance, staged)
    write_manifest(staged)
    details.info("Keras and ONNX agree; the result is complete")
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
    return True


def _devices(replicas: Replicas) -> str:
    return device_name() if replicas.count == 1 else f"{replicas.count} devices, the first of them {device_name()}"


def _start(model: keras.Model, job: TrainingJob, spec: ExperimentSpec) -> None:
    """Without a checkpoint. Raises WeightsUnavailable."""
    if spec.continue_from is not None:
        raise WeightsUnavailable(
            f"the training state of experiment {spec.continue_from} cannot be read, or was removed; post the "
            "experiment again"
        )
    transferred = job.weights.layers if isinstance(job.weights, StartingWeights) else {}
    load_imagenet(model, spec, job.models_dir, transferred)
    if job.weights is not None:
        transfer_weights(model, job.weights)


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
    if isinstance(error, OSError) and error.errno == errno.EIO:
        return Failure(type="disk_error", message=f"disk error: {error}; check the disk")
    for kind, failure_type, prefix in _FAILURES:
        if isinstance(error, kind):
            return Failure(type=failure_type, message=f"{prefix}{error}")
    return Failure(type="internal", message=f"{type(error).__name__}: {error}")


_FAILURES: tuple[tuple[type[BaseException], FailureType, str], ...] = (
    (StorageFull, "disk_full", ""),
    (Unavailable, "disk_error", "disk error: "),
    (Diverged, "diverged", "diverged: "),
    (DatasetUnavailable, "dataset_unavailable", ""),
    (WeightsUnavailable, "weights_unavailable", ""),
    (TooFewDevices, "devices_unavailable", ""),
    (OutOfTime, "time_budget", "time budget: "),
    (ExportFailed, "export", ""),
    (MemoryError, "out_of_memory", "out of memory: "),
    (tf.errors.ResourceExhaustedError, "out_of_memory", "out of memory: "),
)
